// Package history reads earlier states of an instance straight from the log: every
// fact carries the whole state and leads to the one before it, so no read model
// takes part, and what was deleted is still there.
//
//	history.go  the facts of an instance, newest first
//	moment.go   the fact that stood at a moment
package history

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
)

// aggregateType is that of instances.
const aggregateType event.AggregateType = "Instance"

// Reader reads histories.
type Reader struct{ Log *eventlog.Log }

// Version is one fact of an instance: the event, its data as stored and as read.
type Version struct {
	Event event.Event
	Raw   []byte
	Fact  instance.Fact
}

// Deleted reports whether the instance was deleted by this fact.
func (v *Version) Deleted() bool { return v.Event.Lifecycle == event.Deletes }

// life is what the index knows of an instance and of its database.
type life struct {
	aggregate event.Aggregate
	state     eventlog.State
	born      event.Position // of the database: earlier facts belong to another one
	head      eventlog.Head
}

// life looks an instance up. One that never had a fact in its database is a 404
// problem.
func (r *Reader) life(ctx context.Context, ref instance.Ref) (life, error) {
	l := life{aggregate: event.Aggregate{Type: aggregateType, ID: ref.AggregateID()}}
	states, head, err := r.Log.States(ctx, ref.Database, l.aggregate)
	if err != nil {
		return l, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	database, known := states[event.DatabaseAggregate(ref.Database)]
	if !known || !database.Exists {
		return l, problem.NotFound(problem.KindDatabase, ref.Database)
	}
	l.state, l.born, l.head = states[l.aggregate], database.Born, head
	if l.state.Sequence == 0 || l.earlier(l.state.Position) {
		return l, problem.NotFound(problem.KindInstance, ref.ID)
	}
	return l, nil
}

// earlier reports whether a position lies before the database was (last) created.
func (l *life) earlier(p event.Position) bool { return p.Compare(l.born) < 0 }

// version reads one fact of the instance.
func (r *Reader) version(ctx context.Context, at event.Position) (v Version, err error) {
	if v.Event, v.Raw, err = r.Log.EventData(ctx, at); err != nil {
		return v, err
	}
	if v.Fact, err = instance.DecodeFact(v.Raw); err != nil {
		return v, fmt.Errorf("history: %s: %w", at, err)
	}
	return v, nil
}

// ErrNotHere says that a position is not one of the instance's facts.
var ErrNotHere = errors.New("history: the position is none of the instance's facts")

// Page reads up to limit facts, newest first, each with the state before it. The
// walk begins at the fact at from, or, if that is absent, at the newest; next is
// where the following page begins, absent behind the first fact. Each fact is one
// range GET.
func (r *Reader) Page(ctx context.Context, ref instance.Ref, from event.Position, limit int) (list []Change, next event.Position, err error) {
	l, err := r.life(ctx, ref)
	if err != nil {
		return nil, next, err
	}
	if from.IsZero() {
		from = l.state.Position
	} else if err := r.belongs(ctx, &l, from); err != nil {
		return nil, next, err
	}
	newer, err := r.version(ctx, from)
	if err != nil {
		return nil, next, unavailable(err)
	}
	for {
		at := newer.Event.Previous
		if at.IsZero() || l.earlier(at) {
			return append(list, Change{Version: newer, Fields: Compare(nil, newer.Fact.Data)}), event.Position{}, nil
		}
		older, err := r.version(ctx, at)
		if err != nil {
			return nil, next, unavailable(err)
		}
		list = append(list, Change{Version: newer, Fields: Compare(older.Fact.Data, newer.Fact.Data)})
		if len(list) == limit {
			return list, at, nil
		}
		newer = older
	}
}

// belongs checks that a position, which a client sent, is a fact of the instance.
func (r *Reader) belongs(ctx context.Context, l *life, at event.Position) error {
	if at.Chain != l.state.Position.Chain || at.Length > event.MaxSize || at.Compare(l.state.Position) > 0 || l.earlier(at) {
		return ErrNotHere
	}
	e, err := r.Log.Event(ctx, at)
	switch {
	case errors.Is(err, eventlog.ErrDamaged), errors.Is(err, eventlog.ErrNotFound):
		return ErrNotHere // not a line of the log: the client made it up
	case err != nil:
		return unavailable(err)
	case !e.IsFact() || e.Aggregate != l.aggregate:
		return ErrNotHere
	}
	return nil
}

func unavailable(err error) error {
	return problem.Unavailable(problem.ServiceUnavailable, "event log", err)
}
