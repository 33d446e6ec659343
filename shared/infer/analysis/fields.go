package analysis

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"spiceharvester/shared/problem"
)

// fields takes the members of a body one by one and notes what is wrong with them. Null
// counts as absent.
type fields struct {
	object map[string]any
	taken  []string
	errs   problem.FieldErrors
}

func (f *fields) take(name string) any {
	f.taken = append(f.taken, name)
	return f.object[name]
}

func (f *fields) wrong(typ string, v any, loc ...any) {
	f.errs = append(f.errs, problem.WrongType(typ, problem.At([]any{"body"}, loc...), v))
}

// full reports whether an answer would not hold more mistakes: a table may have a million.
func (f *fields) full() bool { return len(f.errs) >= problem.MaxFieldErrors }

// list reads a list that must be there.
func (f *fields) list(name string) []any {
	v := f.take(name)
	list, ok := v.([]any)
	switch {
	case v == nil:
		f.errs = append(f.errs, problem.Missing([]any{"body", name}))
	case !ok:
		f.wrong(problem.TypeList, v, name)
	}
	return list
}

func (f *fields) texts(name string) []string {
	list := f.list(name)
	out := make([]string, len(list))
	for i, v := range list {
		text, ok := v.(string)
		if !ok {
			f.wrong(problem.TypeString, v, name, i)
		}
		if f.full() {
			return nil
		}
		out[i] = text
	}
	return out
}

func (f *fields) rows(name string) [][]any {
	list := f.list(name)
	out := make([][]any, len(list))
	for i, v := range list {
		row, ok := v.([]any)
		if !ok {
			f.wrong(problem.TypeList, v, name, i)
		}
		if f.full() {
			return nil
		}
		out[i] = row
	}
	return out
}

func (f *fields) flag(name string) bool {
	v := f.take(name)
	b, ok := v.(bool)
	if v != nil && !ok {
		f.wrong(problem.TypeBool, v, name)
	}
	return b
}

// atLeastOne reads a whole number of at least 1.
func (f *fields) atLeastOne(name string, otherwise int) int {
	v := f.take(name)
	if v == nil {
		return otherwise
	}
	number, ok := v.(json.Number)
	n, err := strconv.Atoi(number.String())
	switch {
	case !ok || err != nil:
		f.wrong(problem.TypeInt, v, name)
	case n < 1:
		f.errs = append(f.errs, problem.TooSmall([]any{"body", name}, 1, n))
	}
	return n
}

// others are the members that nobody took and that are allowed; it notes all the rest.
func (f *fields) others(allowed []string) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(f.object)) {
		switch {
		case slices.Contains(f.taken, name):
		case slices.Contains(allowed, name):
			out[name] = f.object[name]
		default:
			f.errs = append(f.errs, problem.Unexpected([]any{"body", name}))
		}
	}
	return out
}
