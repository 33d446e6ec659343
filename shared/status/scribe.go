package status

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// remembered is how many commands a scribe knows by heart.
const remembered = 20_000

// Scribe turns events of the log into states. An outcome does not repeat what the
// command said, so commands are remembered for a while; others are looked up.
type Scribe struct {
	Log *eventlog.Log

	mu     sync.Mutex
	known  map[event.ID]*list.Element
	recent *list.List // of submitted, the newest in front
}

// submitted is what a state tells of its command.
type submitted struct {
	row  eventlog.CommandRow
	user string
}

// Record gives the state that an event puts its command in; ok is false for events that
// neither are a command nor end one.
func (s *Scribe) Record(ctx context.Context, e *event.Event) (r Record, ok bool, err error) {
	switch {
	case e.Kind == event.Command:
		c := s.remember(e)
		return Record{command.Fresh(&c.row), c.user}, true, nil
	case e.Outcome == "":
		return r, false, nil
	}
	c, err := s.command(ctx, e.Command)
	if err != nil {
		return r, false, err
	}
	data, err := s.Log.Data(ctx, e)
	if err != nil {
		return r, false, err
	}
	c.row.Outcome = e.Outcome
	st, err := command.Outcome(&c.row, e, data)
	if err != nil {
		return r, false, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return Record{st, c.user}, true, nil
}

// Working gives the state of a command that a worker has taken up.
func (s *Scribe) Working(e *event.Event) Record {
	r := Record{command.Fresh(&eventlog.CommandRow{ID: e.ID, Type: e.Type, Aggregate: e.Aggregate, Written: e.Time}), e.Actor}
	r.Move(command.Processing, 0, nil)
	return r
}

// Failing gives the state of a command that a worker will try again.
func (s *Scribe) Failing(e *event.Event, reason error) Record {
	r, text := s.Working(e), reason.Error()
	r.Move(command.Retrying, 1, &text)
	return r
}

// User gives the actor of a command.
func (s *Scribe) User(ctx context.Context, id event.ID) (string, error) {
	c, err := s.command(ctx, id)
	return c.user, err
}

func (s *Scribe) remember(e *event.Event) submitted {
	c := submitted{eventlog.CommandRow{ID: e.ID, Type: e.Type, Aggregate: e.Aggregate, Written: e.Time, Position: e.Position}, e.Actor}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known, s.recent = map[event.ID]*list.Element{}, list.New()
	}
	if at, ok := s.known[e.ID]; ok {
		at.Value = c
		return c
	}
	if s.recent.Len() >= remembered {
		delete(s.known, s.recent.Remove(s.recent.Back()).(submitted).row.ID)
	}
	s.known[e.ID] = s.recent.PushFront(c)
	return c
}

// What another try does not mend.
var (
	ErrForgotten  = errors.New("status: the command is not known any more")
	ErrUnreadable = errors.New("status: the outcome cannot be read")
)

func (s *Scribe) command(ctx context.Context, id event.ID) (submitted, error) {
	s.mu.Lock()
	if at, ok := s.known[id]; ok {
		defer s.mu.Unlock()
		return at.Value.(submitted), nil
	}
	s.mu.Unlock()
	row, ok, err := s.Log.Command(ctx, id)
	if err != nil {
		return submitted{}, err
	}
	if !ok {
		return submitted{}, ErrForgotten
	}
	e, err := s.Log.Event(ctx, row.Position)
	if err != nil {
		return submitted{}, err
	}
	return s.remember(&e), nil
}
