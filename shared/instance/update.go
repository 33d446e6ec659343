package instance

import (
	"maps"
	"slices"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

var textFrozen = problem.Define("instance.frozen", "Field is frozen: it is part of the identity of '{id}'", "'{id}' 인스턴스의 식별자이므로 바꿀 수 없습니다.")

// Update applies a merge patch (RFC 7396) to the state of an instance: null removes a
// field, an object is merged into an object, anything else replaces. Only fields that
// the patch touches are checked, so an instance that was stored under an older class can
// still be changed; required properties must be there afterwards, and the key must not
// change. It reports whether anything changed. State and patch are left as they are.
func Update(s *ontology.Schema, id string, state, patch map[string]any, loc ...any) (inst Instance, changed bool, errs problem.FieldErrors) {
	data := maps.Clone(state)
	if data == nil {
		data = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		merged := mergePatch(state[name], patch[name])
		if _, stale := state[name]; stale && merged == nil {
			delete(data, name) // also a field that the class has no more
			continue
		}
		v, bad := normalizeField(s, name, merged, problem.At(loc, name))
		errs = append(errs, bad...)
		if data[name] = v; v == nil {
			delete(data, name)
		}
	}
	errs = append(errs, withoutDoubles(frozenFields(s, id, state, data, patch, loc), errs)...)
	if len(errs) == 0 {
		errs = missing(s, data, loc)
	}
	if len(errs) > 0 {
		return Instance{}, false, errs
	}
	return Instance{ID: id, Data: data, Links: linksOf(s, data)}, !Equal(state, data), nil
}

// frozenFields names the key fields that a patch would change.
func frozenFields(s *ontology.Schema, id string, state, data, patch map[string]any, loc []any) problem.FieldErrors {
	var errs problem.FieldErrors
	key := s.Key()
	if len(key) == 0 {
		return nil // the id was generated
	}
	if now, bad := KeyID(key, data); len(bad) == 0 && now == id {
		return nil
	}
	for _, name := range key {
		if _, touched := patch[name]; touched && !strictjson.Equal(state[name], data[name]) {
			errs.AddValue(problem.TypeFrozen, problem.At(loc, name), textFrozen.With("id", id), patch[name])
		}
	}
	return errs
}

// mergePatch is the algorithm of RFC 7396. It copies what it changes.
func mergePatch(target, patch any) any {
	fields, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	old, _ := target.(map[string]any)
	out := maps.Clone(old)
	if out == nil {
		out = map[string]any{}
	}
	for name, v := range fields {
		if v == nil {
			delete(out, name)
		} else {
			out[name] = mergePatch(out[name], v)
		}
	}
	return out
}

// Equal reports whether two payloads are the same: the order of keys does not matter,
// the text of a number does.
func Equal(a, b map[string]any) bool {
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	return strictjson.Equal(a, b)
}
