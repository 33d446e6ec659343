package instance

import (
	"maps"
	"slices"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

var (
	textAbstract = problem.Define("instance.abstract", "'{class}' is abstract: it has no instances", "'{class}' 클래스는 추상 클래스이므로 인스턴스를 만들 수 없습니다.")
	textUnknown  = problem.Define("instance.unknown_field", "'{class}' has no property or relationship '{name}'", "'{class}' 클래스에 '{name}' 속성이나 관계가 없습니다.")
	textSameRow  = problem.Define("instance.same_row", "Row {row} of this command has the same ID: '{id}'", "이 명령의 {row}번째 행과 ID가 같습니다: '{id}'")
)

// Instance is an instance in normal form.
type Instance struct {
	ID string
	// Data is the whole payload: properties in the normal form of their type, links as
	// Class/id or a list of these. What is null is absent.
	Data map[string]any
	// Links repeats the links, so that a reader of the facts needs no class.
	Links []Link
}

// Create makes an instance of a payload: it checks every field against the class, fills
// in defaults and finds the id (see [KeyID] and [GeneratedID]). The errors name the
// fields below loc, for example body.data.price. The payload is not changed.
//
// Strings may hold any text that JSON can say, NUL included; only keys and ids must be
// without control characters.
func Create(s *ontology.Schema, payload map[string]any, commandID string, row int, loc ...any) (Instance, problem.FieldErrors) {
	if s.Class.Abstract {
		return Instance{}, problem.FieldErrors{problem.InvalidValue(loc, textAbstract.With("class", s.Class.ID), nil)}
	}
	data := map[string]any{}
	var errs problem.FieldErrors
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		v, bad := normalizeField(s, name, payload[name], problem.At(loc, name))
		errs = append(errs, bad...)
		if v != nil {
			data[name] = v
		}
	}
	for _, p := range s.Class.Properties {
		if v, ok := s.Default(p.Name); ok && payload[p.Name] == nil {
			data[p.Name] = v
		}
	}
	if len(errs) > 0 {
		// A field that is wrong is not also missing.
		return Instance{}, append(errs, missing(s, payload, loc)...)
	}
	errs = missing(s, data, loc)
	id, bad := identify(s, data, commandID, row, loc)
	errs = append(errs, withoutDoubles(bad, errs)...)
	if len(errs) > 0 {
		return Instance{}, errs
	}
	return Instance{ID: id, Data: data, Links: linksOf(s, data)}, nil
}

// normalizeField checks one field. Nil without errors means that it is absent.
func normalizeField(s *ontology.Schema, name string, v any, loc []any) (any, problem.FieldErrors) {
	if rule, ok := s.Rule(name); ok {
		if v == nil {
			return nil, nil
		}
		return rule.Normalize(v, loc)
	}
	if r, ok := s.Relationship(name); ok {
		if v == nil {
			return nil, nil
		}
		return normalizeLink(s, r, v, loc)
	}
	return nil, problem.FieldErrors{{Type: problem.TypeExtra, Loc: loc, Msg: textUnknown.With("class", s.Class.ID, "name", name)}}
}

// missing names the required properties and links that have no value. Null is no value, and a
// default is one.
func missing(s *ontology.Schema, data map[string]any, loc []any) problem.FieldErrors {
	var errs problem.FieldErrors
	for _, p := range s.Class.Properties {
		_, hasDefault := s.Default(p.Name)
		if p.IsRequired() && data[p.Name] == nil && !hasDefault {
			errs = append(errs, problem.Missing(problem.At(loc, p.Name)))
		}
	}
	for _, r := range s.Class.Relationships {
		if r.Required && data[r.Predicate] == nil {
			errs = append(errs, problem.Missing(problem.At(loc, r.Predicate)))
		}
	}
	return errs
}

// withoutDoubles leaves out errors about places that are reported already.
func withoutDoubles(errs, reported problem.FieldErrors) problem.FieldErrors {
	return slices.DeleteFunc(errs, func(e problem.FieldError) bool {
		return slices.ContainsFunc(reported, func(r problem.FieldError) bool { return problem.Path(r.Loc) == problem.Path(e.Loc) })
	})
}

// Row is the result for one row of a bulk command: an instance, or why it was refused.
type Row struct {
	Instance Instance
	Errors   problem.FieldErrors
}

// CreateRows makes an instance of each row. Rows of one command with the same id are
// refused but for the first. Loc leads to the list; a row's position follows it.
func CreateRows(s *ontology.Schema, rows []any, commandID string, loc ...any) []Row {
	out := make([]Row, len(rows))
	first := map[string]int{}
	for i, item := range rows {
		at := problem.At(loc, i)
		payload, ok := item.(map[string]any)
		if !ok {
			out[i].Errors = problem.FieldErrors{problem.WrongType(problem.TypeDict, at, item)}
			continue
		}
		inst, errs := Create(s, payload, commandID, i, at...)
		if row, twice := first[inst.ID]; len(errs) == 0 && twice {
			errs = problem.FieldErrors{SameRow(at, row, inst.ID)}
		}
		if len(errs) > 0 {
			out[i].Errors = errs
			continue
		}
		first[inst.ID] = i
		out[i].Instance = inst
	}
	return out
}

// SameRow is a row of a command, at loc, with the id of an earlier row.
func SameRow(loc []any, row int, id string) problem.FieldError {
	return problem.InvalidValue(loc, textSameRow.With("row", row, "id", id), nil)
}
