package problem

import "strings"

// objectifyEntries is the catalogue of the objectify worker. Its keys are lower case
// and stand in "legacy_code" as they are; none of them may be retried.
var objectifyEntries = map[Code]Entry{
	"dataset_not_found":             {"DAT-NOT-0001", "data", "not_found", SeverityError, "Dataset not found", 404, CategoryObjectify},
	"dataset_db_name_mismatch":      {"DAT-CON-0001", "data", "conflict", SeverityError, "Dataset belongs to another database", 409, CategoryObjectify},
	"dataset_version_mismatch":      {"DAT-CON-0002", "data", "conflict", SeverityError, "Version belongs to another dataset", 409, CategoryObjectify},
	"objectify_input_conflict":      {"OBJ-CON-0001", "objectify", "conflict", SeverityError, "Two inputs given", 409, CategoryObjectify},
	"objectify_input_missing":       {"OBJ-VAL-0001", "objectify", "validation", SeverityError, "No input given", 400, CategoryObjectify},
	"artifact_key_missing":          {"PIP-VAL-0001", "pipeline", "validation", SeverityError, "Artifact key missing", 400, CategoryObjectify},
	"artifact_key_mismatch":         {"PIP-CON-0001", "pipeline", "conflict", SeverityError, "Artifact key differs", 409, CategoryObjectify},
	"mapping_spec_not_found":        {"MAP-NOT-0001", "mapping", "not_found", SeverityError, "Mapping spec not found", 404, CategoryObjectify},
	"mapping_spec_dataset_mismatch": {"MAP-CON-0001", "mapping", "conflict", SeverityError, "Mapping spec is for another dataset", 409, CategoryObjectify},
	"mapping_spec_version_mismatch": {"MAP-CON-0002", "mapping", "conflict", SeverityError, "Mapping spec version differs", 409, CategoryObjectify},
	"artifact_not_found":            {"PIP-NOT-0001", "pipeline", "not_found", SeverityError, "Artifact not found", 404, CategoryObjectify},
	"artifact_not_success":          {"PIP-STA-0001", "pipeline", "state", SeverityError, "Artifact build did not succeed", 409, CategoryObjectify},
	"artifact_not_build":            {"PIP-STA-0002", "pipeline", "state", SeverityError, "Artifact is not a build", 409, CategoryObjectify},
	"artifact_outputs_missing":      {"PIP-VAL-0002", "pipeline", "validation", SeverityError, "Artifact has no outputs", 400, CategoryObjectify},
	"artifact_output_name_required": {"PIP-VAL-0003", "pipeline", "validation", SeverityError, "Artifact output name missing", 400, CategoryObjectify},
	"artifact_output_name_missing":  {"PIP-VAL-0003", "pipeline", "validation", SeverityError, "Artifact output name missing", 400, CategoryObjectify},
	"artifact_output_not_found":     {"PIP-NOT-0002", "pipeline", "not_found", SeverityError, "Artifact output not found", 404, CategoryObjectify},
	"artifact_output_ambiguous":     {"PIP-CON-0002", "pipeline", "conflict", SeverityError, "Artifact output is ambiguous", 409, CategoryObjectify},
	"validation_failed":             {"DAT-VAL-0001", "data", "validation", SeverityError, "Data validation failed", 422, CategoryObjectify},
	"no_rows_loaded":                {"DAT-VAL-0002", "data", "validation", SeverityError, "No rows loaded", 422, CategoryObjectify},
	"no_valid_instances":            {"DAT-VAL-0003", "data", "validation", SeverityError, "No valid instances", 422, CategoryObjectify},
}

// Objectify returns the problem that an objectify key names. The key is what stands
// before the first ":" or "(" of the reason. An unknown key is an internal error.
func Objectify(reason string, msg Message) *Problem {
	key := reason
	if i := strings.IndexAny(key, ":("); i >= 0 {
		key = key[:i]
	}
	code := Code(strings.TrimSpace(key))
	e, ok := objectifyEntries[code]
	if !ok {
		return Internal(msg)
	}
	return &Problem{Status: e.Status, Code: code, Category: e.Category, Message: msg}
}
