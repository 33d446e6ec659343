package funnel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"spiceharvester/shared/infer"
	"spiceharvester/shared/infer/analysis"
	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// needed are the members that a suggestion is made of. The others may be missing: they are
// more than the contract knows, or details.
var needed = map[reflect.Type][]string{
	reflect.TypeFor[analysis.Response](): {"columns", "analysis_metadata"},
	reflect.TypeFor[infer.Analysis]():    {"analyzed_rows"},
	reflect.TypeFor[infer.Column](): {
		"column_name", "inferred_type", "total_count", "non_empty_count", "null_count", "unique_count", "null_ratio", "unique_ratio",
	},
	reflect.TypeFor[infer.Inferred](): {"type", "confidence"},
}

var textNoColumn = problem.Define("funnel.key_candidate", "No column has the name '{name}'", "이름이 '{name}'인 열이 없습니다.")

// readResult reads what analyze answered and a client sends back. The error names
// everything that analyze would not have said.
func readResult(body []byte) (infer.Result, error) {
	v, err := strictjson.Decode(body, "body")
	if err != nil {
		return infer.Result{}, err
	}
	s := shape{needed: needed}
	s.check(v, reflect.TypeFor[analysis.Response](), []any{"body"})
	if err := s.errs.Err(); err != nil {
		return infer.Result{}, err
	}
	var out analysis.Response
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		return infer.Result{}, fmt.Errorf("funnel: a checked body cannot be read: %w", err)
	}
	return out.Result, checkValues(out.Result)
}

// checkValues checks what the types of the members do not say.
func checkValues(r infer.Result) error {
	var errs problem.FieldErrors
	named := map[string]bool{}
	for i, c := range r.Columns {
		named[c.Name] = true
		errs = append(errs, checkColumn(c, []any{"body", "columns", i})...)
	}
	for i, name := range r.KeyCandidates {
		if !named[name] {
			errs = append(errs, problem.InvalidValue([]any{"body", "key_candidates", i}, textNoColumn.With("name", name), name))
		}
	}
	return errs.Err()
}

func checkColumn(c infer.Column, loc []any) problem.FieldErrors {
	var errs problem.FieldErrors
	if _, err := value.ParseType(c.Inferred.Type); err != nil {
		errs = append(errs, problem.InvalidValue(problem.At(loc, "inferred_type", "type"), problem.MessageOf(err), c.Inferred.Type))
	}
	share := func(v float64, path ...any) {
		switch {
		case v < 0:
			errs = append(errs, problem.TooSmall(problem.At(loc, path...), 0, v))
		case v > 1:
			errs = append(errs, problem.TooBig(problem.At(loc, path...), 1, v))
		}
	}
	count := func(n int64, name string) {
		if n < 0 {
			errs = append(errs, problem.TooSmall(problem.At(loc, name), 0, n))
		}
	}
	share(c.Inferred.Confidence, "inferred_type", "confidence")
	share(c.NullRatio, "null_ratio")
	share(c.UniqueRatio, "unique_ratio")
	count(c.TotalCount, "total_count")
	count(c.NonEmptyCount, "non_empty_count")
	count(c.NullCount, "null_count")
	count(c.UniqueCount, "unique_count")
	return errs
}
