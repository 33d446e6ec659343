package instance

import (
	"maps"
	"slices"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Restore checks an older state of the instance id against the class as it is now:
// every field must fit, what is required must be there (a default does for it) and the
// key must still give the id. Fields that were absent stay absent. Nothing is changed
// but the form of values.
func Restore(s *ontology.Schema, id string, older map[string]any, loc ...any) (Instance, problem.FieldErrors) {
	if s.Class.Abstract {
		return Instance{}, problem.FieldErrors{problem.InvalidValue(loc, textAbstract.With("class", s.Class.ID), nil)}
	}
	data := map[string]any{}
	var errs problem.FieldErrors
	for _, name := range slices.Sorted(maps.Keys(older)) {
		v, bad := normalizeField(s, name, older[name], problem.At(loc, name))
		errs = append(errs, bad...)
		if v != nil {
			data[name] = v
		}
	}
	for _, p := range s.Class.Properties {
		if v, ok := s.Default(p.Name); ok && p.IsRequired() && data[p.Name] == nil {
			data[p.Name] = v
		}
	}
	errs = append(errs, withoutDoubles(missing(s, data, loc), errs)...)
	if key := s.Key(); len(errs) == 0 && len(key) > 0 {
		now, bad := KeyID(key, data, loc...)
		if errs = bad; len(bad) == 0 && now != id {
			errs.AddValue(problem.TypeFrozen, problem.At(loc, key[0]), textFrozen.With("id", id), older[key[0]])
		}
	}
	if len(errs) > 0 {
		return Instance{}, errs
	}
	return Instance{ID: id, Data: data, Links: linksOf(s, data)}, nil
}
