package graphprojection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/terminus"
)

// waiting is a database that is left behind its chain: the server fails on it
// and answers otherwise. It is parked, and the other databases of the chain go
// on. The place in the index waits for it, so that whoever comes next begins
// where something is missing.
type waiting struct {
	chain    int
	attempts int
	nextTry  time.Time
	since    time.Time
}

// Pauses between the tries for a database that is left behind.
const (
	firstPause   = 2 * time.Second
	longestPause = time.Minute
)

func (s *Sink) isBehind(database string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, is := s.behind[database]
	return is
}

// bring projects a database, or leaves it behind.
func (s *Sink) bring(ctx context.Context, chain int, to eventlog.Head, database string, facts []event.Event) error {
	err := moved(s.project(ctx, chain, to, database, facts))
	if err == nil {
		return s.rejoin(ctx, database)
	}
	if errors.Is(err, follow.ErrMoved) || !(terminus.IsFailure(err) || terminus.IsRefused(err)) || s.Client.Ready(ctx) != nil {
		return err
	}
	return s.leave(ctx, chain, database, err)
}

// leave parks a database.
func (s *Sink) leave(ctx context.Context, chain int, database string, cause error) error {
	s.mu.Lock()
	w, again := s.behind[database]
	s.mu.Unlock()
	now := s.Now().UTC()
	if !again {
		w = waiting{chain: chain, since: now}
	}
	w.attempts++
	w.nextTry = now.Add(min(longestPause, firstPause<<min(w.attempts-1, 10)))
	born, _, err := life(ctx, s.Log, database)
	if err != nil {
		return err
	}
	s.Logger.ErrorContext(ctx, "a database is left behind", "handler", Handler, "database", database, "attempts", w.attempts, "error", cause)
	a := event.DatabaseAggregate(database)
	err = s.Parking.Save(ctx, Handler, now, []consume.Progress{{Aggregate: a, Park: &consume.Parked{
		Handler: Handler, Aggregate: a, Database: database, Attempts: w.attempts, NextTry: w.nextTry, Reason: cause.Error(), Position: born, Since: w.since,
	}}})
	if err != nil {
		return fmt.Errorf("graphprojection: park: %w", err)
	}
	s.mu.Lock()
	s.behind[database] = w
	s.mu.Unlock()
	return nil
}

// rejoin ends that a database is left behind: it has caught up.
func (s *Sink) rejoin(ctx context.Context, database string) error {
	if !s.isBehind(database) {
		return nil
	}
	if err := s.Parking.Save(ctx, Handler, s.Now(), []consume.Progress{{Aggregate: event.DatabaseAggregate(database)}}); err != nil {
		return fmt.Errorf("graphprojection: parked: %w", err)
	}
	s.mu.Lock()
	delete(s.behind, database)
	s.mu.Unlock()
	return nil
}

// parked reports whether a process has left a database behind.
func (s *Sink) parked(ctx context.Context, database string) (bool, error) {
	a := event.DatabaseAggregate(database)
	marks, err := s.Parking.Load(ctx, Handler, []event.Aggregate{a})
	if err != nil {
		return false, fmt.Errorf("graphprojection: parked: %w", err)
	}
	return marks[a].Parked != nil, nil
}

// retry tries those databases of a chain whose time has come, and tells from
// where the chain is to be read on.
func (s *Sink) retry(ctx context.Context, chain int, place eventlog.Head) (eventlog.Head, error) {
	var due []string
	s.mu.Lock()
	if read := s.places[chain]; read.Next > place.Next {
		place = read
	}
	for database, w := range s.behind {
		if w.chain == chain && !s.Now().Before(w.nextTry) {
			due = append(due, database)
		}
	}
	s.mu.Unlock()
	for _, database := range due {
		if err := s.bring(ctx, chain, place, database, nil); err != nil {
			return place, err
		}
	}
	if len(due) > 0 {
		return place, s.moveTo(ctx, chain, place)
	}
	return place, nil
}

// moveTo ends a batch: the chain is read up to a place.
func (s *Sink) moveTo(ctx context.Context, chain int, to eventlog.Head) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.behind {
		if w.chain == chain {
			s.places[chain] = to
			return nil
		}
	}
	delete(s.places, chain)
	if err := s.Index.MoveCursor(ctx, reader, chain, to); err != nil {
		return fmt.Errorf("graphprojection: place: %w", err)
	}
	return nil
}
