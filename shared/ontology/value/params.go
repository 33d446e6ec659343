package value

import (
	"encoding/json"
	"slices"
	"strconv"

	"spiceharvester/shared/problem"
)

// params reads the constraints of a property. It notes which keys are used, so that
// those which nothing enforces can be told, and what is wrong with the others.
type params struct {
	typ  Type
	raw  map[string]any
	used map[string]bool
	loc  []any
	errs problem.FieldErrors
	// ignorePattern is set by a type whose own form stands before "pattern".
	ignorePattern bool
}

func (p *params) take(keys ...string) (string, any) {
	found, value := "", any(nil)
	for _, key := range keys {
		p.used[key] = true
		if v, ok := p.raw[key]; ok && v != nil && found == "" {
			found, value = key, v
		}
	}
	return found, value
}

func (p *params) wrong(typ, key string, v any) {
	p.errs = append(p.errs, problem.WrongType(typ, problem.At(p.loc, key), v))
}

// text returns a string constraint, or "".
func (p *params) text(keys ...string) string {
	key, v := p.take(keys...)
	s, ok := v.(string)
	if v != nil && !ok {
		p.wrong(problem.TypeString, key, v)
	}
	return s
}

// flag returns a boolean constraint.
func (p *params) flag(key string, otherwise bool) bool {
	_, v := p.take(key)
	b, ok := v.(bool)
	if v == nil {
		return otherwise
	}
	if !ok {
		p.wrong(problem.TypeBool, key, v)
	}
	return b
}

// texts returns a list of strings; a single string is a list of one.
func (p *params) texts(key string) []string {
	_, v := p.take(key)
	switch v := v.(type) {
	case nil:
	case string:
		return []string{v}
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				p.wrong(problem.TypeList, key, v)
				return nil
			}
			out = append(out, s)
		}
		return out
	default:
		p.wrong(problem.TypeList, key, v)
	}
	return nil
}

// number returns a numeric constraint and its key.
func (p *params) number(keys ...string) (key string, d decimal, ok bool) {
	key, v := p.take(keys...)
	n, isNumber := v.(json.Number)
	if v == nil {
		return "", decimal{}, false
	}
	if !isNumber {
		p.wrong(problem.TypeFloat, key, v)
		return "", decimal{}, false
	}
	return key, parseDecimal(n.String()), true
}

// count returns a whole number of at least zero.
func (p *params) count(keys ...string) (n int, ok bool) {
	key, v := p.take(keys...)
	if v == nil {
		return 0, false
	}
	num, isNumber := v.(json.Number)
	if isNumber {
		if n, err := strconv.Atoi(num.String()); err == nil && n >= 0 {
			return n, true
		}
	}
	p.wrong(problem.TypeInt, key, v)
	return 0, false
}

// unused returns the keys that nothing read, sorted.
func (p *params) unused() []string {
	var keys []string
	for key := range p.raw {
		if !p.used[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// fault is what is wrong with a scalar.
type fault struct {
	typ string
	msg problem.Message
}

func invalid(text *problem.Text, pairs ...any) *fault {
	return &fault{problem.TypeValue, text.With(pairs...)}
}

func wrongType(typ string) *fault {
	return &fault{typ, problem.WrongType(typ, nil, nil).Msg}
}

func (f *fault) at(loc []any, v any) problem.FieldErrors {
	return problem.FieldErrors{problem.NewFieldError(f.typ, problem.At(loc), f.msg, v)}
}

// scalar makes a normalizer of a function that knows nothing of places.
func scalar(f func(v any) (any, *fault)) normalizer {
	return func(v any, loc []any) (any, problem.FieldErrors) {
		out, bad := f(v)
		if bad != nil {
			return nil, bad.at(loc, v)
		}
		return out, nil
	}
}

// simple is the build function of a type without constraints of its own.
func simple(f func(v any) (any, *fault)) func(*params) normalizer {
	return func(*params) normalizer { return scalar(f) }
}

func anyValue(v any) (any, *fault) { return v, nil }
