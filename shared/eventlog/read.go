package eventlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"spiceharvester/shared/batch"
	"spiceharvester/shared/event"
)

// Event reads one event by its position: one range GET.
func (l *Log) Event(ctx context.Context, at event.Position) (event.Event, error) {
	key := segmentKey(at.Chain, at.Segment)
	line, err := l.objects.GetRange(ctx, key, int64(at.Offset), int64(at.Length))
	if err != nil {
		return event.Event{}, fmt.Errorf("eventlog: GET %s at %d: %w", key, at.Offset, err)
	}
	e, err := event.ParseLine(line)
	if err != nil {
		if errors.Is(err, event.ErrNewerSchema) {
			return event.Event{}, err
		}
		return event.Event{}, fmt.Errorf("%w: %s at %d: %w", ErrDamaged, key, at.Offset, err)
	}
	e.Position = at
	return e, nil
}

// Snapshot reads rows of a database's chain at one moment.
func (l *Log) Snapshot(ctx context.Context, database string, q Query) (View, error) {
	chain, err := l.ChainOf(ctx, database)
	if err != nil {
		return View{}, err
	}
	view, err := l.index.Snapshot(ctx, chain, q)
	if err != nil {
		return View{}, fmt.Errorf("eventlog: index: %w", err)
	}
	return view, nil
}

// Head gives the end of a chain as the index knows it; the log may be a little
// further.
func (l *Log) Head(ctx context.Context, chain int) (Head, error) {
	if _, err := l.Meta(ctx); err != nil {
		return Head{}, err
	}
	view, err := l.index.Snapshot(ctx, chain, Query{})
	if err != nil {
		return Head{}, fmt.Errorf("eventlog: index: %w", err)
	}
	return view.Head, nil
}

// States reads the rows of aggregates of one database, and whether each exists,
// at one moment. Aggregates without any fact are absent from the map. Calls that
// are in flight together share one round trip.
func (l *Log) States(ctx context.Context, database string, aggregates ...event.Aggregate) (map[event.Aggregate]State, Head, error) {
	chain, err := l.ChainOf(ctx, database)
	if err != nil {
		return nil, Head{}, err
	}
	asked := append(aggregates[:len(aggregates):len(aggregates)], event.DatabaseAggregate(database))
	view, err := l.looks[chain].Do(ctx, asked)
	if err != nil {
		return nil, Head{}, fmt.Errorf("eventlog: index: %w", err)
	}
	states := make(map[event.Aggregate]State, len(asked))
	for _, a := range asked {
		if row, known := view.Aggregates[a]; known {
			states[a] = State{AggregateRow: row, Exists: Exists(row, view.Aggregates[event.DatabaseAggregate(row.Database)]), Pending: view.Pending[a]}
		}
	}
	return states, view.Head, nil
}

// Limits of what shares one look at the index.
const (
	maxLooks    = 500
	lookTimeout = 15 * time.Second
)

// look reads the rows that several callers ask for. The view is theirs together:
// they only read it.
func (l *Log) look(chain int, calls []*batch.Call[[]event.Aggregate, View]) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	var q Query
	seen := map[event.Aggregate]bool{}
	for _, c := range calls {
		for _, a := range c.Item {
			if !seen[a] {
				seen[a] = true
				q.Aggregates = append(q.Aggregates, a)
			}
		}
	}
	view, err := l.index.Snapshot(ctx, chain, q)
	for _, c := range calls {
		c.Answer(view, err)
	}
}

// State is where an aggregate stands.
type State struct {
	AggregateRow
	Exists  bool
	Pending []CommandRow // open commands that expect a certain last fact
}

// History walks the facts of an aggregate from one position back to its first
// fact, newest first. Each step is one range GET.
func (l *Log) History(ctx context.Context, from event.Position) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for at := from; !at.IsZero(); {
			e, err := l.Event(ctx, at)
			if !yield(e, err) || err != nil {
				return
			}
			at = e.Previous
		}
	}
}

// Command looks up a command by id, in all databases. ok is false if it was
// never accepted, or ended longer ago than Remembered.
func (l *Log) Command(ctx context.Context, id event.ID) (c CommandRow, ok bool, err error) {
	if _, err := l.Meta(ctx); err != nil {
		return CommandRow{}, false, err
	}
	if c, ok, err = l.index.FindCommand(ctx, id); err != nil {
		return CommandRow{}, false, fmt.Errorf("eventlog: index: %w", err)
	}
	return c, ok, nil
}

// OverdueCommands lists commands, of all chains, that were accepted before a
// time and have no outcome, in log order per chain.
func (l *Log) OverdueCommands(ctx context.Context, before time.Time, limit int) ([]CommandRow, error) {
	if _, err := l.Meta(ctx); err != nil {
		return nil, err
	}
	list, err := l.index.OverdueCommands(ctx, before, limit)
	if err != nil {
		return nil, fmt.Errorf("eventlog: index: %w", err)
	}
	return list, nil
}

// CommandsOf lists the commands of an actor that are open or ended at a time or later, the
// oldest first; at most the newest limit. What ended longer ago than Remembered is not
// known.
func (l *Log) CommandsOf(ctx context.Context, actor string, since time.Time, limit int) ([]CommandRow, error) {
	if _, err := l.Meta(ctx); err != nil {
		return nil, err
	}
	list, err := l.index.CommandsOf(ctx, actor, since, limit)
	if err != nil {
		return nil, fmt.Errorf("eventlog: index: %w", err)
	}
	return list, nil
}

// Read walks the segments of a chain from a place to the end, in order. It
// checks that each continues the one before.
func (l *Log) Read(ctx context.Context, chain int, from Head) iter.Seq2[*Segment, error] {
	return l.walk(ctx, chain, from, func(ctx context.Context, meta Meta, chain int, at Head) (*Segment, error) {
		return l.segment(ctx, meta, chain, at.Next)
	})
}

// walk reads segments one by one until there is none.
func (l *Log) walk(ctx context.Context, chain int, from Head, read func(context.Context, Meta, int, Head) (*Segment, error)) iter.Seq2[*Segment, error] {
	return func(yield func(*Segment, error) bool) {
		meta, err := l.Meta(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for at := from; ; {
			seg, err := read(ctx, meta, chain, at)
			if errors.Is(err, ErrNotFound) {
				return
			}
			if err == nil {
				err = seg.follows(at)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(seg, nil) {
				return
			}
			at = seg.After()
		}
	}
}

// After is the place behind the segment.
func (s *Segment) After() Head { return Head{Next: s.Number + 1, Digest: s.digest} }

// Under lists the aggregates of a type that exist in a database and whose ids begin with
// a prefix, by id.
func (l *Log) Under(ctx context.Context, database string, t event.AggregateType, prefix string) ([]AggregateRow, error) {
	chain, since, err := l.lifeOf(ctx, database)
	if err != nil || since.IsZero() {
		return nil, err
	}
	rows, err := l.index.Under(ctx, chain, t, prefix, since)
	if err != nil {
		return nil, fmt.Errorf("eventlog: index: %w", err)
	}
	return rows, nil
}

// CountUnder counts what Under lists.
func (l *Log) CountUnder(ctx context.Context, database string, t event.AggregateType, prefix string) (int, error) {
	chain, since, err := l.lifeOf(ctx, database)
	if err != nil || since.IsZero() {
		return 0, err
	}
	n, err := l.index.CountUnder(ctx, chain, t, prefix, since)
	if err != nil {
		return 0, fmt.Errorf("eventlog: index: %w", err)
	}
	return n, nil
}

// lifeOf gives the position at which a database was created last, zero if it does not
// exist.
func (l *Log) lifeOf(ctx context.Context, database string) (chain int, since event.Position, err error) {
	if chain, err = l.ChainOf(ctx, database); err != nil {
		return 0, since, err
	}
	a := event.DatabaseAggregate(database)
	states, _, err := l.States(ctx, database, a)
	if err != nil || !states[a].Exists {
		return chain, event.Position{}, err
	}
	return chain, states[a].Born, nil
}
