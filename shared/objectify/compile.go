package objectify

import (
	"context"
	"slices"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Classes reads the schema of a class.
type Classes func(ctx context.Context, id string) (*ontology.Schema, error)

// Compile checks a spec and makes its mapper. The error names everything that
// keeps it from working: unknown columns and fields, columns whose cells cannot
// become the field's type, a key or a required field without a column, links
// without their target's key.
func (s *Spec) Compile(ctx context.Context, columns datasets.Schema, class *ontology.Schema, classes Classes) (*Mapper, error) {
	targets, errs, err := s.check(ctx, columns, class, classes)
	if err != nil {
		return nil, err
	}
	m, unreadable := NewMapper(s, columns, class, targets)
	if err := append(errs, unreadable...).Err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (s *Spec) check(ctx context.Context, columns datasets.Schema, class *ontology.Schema, classes Classes) (targets map[string]*ontology.Schema, _ problem.FieldErrors, _ error) {
	targets = map[string]*ontology.Schema{}
	var errs problem.FieldErrors
	add := func(msg problem.Message, loc ...any) {
		errs = append(errs, problem.InvalidValue(append([]any{"body", "mappings"}, loc...), msg, nil))
	}
	if len(s.Mappings) == 0 {
		add(textNoMapping.With())
	}
	mapped := map[string]bool{}
	for i, m := range s.Mappings {
		for _, source := range m.Sources() {
			if at, _ := find(columns, source); at < 0 {
				add(textNoColumn.With("column", source), i, "source_field")
			}
		}
		if mapped[m.TargetField] {
			add(textTwice.With("field", m.TargetField), i, "target_field")
		}
		mapped[m.TargetField] = true
		if _, isProperty := class.Rule(m.TargetField); isProperty {
			if len(m.Sources()) != 1 {
				add(textOneSource.With(), i, "source_field")
			}
			continue
		}
		link, isLink := class.Relationship(m.TargetField)
		if !isLink {
			add(textNoTarget.With("field", m.TargetField), i, "target_field")
			continue
		}
		target, err := classes(ctx, link.Target)
		if err != nil {
			return nil, nil, err
		}
		targets[link.Target] = target
		if n := max(1, len(target.Key())); n != len(m.Sources()) {
			add(textLinkKey.With("class", link.Target, "count", n), i, "source_fields")
		}
	}
	if len(class.Key()) == 0 {
		errs = append(errs, problem.InvalidValue([]any{"body", "target_class_id"}, textNoKey.With("class", s.Class), nil))
	}
	for _, name := range class.Key() {
		if !mapped[name] {
			add(textNotCovered.With("field", name))
		}
	}
	for _, p := range class.Class.Properties {
		if _, hasDefault := class.Default(p.Name); p.IsRequired() && !mapped[p.Name] && !hasDefault && !slices.Contains(class.Key(), p.Name) {
			add(textNotCovered.With("field", p.Name))
		}
	}
	for _, l := range class.Class.Relationships {
		if l.Required && !mapped[l.Predicate] {
			add(textNotCovered.With("field", l.Predicate))
		}
	}
	return targets, errs, nil
}
