package graphprojection

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/terminus"
)

// replayTries bounds how often a replay looks again because somebody was faster.
const replayTries = 10

// Replay tries once more to write an aggregate that is parked for good. The fence
// has passed its facts and stays: the last of them before it is written, for it
// carries the whole state. What the server refuses again is parked with the new
// reason and is an error marked permanent.
func (s *Sink) Replay(ctx context.Context, p consume.Parked) error {
	for try := 1; ; try++ {
		err := s.replay(ctx, p)
		if terminus.IsRefused(err) || consume.IsPermanent(err) {
			p.Attempts, p.Reason, p.NextTry = p.Attempts+1, err.Error(), s.Now().UTC()
			if err := s.Parking.Save(ctx, Handler, p.NextTry, []consume.Progress{{Aggregate: p.Aggregate, Park: &p}}); err != nil {
				return fmt.Errorf("graphprojection: park: %w", err)
			}
			return consume.Permanent(err)
		}
		if !errors.Is(err, follow.ErrMoved) || try == replayTries {
			return err
		}
	}
}

func (s *Sink) replay(ctx context.Context, p consume.Parked) error {
	born, exists, err := life(ctx, s.Log, p.Database)
	if err != nil {
		return err
	}
	states, _, err := s.Log.States(ctx, p.Database, p.Aggregate)
	if err != nil {
		return fmt.Errorf("graphprojection: %w", err)
	}
	last := states[p.Aggregate].Position
	if !exists || last.Compare(born) < 0 {
		return s.unpark(ctx, []event.Aggregate{p.Aggregate}) // of an earlier life
	}
	name := DatabaseName(p.Database, born)
	s.forget(name) // what this process knows may be old
	st, err := s.state(ctx, name)
	if err != nil {
		return moved(err)
	}
	for e, err := range s.Log.History(ctx, last) {
		if err != nil {
			return fmt.Errorf("graphprojection: %w", err)
		}
		if positionKey(e.Position) < st.fence.position {
			return s.replayFact(ctx, name, st, e)
		}
	}
	return fmt.Errorf("%w: the graph has not reached %s", eventlog.ErrDamaged, p.Aggregate)
}

func (s *Sink) replayFact(ctx context.Context, name string, st *state, e event.Event) error {
	c, refused, err := s.fold(ctx, st, []event.Event{e})
	if err != nil {
		return err
	}
	if cause := refused[0]; cause != nil {
		return consume.Permanent(cause)
	}
	if st, err = s.grow(ctx, name, st, c, true, []event.Event{e}); err != nil {
		return err
	}
	to := st.fence
	to.schema = st.schema.mark
	if _, err := s.move(ctx, name, st, to, operations(c, true)); err != nil {
		return err
	}
	return s.unpark(ctx, []event.Aggregate{e.Aggregate})
}
