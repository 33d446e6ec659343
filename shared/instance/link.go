package instance

import (
	"slices"
	"strings"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

var (
	textLinkForm   = problem.Define("instance.link.form", "A link should be a text of the form 'Class/id'", "링크는 'Class/id' 형식의 문자열이어야 합니다.")
	textLinkClass  = problem.Define("instance.link.class", "'{predicate}' links to instances of '{target}', not of '{class}'", "'{predicate}' 관계의 대상은 '{target}' 클래스이며 '{class}' 클래스가 아닙니다.")
	textLinkSingle = problem.Define("instance.link.single", "'{predicate}' has one target, got {count}", "'{predicate}' 관계의 대상은 하나여야 합니다. 받은 개수: {count}")
)

// Link is one link of an instance.
type Link struct {
	Predicate string `json:"predicate"`
	Class     string `json:"class_id"`
	ID        string `json:"instance_id"`
}

// Ref is the target as payloads write it: Class/id.
func (l Link) Ref() string { return l.Class + "/" + l.ID }

// MissingTarget is a link, at loc, to an instance that does not exist.
func MissingTarget(loc []any, ref string) problem.FieldError {
	return problem.InvalidValue(loc, textMissingTarget.With("target", ref), ref)
}

var textMissingTarget = problem.Define("instance.link_target_missing", "The link target '{target}' does not exist.", "링크 대상 '{target}'이(가) 존재하지 않습니다.")

// normalizeLink checks the value of a relationship and returns its normal form: one
// reference, or for many targets a list without doubles. Nil means no link. A single
// reference may come as a list of one, and many as one reference.
func normalizeLink(s *ontology.Schema, r ontology.Relationship, v any, loc []any) (any, problem.FieldErrors) {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	var errs problem.FieldErrors
	var refs []any
	for i, item := range list {
		at := loc
		if isList {
			at = problem.At(loc, i)
		}
		ref, bad := checkRef(s, r, item, at)
		errs = append(errs, bad...)
		if len(bad) == 0 && !slices.Contains(refs, any(ref)) {
			refs = append(refs, ref)
		}
	}
	switch {
	case len(errs) > 0:
		return nil, errs
	case len(refs) == 0:
		return nil, nil
	case r.Cardinality.IsMany():
		return refs, nil
	case len(list) > 1:
		return nil, problem.FieldErrors{problem.InvalidValue(loc, textLinkSingle.With("predicate", r.Predicate, "count", len(list)), v)}
	}
	return refs[0], nil
}

func checkRef(s *ontology.Schema, r ontology.Relationship, v any, loc []any) (string, problem.FieldErrors) {
	ref, isText := v.(string)
	class, id, ok := strings.Cut(ref, "/")
	if !isText || !ok {
		return "", problem.FieldErrors{problem.InvalidValue(loc, textLinkForm.With(), v)}
	}
	if !s.LinksTo(r, class) {
		return "", problem.FieldErrors{problem.InvalidValue(loc,
			textLinkClass.With("predicate", r.Predicate, "target", r.Target, "class", class), v)}
	}
	if err := CheckID(id); err != nil {
		return "", problem.FieldErrors{problem.InvalidValue(loc, problem.MessageOf(err), v)}
	}
	return ref, nil
}

// LinksElsewhere reports whether a payload has a link to an instance of another class
// than the one that its relationship names: whether that class inherits from it has then
// to be known, see [ontology.Schema.WithFamily].
func LinksElsewhere(s *ontology.Schema, payload map[string]any) bool {
	for _, r := range s.Class.Relationships {
		refs, many := payload[r.Predicate].([]any)
		if !many {
			refs = []any{payload[r.Predicate]}
		}
		for _, ref := range refs {
			text, _ := ref.(string)
			if class, _, ok := strings.Cut(text, "/"); ok && class != r.Target {
				return true
			}
		}
	}
	return false
}

// linksOf returns the links of a payload in normal form, sorted by predicate, the
// targets of one predicate in their order.
func linksOf(s *ontology.Schema, data map[string]any) []Link {
	links := []Link{}
	for _, r := range s.Class.Relationships {
		refs, many := data[r.Predicate].([]any)
		if !many {
			refs = []any{data[r.Predicate]}
		}
		for _, ref := range refs {
			text, _ := ref.(string)
			if class, id, ok := strings.Cut(text, "/"); ok {
				links = append(links, Link{Predicate: r.Predicate, Class: class, ID: id})
			}
		}
	}
	slices.SortStableFunc(links, func(a, b Link) int { return strings.Compare(a.Predicate, b.Predicate) })
	return links
}
