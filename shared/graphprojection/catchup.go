package graphprojection

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/terminus"
)

// resume is a place that the making of a database has reached: all before it is
// applied, if the fence is at least there.
type resume struct {
	at    eventlog.Head
	fence int64
}

// catchUp reads a chain from its beginning, or from where this process left off,
// and applies all of a database's life up to a place. Then the database is
// complete: batches of the chain are enough again. Several may do this at once.
func (s *Sink) catchUp(ctx context.Context, chain int, database string, life event.Position, to eventlog.Head) error {
	name := DatabaseName(database, life)
	st, err := s.state(ctx, name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	from := s.resumes[name]
	s.mu.Unlock()
	if st.fence.position < from.fence {
		from = resume{}
	}
	given, err := discard.Of(ctx, s.Log, database)
	if err != nil {
		return err
	}
	var facts []event.Event
	flush := func(at eventlog.Head, last *fence) error {
		if err := s.apply(ctx, name, st, facts, last); err != nil {
			return err
		}
		facts = nil
		if st, err = s.state(ctx, name); err != nil {
			return err
		}
		s.mu.Lock()
		s.resumes[name] = resume{at, st.fence.position}
		s.mu.Unlock()
		return nil
	}
	at := from.at
	if at.Next < to.Next {
		for seg, err := range s.Log.Read(ctx, chain, from.at) {
			if err != nil {
				return fmt.Errorf("graphprojection: %w", err)
			}
			for _, e := range seg.Events {
				if e.Database == database && concerns(&e) && e.Aggregate.Type != event.Database && e.Position.Compare(life) >= 0 && !given.Has(Handler, &e) {
					facts = append(facts, e)
				}
			}
			if at = seg.After(); at.Next >= to.Next {
				break
			}
			if len(facts) >= s.Facts {
				if err := flush(at, nil); err != nil {
					return err
				}
			}
		}
	}
	return flush(at, &fence{position: placeKey(at.Next), complete: 1})
}

// recover finds the databases of a chain that TerminusDB has lost, and those that
// somebody left unfinished or behind: they are to be caught up.
func (s *Sink) recover(ctx context.Context, chain int, place eventlog.Head) error {
	if place.Next == 0 {
		return nil
	}
	names, err := s.Client.Databases(ctx)
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, name := range names {
		here[name] = true
	}
	rows, err := s.Index.Databases(ctx)
	if err != nil {
		return fmt.Errorf("graphprojection: %w", err)
	}
	for _, row := range rows {
		if row.Born.Chain != chain || row.Born.Segment >= place.Next {
			continue
		}
		parked, err := s.parked(ctx, row.Database)
		if err != nil {
			return err
		}
		if name := DatabaseName(row.Database, row.Born); here[name] && !parked {
			st, err := s.state(ctx, name)
			if err == nil && st.fence.complete == 1 {
				continue
			}
			if err != nil && !errors.Is(moved(err), follow.ErrMoved) && !terminus.IsFailure(err) {
				return err
			}
		}
		s.Logger.WarnContext(ctx, "the graph of a database is made again from the log", "database", row.Database)
		s.mu.Lock()
		s.behind[row.Database] = waiting{chain: chain, since: s.Now().UTC()}
		s.mu.Unlock()
	}
	return nil
}

// remake makes what is missing of a database, up to the end of the log.
func (s *Sink) remake(ctx context.Context, chain int, database string, life event.Position) error {
	for {
		err := moved(s.remakeOnce(ctx, chain, database, life))
		if !errors.Is(err, follow.ErrMoved) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *Sink) remakeOnce(ctx context.Context, chain int, database string, life event.Position) error {
	if err := s.make(ctx, database, life, false); err != nil {
		return err
	}
	// What a follower applied to a database that is gone is before this head.
	head, err := s.Log.Head(ctx, chain)
	if err != nil {
		return err
	}
	return s.catchUp(ctx, chain, database, life, head)
}

// Rebuild drops the graph of a database and projects all of it again from the
// log. Meanwhile the projection goes on: whoever is faster, each fact counts once.
func (s *Sink) Rebuild(ctx context.Context, database string) error {
	life, exists, err := life(ctx, s.Log, database)
	if err != nil || !exists {
		return err
	}
	chain, err := s.Log.ChainOf(ctx, database)
	if err != nil {
		return err
	}
	name := DatabaseName(database, life)
	if err := s.Client.DeleteDatabase(ctx, name); err != nil {
		return err
	}
	s.forget(name)
	return s.remake(ctx, chain, database, life)
}

// RebuildAll rebuilds the graphs of all databases, and drops those of databases
// that are gone.
func (s *Sink) RebuildAll(ctx context.Context) error {
	rows, err := s.Index.Databases(ctx)
	if err != nil {
		return fmt.Errorf("graphprojection: %w", err)
	}
	alive := map[string]bool{}
	for _, row := range rows {
		alive[DatabaseName(row.Database, row.Born)] = true
	}
	names, err := s.Client.Databases(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ours := parseDatabaseName(name); !ours || alive[name] {
			continue
		}
		if err := s.Client.DeleteDatabase(ctx, name); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if err := s.Rebuild(ctx, row.Database); err != nil {
			return fmt.Errorf("graph of %s: %w", row.Database, err)
		}
	}
	return nil
}
