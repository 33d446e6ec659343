package labelquery

import (
	"context"
	"fmt"
	"sync"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Kinds tells what values the properties of a class ever had. Instances keep the
// values that they were written with when the type of a property is changed, so
// all facts of the class and of its parents count.
type Kinds struct {
	Log *eventlog.Log

	mu    sync.Mutex
	known map[string]map[string]kind // by class and the sequences it was read at
}

// maxFacts bounds the facts of one class that are looked at, and maxKnown the
// classes that are remembered.
const (
	maxFacts = 200
	maxKnown = 1000
)

// of gives the kinds by property. What is absent is unknown.
func (k *Kinds) of(ctx context.Context, database string, d *classes.Definition) (map[string]kind, error) {
	key, changed := database, false
	aggregates := make([]event.Aggregate, len(d.Requires))
	for i, r := range d.Requires {
		aggregates[i] = r.Aggregate
		key += fmt.Sprintf(" %s %v", r.Aggregate.ID, r.Expect)
		changed = changed || r.Expect != event.At(1)
	}
	k.mu.Lock()
	kinds := k.known[key]
	k.mu.Unlock()
	if kinds != nil {
		return kinds, nil
	}
	kinds = map[string]kind{}
	declare(kinds, d.Schema.Class)
	if changed {
		if err := k.history(ctx, database, aggregates, kinds); err != nil {
			return nil, err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxKnown {
		k.known = map[string]map[string]kind{}
	}
	k.known[key] = kinds
	return kinds, nil
}

// history makes unknown what was declared otherwise before.
func (k *Kinds) history(ctx context.Context, database string, aggregates []event.Aggregate, kinds map[string]kind) error {
	states, _, err := k.Log.States(ctx, database, aggregates...)
	if err != nil {
		return problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	for _, a := range aggregates {
		var parent *string
		facts := 0
		for e, err := range k.Log.History(ctx, states[a].Position) {
			if err != nil {
				return problem.Unavailable(problem.ServiceUnavailable, "event log", err)
			}
			data, err := k.Log.Data(ctx, &e)
			if err != nil {
				return problem.Unavailable(problem.ServiceUnavailable, "event log", err)
			}
			fact, err := classes.Decode(data)
			if err != nil {
				return problem.Internal(err)
			}
			if facts++; facts > maxFacts {
				clear(kinds)
				return nil
			}
			if fact.Body == nil {
				continue
			}
			before := ""
			if fact.Body.ParentClass != nil {
				before = *fact.Body.ParentClass
			}
			if parent == nil {
				parent = &before
			} else if before != *parent { // what that one declared is not looked at
				clear(kinds)
				return nil
			}
			earlier := map[string]kind{}
			declare(earlier, *fact.Body)
			for property := range kinds {
				if was, declared := earlier[property]; declared && was != kinds[property] {
					delete(kinds, property)
				}
			}
		}
	}
	return nil
}

// declare notes the kinds of a class's fields. A link to one instance is a text.
func declare(kinds map[string]kind, c ontology.Class) {
	for _, p := range c.Properties {
		kinds[p.Name] = kindOf(p.Type)
	}
	for _, r := range c.Relationships {
		kinds[r.Predicate] = kindUnknown
		if !r.Cardinality.IsMany() {
			kinds[r.Predicate] = kindText
		}
	}
}
