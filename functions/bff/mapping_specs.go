package bff

import (
	"net/http"

	"github.com/google/uuid"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

var (
	textSpecMade = problem.Define("mapping.created", "Mapping spec version {version} of '{class}'.", "'{class}' 매핑 명세 버전 {version}입니다.")
	textSpecs    = problem.Define("mapping.listed", "{count} mapping specs.", "매핑 명세 {count}개를 조회했습니다.")
	textStatus   = problem.Define("mapping.status", "status must be ACTIVE or INACTIVE.", "status는 ACTIVE 또는 INACTIVE여야 합니다.")
)

// createSpec answers POST /objectify/mapping-specs.
func (f *Function) createSpec(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	caller := r.Caller("mapping-spec")
	if err := r.Check(); err != nil {
		return nil, err
	}
	s, err := specOf(body)
	if err != nil {
		return nil, err
	}
	d, err := f.ingest.Store.Get(r.Context(), s.Dataset)
	if err != nil {
		return nil, err
	}
	if d.LatestVersion == nil {
		return nil, objectify.NoVersion()
	}
	v, err := f.ingest.Store.Version(r.Context(), d.ID, *d.LatestVersion)
	if err != nil {
		return nil, err
	}
	columns, err := v.Columns()
	if err != nil {
		return nil, problem.Internal(err)
	}
	s.Database, s.Branch = d.Database, d.Branch
	if s.Output == "" {
		s.Output = d.Name
	}
	if s.SchemaHash == "" {
		s.SchemaHash = v.SchemaHash
	}
	if err := objectify.CheckSchema(s, v); err != nil {
		return nil, err
	}
	schemas := f.core.Classes.Schemas(d.Database, d.Branch)
	class, err := schemas(r.Context(), s.Class)
	if err != nil {
		return nil, err
	}
	if _, err := s.Compile(r.Context(), columns, class, schemas); err != nil {
		return nil, err
	}
	s, err = f.objectify.AddSpec(r.Context(), s, caller.Actor)
	if err != nil {
		return nil, err
	}
	f.wake.objectifyOutbox()
	resp := httpapi.Success(r, textSpecMade.With("version", s.Version, "class", s.Class), map[string]any{"mapping_spec": s})
	resp.Status = http.StatusCreated
	return resp, nil
}

// specOf reads the body of a mapping spec, with every mistake named.
func specOf(body map[string]any) (s objectify.Spec, err error) {
	var errs problem.FieldErrors
	add := func(err error) { errs = append(errs, problem.FieldErrorsOf(err)...) }
	text := func(name string, required bool) string {
		v, err := core.Text(body, name, required)
		add(err)
		return v
	}
	add(core.Known(body, "dataset_id", "dataset_branch", "artifact_output_name", "schema_hash", "target_class_id", "mappings", "target_field_types", "status", "auto_sync", "options"))
	if v := text("dataset_id", true); v != "" {
		if s.Dataset, err = uuid.Parse(v); err != nil {
			errs = append(errs, problem.InvalidValue([]any{"body", "dataset_id"}, textUUID.With(), v))
		}
	}
	s.Class, s.Output, s.SchemaHash = text("target_class_id", true), text("artifact_output_name", false), text("schema_hash", false)
	if s.Class != "" {
		if err := ontology.CheckClassID(s.Class); err != nil {
			errs = append(errs, problem.InvalidValue([]any{"body", "target_class_id"}, problem.MessageOf(err), s.Class))
		}
	}
	if s.Status = text("status", false); s.Status == "" {
		s.Status = objectify.Active
	}
	if s.Status != objectify.Active && s.Status != objectify.Inactive {
		errs = append(errs, problem.InvalidValue([]any{"body", "status"}, textStatus.With(), s.Status))
	}
	if branch := text("dataset_branch", false); branch != "" && branch != ontology.MainBranch {
		return s, problem.NotFound(problem.KindBranch, branch)
	}
	s.AutoSync = true
	switch v := body["auto_sync"].(type) {
	case nil:
	case bool:
		s.AutoSync = v
	default:
		errs = append(errs, problem.WrongType(problem.TypeBool, []any{"body", "auto_sync"}, v))
	}
	var objectErr error
	if s.Options, objectErr = core.Object(body, "options", false); objectErr != nil {
		add(objectErr)
	} else {
		add(checkOptions(s.Options, "body", "options"))
	}
	if _, err := core.Object(body, "target_field_types", false); err != nil {
		add(err)
	}
	list, listErr := core.List(body, "mappings")
	add(listErr)
	for i, item := range list {
		m, itemErrs := mappingOf(item, "body", "mappings", i)
		errs = append(errs, itemErrs...)
		s.Mappings = append(s.Mappings, m)
	}
	return s, errs.Err()
}

// mappingOf reads one mapping: source_field, or source_fields for a link.
func mappingOf(item any, loc ...any) (m objectify.Mapping, errs problem.FieldErrors) {
	obj, ok := item.(map[string]any)
	if !ok {
		return m, problem.FieldErrors{problem.WrongType(problem.TypeDict, loc, item)}
	}
	for name, v := range obj {
		at := problem.At(loc, name)
		text, isText := v.(string)
		switch {
		case name == "source_fields":
			list, ok := v.([]any)
			if !ok {
				errs = append(errs, problem.WrongType(problem.TypeList, at, v))
			}
			for i, source := range list {
				column, ok := source.(string)
				if !ok {
					errs = append(errs, problem.WrongType(problem.TypeString, problem.At(at, i), source))
				}
				m.SourceFields = append(m.SourceFields, column)
			}
		case name != "source_field" && name != "target_field":
			errs = append(errs, problem.Unexpected(at))
		case !isText:
			errs = append(errs, problem.WrongType(problem.TypeString, at, v))
		case name == "source_field":
			m.SourceField = text
		default:
			m.TargetField = text
		}
	}
	if m.TargetField == "" {
		errs = append(errs, problem.Missing(problem.At(loc, "target_field")))
	}
	if (m.SourceField == "") == (len(m.SourceFields) == 0) {
		errs = append(errs, problem.Missing(problem.At(loc, "source_field")))
	}
	return m, errs
}

func (f *Function) listSpecs(r *httpapi.Request) (*httpapi.Response, error) {
	var dataset uuid.UUID
	if text := r.Query("dataset_id", ""); text != "" {
		var err error
		if dataset, err = uuid.Parse(text); err != nil {
			return nil, problem.InvalidParameter([]any{"query", "dataset_id"}, textUUID.With(), text)
		}
	}
	inactive, _ := httpapi.Switch(r.Query("include_inactive", "false"))
	list, err := f.objectify.Specs(r.Context(), dataset, inactive)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textSpecs.With("count", len(list)), map[string]any{"mapping_specs": list, "count": len(list)}), nil
}
