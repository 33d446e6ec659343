package graphquery

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"spiceharvester/shared/graph"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Schemas reads classes with what they inherit. An unknown class is a 404 problem.
type Schemas func(ctx context.Context, id string) (*ontology.Schema, error)

var (
	textUnknownClass = problem.Define("graph.unknown_class", "the class '{class}' does not exist", "'{class}' 클래스가 존재하지 않습니다.")
	textPredicate    = problem.Define("graph.unknown_predicate", "the class '{class}' has no relationship '{predicate}'", "'{class}' 클래스에 '{predicate}' 관계가 없습니다.")
	textProperty     = problem.Define("graph.not_a_relationship", "'{predicate}' is a property of '{class}', not a relationship", "'{predicate}'은(는) '{class}' 클래스의 속성이며 관계가 아닙니다.")
	textRange        = problem.Define("graph.range", "'{predicate}' leads from '{class}' to '{range}', not to '{target}'", "'{predicate}' 관계는 '{class}'에서 '{range}'(으)로 연결되며 '{target}'(으)로 연결되지 않습니다.")
	textUnknownField = problem.Define("graph.unknown_filter", "the class '{class}' has no property '{property}'", "'{class}' 클래스에 '{property}' 속성이 없습니다.")
)

// check makes sure that the classes know what the query names, and gives the hops
// to follow. Relationships and properties that a class inherits are its own. A hop
// to the class that a relationship names reaches instances of classes that inherit
// from it too; a hop to one of those only its own. Where instances of a class are
// the start or hold the links, only its own are meant, as in lists.
func (q *Query) check(ctx context.Context, schemas Schemas) ([]graph.Hop, error) {
	here, err := class(ctx, schemas, q.StartClass, q.startField)
	if err != nil {
		return nil, err
	}
	hops := q.hops()
	for _, name := range slices.Sorted(maps.Keys(q.Filters)) {
		_, property := here.Class.Property(name)
		if _, link := relationship(here, name); !property && !link {
			return nil, invalid(textUnknownField.With("class", q.StartClass, "property", name), nil, "filters", name)
		}
	}
	for i, h := range q.Hops {
		there, err := class(ctx, schemas, h.TargetClass, "hops", i, "target_class")
		if err != nil {
			return nil, err
		}
		holder, target := here, h.TargetClass
		if h.reversed() {
			holder, target = there, here.Class.ID
		}
		r, ok := relationship(holder, h.Predicate)
		if !ok {
			reason := textPredicate.With("class", holder.Class.ID, "predicate", h.Predicate)
			if _, property := holder.Class.Property(h.Predicate); property {
				reason = textProperty.With("class", holder.Class.ID, "predicate", h.Predicate)
			}
			return nil, invalid(reason, h.Predicate, "hops", i, "predicate")
		}
		is, err := inherits(ctx, schemas, target, r.Target)
		if err != nil {
			return nil, err
		}
		if !is {
			return nil, invalid(textRange.With("predicate", h.Predicate, "class", holder.Class.ID, "range", r.Target, "target", target), h.TargetClass, "hops", i, "target_class")
		}
		if !h.reversed() && r.Target == target {
			hops[i].Target = ""
		}
		here = there
	}
	return hops, nil
}

// maxParents bounds a chain of parents.
const maxParents = 100

// inherits reports whether a class is another one or inherits from it.
func inherits(ctx context.Context, schemas Schemas, id, from string) (bool, error) {
	for range maxParents {
		if id == from {
			return true, nil
		}
		s, err := schemas(ctx, id)
		if err != nil {
			return false, err
		}
		if s.Class.ParentClass == nil {
			break
		}
		id = *s.Class.ParentClass
	}
	return false, nil
}

func relationship(s *ontology.Schema, predicate string) (ontology.Relationship, bool) {
	for _, r := range s.Class.Relationships {
		if r.Predicate == predicate {
			return r, true
		}
	}
	return ontology.Relationship{}, false
}

// once reads each class once: what a query names is checked on one state of it.
func once(schemas Schemas) Schemas {
	known := map[string]*ontology.Schema{}
	return func(ctx context.Context, id string) (*ontology.Schema, error) {
		if s := known[id]; s != nil {
			return s, nil
		}
		s, err := schemas(ctx, id)
		if err == nil {
			known[id] = s
		}
		return s, err
	}
}

// class reads a class; if it is unknown the field is named.
func class(ctx context.Context, schemas Schemas, id string, path ...any) (*ontology.Schema, error) {
	s, err := schemas(ctx, id)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return nil, invalid(textUnknownClass.With("class", id), id, path...)
	}
	return s, err
}
