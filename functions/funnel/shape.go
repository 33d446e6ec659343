package funnel

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/problem"
)

// shape compares decoded JSON with the Go type that it shall be read into, and notes each
// member that is missing, unknown or of another type. The decoder of encoding/json would
// stop at the first one and not say in which item of a list it stands.
type shape struct {
	// needed are the members that must be there, by the type that has them.
	needed map[reflect.Type][]string
	errs   problem.FieldErrors
}

// check compares a value. It ends when an answer would not hold more mistakes.
func (s *shape) check(v any, t reflect.Type, loc []any) {
	if len(s.errs) >= problem.MaxFieldErrors {
		return
	}
	number, isNumber := v.(json.Number)
	switch t.Kind() {
	case reflect.Pointer:
		s.check(v, t.Elem(), loc)
	case reflect.Struct:
		s.object(v, t, loc)
	case reflect.Map:
		object, ok := v.(map[string]any)
		s.want(ok, problem.TypeDict, v, loc)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			s.check(object[name], t.Elem(), problem.At(loc, name))
		}
	case reflect.Slice:
		list, ok := v.([]any)
		s.want(ok, problem.TypeList, v, loc)
		for i, item := range list {
			s.check(item, t.Elem(), problem.At(loc, i))
		}
	case reflect.Bool:
		_, ok := v.(bool)
		s.want(ok, problem.TypeBool, v, loc)
	case reflect.Int, reflect.Int64:
		_, err := strconv.ParseInt(number.String(), 10, 64)
		s.want(isNumber && err == nil, problem.TypeInt, v, loc)
	case reflect.Float64:
		_, err := strconv.ParseFloat(number.String(), 64)
		s.want(isNumber && err == nil, problem.TypeFloat, v, loc)
	case reflect.String:
		if t == reflect.TypeFor[json.Number]() {
			s.want(isNumber, problem.TypeFloat, v, loc)
			break
		}
		_, ok := v.(string)
		s.want(ok, problem.TypeString, v, loc)
	}
}

func (s *shape) want(ok bool, typ string, v any, loc []any) {
	if !ok {
		s.errs = append(s.errs, problem.WrongType(typ, loc, v))
	}
}

// object checks the members of an object. Null counts as absent.
func (s *shape) object(v any, t reflect.Type, loc []any) {
	object, ok := v.(map[string]any)
	if !ok {
		s.want(false, problem.TypeDict, v, loc)
		return
	}
	known := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			known[name] = field.Type
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		member, isKnown := known[name]
		switch {
		case !isKnown:
			s.errs = append(s.errs, problem.Unexpected(problem.At(loc, name)))
		case object[name] != nil:
			s.check(object[name], member, problem.At(loc, name))
		}
	}
	for _, name := range s.needed[t] {
		if object[name] == nil {
			s.errs = append(s.errs, problem.Missing(problem.At(loc, name)))
		}
	}
}
