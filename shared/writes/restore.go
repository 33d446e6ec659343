package writes

import (
	"context"
	"errors"
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/history"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
)

// Restores says of which version the data of a restoration is.
type Restores struct {
	Sequence uint64 `json:"sequence"`
	Position string `json:"position"`
	Origin   string `json:"origin,omitempty"` // of that version: the row it was made of is still its row
}

// RestoreInstance accepts that an instance gets an older state again, the one of the
// version at m. A deleted instance is created again; expected is then the sequence
// of its deletion.
func (s *Service) RestoreInstance(ctx context.Context, c Caller, t InstanceTarget, id string, m history.Moment, expected uint64) (command.Accepted, error) {
	definition, err := s.classFor(ctx, t.Database, t.Branch, t.Class)
	if err != nil {
		return s.replayed(ctx, c, t.Database, err)
	}
	if err := pathParam("instance_id", id, instance.CheckID); err != nil {
		return command.Accepted{}, err
	}
	ref := t.ref(id)
	v, err := (&history.Reader{Log: s.Commands.Log}).Exact(ctx, ref, m)
	if reason := (problem.Message{}); errors.As(err, &reason) {
		err = problem.Validation(problem.InvalidValue([]any{"body", "position"}, reason, nil))
	}
	if err != nil {
		return s.replayed(ctx, c, t.Database, err)
	}
	if _, errs := instance.Restore(definition.Schema, id, v.Fact.Data, "body", "data"); len(errs) > 0 {
		if row, known, err := s.underKey(ctx, c, t.Database); err == nil && known {
			return command.Accepted{ID: row.ID, Position: row.Position, Repeated: true}, nil
		}
		p := problem.From(errs.Err())
		p.Status = http.StatusUnprocessableEntity
		return command.Accepted{}, p.WithContext("restores", v.Event.Sequence).WithContext("class_sequence", definition.Sequence)
	}
	a := InstanceAggregate(ref)
	states, _, err := s.Commands.Log.States(ctx, t.Database, a)
	if err != nil {
		return command.Accepted{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	expect := event.At(expected)
	if state := states[a]; !state.Exists {
		if expected != state.Sequence {
			conflict := problem.SequenceConflict(a.ID, int64(expected), int64(state.Sequence))
			if row, known, err := s.underKey(ctx, c, t.Database); err == nil && known {
				return command.Accepted{ID: row.ID, Position: row.Position, Repeated: true}, nil
			}
			return command.Accepted{}, conflict
		}
		expect = event.Absent
	}
	return s.submit(ctx, c, command.Request{
		Type: RestoreInstance, Aggregate: a, Database: t.Database, Branch: t.Branch, Expect: expect,
		Require: []eventlog.Require{classRequired(t.Database, t.Branch, t.Class)},
		Payload: InstancePayload{
			Class: t.Class, Instance: id, Data: v.Fact.Data,
			Restores: &Restores{Sequence: v.Event.Sequence, Position: v.Event.Position.String(), Origin: v.Event.Origin},
		},
	})
}
