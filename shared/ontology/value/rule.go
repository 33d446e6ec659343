package value

import (
	"slices"

	"spiceharvester/shared/problem"
)

// Rule is a type with its constraints, ready to check values. It holds no state and may
// be used by many goroutines.
type Rule struct {
	typ        Type
	normalize  normalizer
	checks     []check
	options    []*Rule
	unenforced []string
}

// check looks at a value in normal form.
type check func(v any) *fault

// Compile prepares a type with its constraints. Loc is where the constraints stand in
// the request; the errors name the constraints that cannot be understood.
func Compile(t Type, constraints map[string]any, loc []any) (*Rule, problem.FieldErrors) {
	if len(t.options) > 0 {
		return compileUnion(t, constraints, loc)
	}
	p := &params{typ: t, raw: constraints, used: map[string]bool{}, loc: loc}
	r := &Rule{typ: t, normalize: t.spec.build(p)}
	r.checks = generalChecks(p, r.normalize)
	r.unenforced = p.unused()
	return r, p.errs
}

func compileUnion(t Type, constraints map[string]any, loc []any) (*Rule, problem.FieldErrors) {
	r := &Rule{typ: t}
	p := &params{typ: t, raw: constraints, used: map[string]bool{}, loc: loc}
	errs := p.errs
	for _, option := range t.options {
		rule, bad := Compile(option, nil, loc)
		errs = append(errs, bad...)
		r.options = append(r.options, rule)
	}
	r.unenforced = p.unused()
	return r, errs
}

// Type returns the type that the rule was made for.
func (r *Rule) Type() Type { return r.typ }

// Unenforced returns the constraints that nothing checks, sorted.
func (r *Rule) Unenforced() []string { return slices.Clone(r.unenforced) }

// Normalize checks a value and returns its normal form: the one JSON value in which it
// is stored. Null is a value only of optional<T>. The errors name the place below loc.
func (r *Rule) Normalize(v any, loc []any) (any, problem.FieldErrors) {
	if v == nil && r.typ.optional {
		return nil, nil
	}
	if len(r.options) > 0 {
		for _, option := range r.options {
			if out, errs := option.Normalize(v, loc); len(errs) == 0 {
				return out, nil
			}
		}
		return nil, problem.FieldErrors{problem.InvalidValue(problem.At(loc), textUnion.With("type", r.typ.String()), v)}
	}
	out, errs := r.normalize(v, loc)
	if len(errs) > 0 {
		return nil, errs
	}
	for _, c := range r.checks {
		if bad := c(out); bad != nil {
			errs = append(errs, bad.at(loc, v)...)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}
