package ontology

import (
	"maps"
	"slices"

	"spiceharvester/shared/problem"
)

// reader takes the members of a JSON object one by one and notes what is wrong with
// them. Null counts as absent.
type reader struct {
	obj  map[string]any
	loc  []any
	errs *problem.FieldErrors
	seen map[string]bool
}

func newReader(obj map[string]any, loc []any, errs *problem.FieldErrors) *reader {
	return &reader{obj: obj, loc: loc, errs: errs, seen: map[string]bool{}}
}

func (r *reader) at(key string) []any { return problem.At(r.loc, key) }

func (r *reader) take(key string) any {
	r.seen[key] = true
	return r.obj[key]
}

// sent reports whether a member is there, null included.
func (r *reader) sent(key string) bool {
	_, ok := r.obj[key]
	return ok
}

func read[T any](r *reader, key, typ string) (T, bool) {
	v := r.take(key)
	out, ok := v.(T)
	if v != nil && !ok {
		*r.errs = append(*r.errs, problem.WrongType(typ, r.at(key), v))
	}
	return out, ok
}

func (r *reader) text(key string) (string, bool) { return read[string](r, key, problem.TypeString) }

// needed reads a text that must be there.
func (r *reader) needed(key string) string {
	text, ok := r.text(key)
	if !ok && r.obj[key] == nil {
		*r.errs = append(*r.errs, problem.Missing(r.at(key)))
	}
	return text
}

func (r *reader) flag(key string) bool { b, _ := read[bool](r, key, problem.TypeBool); return b }

func (r *reader) list(key string) []any { l, _ := read[[]any](r, key, problem.TypeList); return l }

func (r *reader) object(key string) map[string]any {
	m, _ := read[map[string]any](r, key, problem.TypeDict)
	return m
}

// withTranslations is a localised text as it was sent. A text in one language may have
// all of them beside it, as reads answer it: it then stands in the place of its language.
func (r *reader) withTranslations(key string) any {
	v, all := r.take(key), r.object(key+"_i18n")
	text, isText := v.(string)
	if !isText || len(all) == 0 {
		return v
	}
	out := maps.Clone(all)
	for lang, text := range Localize(text) {
		out[lang] = text
	}
	return out
}

// localized reads a localised text.
func (r *reader) localized(key string, strict bool) Localized {
	v := r.withTranslations(key)
	if v == nil {
		return nil
	}
	patch, errs := parseLocalized(v, strict, r.at(key))
	*r.errs = append(*r.errs, errs...)
	return patch.apply(nil)
}

// label reads a localised text that must be there and not blank.
func (r *reader) label(key string, strict bool) Localized {
	before := len(*r.errs)
	l := r.localized(key, strict)
	switch {
	case len(*r.errs) > before:
	case l == nil:
		*r.errs = append(*r.errs, problem.Missing(r.at(key)))
	case l.isBlank():
		*r.errs = append(*r.errs, problem.InvalidValue(r.at(key), textBlankLabel.With(), r.obj[key]))
	}
	return l
}

// refuse notes that a value breaks a rule. The error must hold a message.
func (r *reader) refuse(key string, err error) {
	if err != nil {
		*r.errs = append(*r.errs, problem.InvalidValue(r.at(key), problem.MessageOf(err), r.obj[key]))
	}
}

// drop names members that mean nothing here and may be sent.
func (r *reader) drop(keys ...string) {
	for _, key := range keys {
		r.seen[key] = true
	}
}

// finish notes every member that nobody took.
func (r *reader) finish() {
	for _, key := range slices.Sorted(maps.Keys(r.obj)) {
		if !r.seen[key] {
			*r.errs = append(*r.errs, problem.Unexpected(r.at(key)))
		}
	}
}

// items reads a list of objects, each with its own function.
func items[T any](r *reader, key string, one func(obj map[string]any, loc []any) T) []T {
	list := r.list(key)
	out := make([]T, 0, len(list))
	for i, item := range list {
		loc := problem.At(r.loc, key, i)
		obj, ok := item.(map[string]any)
		if !ok {
			*r.errs = append(*r.errs, problem.WrongType(problem.TypeDict, loc, item))
			continue
		}
		out = append(out, one(obj, loc))
	}
	return out
}
