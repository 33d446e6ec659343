package classes

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// parallelReads bounds the reads of facts that are not cached.
const parallelReads = 16

// All reads every class of a branch as it was declared, by id, with its sequence.
func (r *Reader) All(ctx context.Context, database, branch string) ([]Definition, error) {
	prefix := ontology.AggregateID(database, branch, "")
	rows, err := r.Log.Under(ctx, database, Type, prefix)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	list := make([]Definition, len(rows))
	reads, readCtx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelReads)
	for i, row := range rows {
		reads.Go(func() error {
			fact, err := r.at(readCtx, row.Position)
			list[i] = Definition{Class: fact.class, Sequence: row.Sequence, Position: row.Position, Created: row.Created, Updated: fact.time}
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	return list, nil
}

// Family is all classes of a branch, by what they refer to.
type Family map[string]ontology.Class

// Family reads it.
func (r *Reader) Family(ctx context.Context, database, branch string) (Family, error) {
	list, err := r.All(ctx, database, branch)
	if err != nil {
		return nil, err
	}
	f := make(Family, len(list))
	for _, d := range list {
		f[d.Class.ID] = d.Class
	}
	return f, nil
}

// Whole is a class of the family with all that it inherits. Parents that are missing or
// their own ancestors are left out.
func (f Family) Whole(id string) ontology.Class {
	class := f[id]
	seen := map[string]bool{id: true}
	for parent := class.ParentClass; parent != nil && !seen[*parent]; {
		seen[*parent] = true
		above, ok := f[*parent]
		if !ok {
			break
		}
		class, parent = class.Inherit(above), above.ParentClass
	}
	return class
}

// Descends reports whether a class is another one or inherits from it.
func (f Family) Descends(id, ancestor string) bool {
	for range maxParents {
		if id == ancestor {
			return true
		}
		class, ok := f[id]
		if !ok || class.ParentClass == nil {
			return false
		}
		id = *class.ParentClass
	}
	return false
}

// Reference is a place where a class is named by another one.
type Reference struct {
	Class     string `json:"class_id"`
	Kind      string `json:"kind"`                // parent_class or relationship
	Predicate string `json:"predicate,omitempty"` // of the relationship
}

// References lists what names a class, by the id of the class that does. A class that
// names itself does not count.
func (f Family) References(id string) []Reference {
	out := []Reference{}
	for _, other := range slices.Sorted(maps.Keys(f)) {
		class := f[other]
		if other == id {
			continue
		}
		if class.ParentClass != nil && *class.ParentClass == id {
			out = append(out, Reference{Class: other, Kind: "parent_class"})
		}
		for _, link := range class.Relationships {
			if link.Target == id {
				out = append(out, Reference{Class: other, Kind: "relationship", Predicate: link.Predicate})
			}
		}
	}
	return out
}

var (
	textNoParent = problem.Define("ontology.no_parent", "The parent class '{parent}' does not exist", "부모 클래스 '{parent}'이(가) 존재하지 않습니다.")
	textCircle   = problem.Define("ontology.parent_circle", "'{parent}' descends from '{class}'; it cannot be its parent", "'{parent}' 클래스는 '{class}' 클래스의 하위 클래스이므로 부모가 될 수 없습니다.")
	textDeep     = problem.Define("ontology.parents_deep", "A class can have at most {limit} ancestors", "상위 클래스는 최대 {limit}개까지 가능합니다.")
)

// Parents reads a class's parents as they are now. It gives the class with all that it
// inherits, and what an event about it has to require: a class whose parent is missing,
// or that is its own ancestor, could never be read again. The errors name
// body.parent_class.
func (r *Reader) Parents(ctx context.Context, database, branch string, class ontology.Class) (whole ontology.Class, require []eventlog.Require, err error) {
	if class.ParentClass == nil {
		return class, nil, nil
	}
	refuse := func(text *problem.Text, pairs ...any) (ontology.Class, []eventlog.Require, error) {
		return class, nil, problem.Validation(problem.InvalidValue([]any{"body", "parent_class"}, text.With(pairs...), *class.ParentClass))
	}
	parent, err := r.Get(ctx, database, branch, *class.ParentClass)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return refuse(textNoParent, "parent", *class.ParentClass)
	}
	if err != nil {
		return class, nil, err
	}
	own := Aggregate(database, branch, class.ID)
	if slices.ContainsFunc(parent.Requires, func(r eventlog.Require) bool { return r.Aggregate == own }) {
		return refuse(textCircle, "parent", *class.ParentClass, "class", class.ID)
	}
	if len(parent.Requires) >= maxParents {
		return refuse(textDeep, "limit", maxParents-1)
	}
	whole = class.Inherit(parent.Schema.Class)
	_, errs := ontology.Compile(whole, "body")
	return whole, parent.Requires, errs.Err()
}
