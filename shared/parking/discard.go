package parking

import (
	"context"
	"errors"
	"slices"
	"strings"

	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

var (
	textElsewhere = problem.Define("discard.elsewhere",
		"{aggregate} is not parked for {handler} at sequence {expected} but at {actual}; read it again before you discard.",
		"{aggregate}은(는) {handler}에서 순번 {expected}이(가) 아니라 {actual}에서 보류되어 있습니다. 다시 조회한 뒤 폐기하세요.")
	textCommand = problem.Define("discard.command",
		"What is parked is a command, not a fact: it ends as failed when its attempts are used up. Cancel it, or replay it.",
		"보류된 것은 사실이 아니라 명령입니다. 시도 횟수를 모두 쓰면 실패로 끝납니다. 명령을 취소하거나 다시 시도하세요.")
	textNoDatabase = problem.Define("discard.no_database",
		"The database '{name}' does not exist any more, so nothing has to be discarded; replay the aggregate, its facts have nothing left to be projected into.",
		"데이터베이스 '{name}'이(가) 더 이상 없으므로 폐기할 필요가 없습니다. 다시 시도하면 보류가 해제됩니다.")
)

// Target names a fact of a parked aggregate.
type Target struct {
	Handler   string
	Aggregate event.Aggregate
	Sequence  uint64
}

// Discarded is what a discard did.
type Discarded struct {
	Position event.Position
	Repeated bool // it was discarded before
}

// Discard gives one fact up for one handler. The log gets an event, then the handler
// goes on with the next sequence. It refuses (409) unless the aggregate is parked at
// exactly that fact. Repeated, it has one effect.
func (s *Service) Discard(ctx context.Context, c writes.Caller, t Target, reason string) (d Discarded, err error) {
	p, err := s.parked(ctx, t.Handler, t.Aggregate)
	if err != nil {
		return d, err
	}
	if p == nil || p.Next != t.Sequence {
		return s.before(ctx, t, p)
	}
	e, err := s.event(ctx, p)
	if err != nil {
		return d, err
	}
	// From here on the handler leaves the aggregate alone.
	held, err := s.Registry.Hold(ctx, t.Handler, t.Aggregate, t.Sequence)
	if err != nil {
		return d, unavailable(err)
	}
	if !held {
		return d, elsewhere(t, nil)
	}
	if d, err = s.append(ctx, c, t, p, &e, reason); err != nil {
		if p.Dead {
			return d, err
		}
		_, back := s.Registry.Requeue(ctx, p.NextTry, pgregistry.Filter{Handler: t.Handler, Aggregate: t.Aggregate}, "")
		return d, errors.Join(err, back)
	}
	if slices.ContainsFunc(sweep.Handlers, func(h sweep.Handler) bool { return h.Name == t.Handler }) {
		err = s.Registry.PassOver(ctx, s.Now(), t.Handler, t.Aggregate, t.Sequence)
	} else {
		// A follower of whole chains has passed the fact already.
		err = s.Registry.Save(ctx, t.Handler, s.Now(), []consume.Progress{{Aggregate: t.Aggregate}})
	}
	if err != nil {
		return d, problem.UnknownOutcome(0, err)
	}
	return d, nil
}

func elsewhere(t Target, p *consume.Parked) error {
	if p == nil {
		return problem.Conflict(textNotParked.With("aggregate", t.Aggregate.String(), "handler", t.Handler))
	}
	if p.Next == 0 {
		return problem.Conflict(textCommand.With())
	}
	return problem.Conflict(textElsewhere.With("aggregate", t.Aggregate.String(), "handler", t.Handler, "expected", t.Sequence, "actual", p.Next)).
		WithContext("expected", t.Sequence).WithContext("actual", p.Next)
}

// before answers for a fact that the aggregate is not parked at: it may have been
// discarded by the same request before.
func (s *Service) before(ctx context.Context, t Target, p *consume.Parked) (d Discarded, err error) {
	f := discard.Fact{Handler: t.Handler, AggregateType: t.Aggregate.Type, AggregateID: t.Aggregate.ID, Sequence: t.Sequence}
	database, _, _ := strings.Cut(t.Aggregate.ID, ":") // with it begin the ids of all that is projected
	a := f.Aggregate()
	states, _, err := s.Log.States(ctx, database, a)
	if err != nil {
		return d, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !states[a].Exists {
		return d, elsewhere(t, p)
	}
	return Discarded{Position: states[a].Position, Repeated: true}, nil
}

// append puts the discard into the log.
func (s *Service) append(ctx context.Context, c writes.Caller, t Target, p *consume.Parked, e *event.Event, reason string) (d Discarded, err error) {
	f := discard.Fact{
		Handler: t.Handler, AggregateType: t.Aggregate.Type, AggregateID: t.Aggregate.ID, Sequence: t.Sequence, Event: e.ID, Cause: p.Reason, Reason: reason,
	}
	data, err := f.Data()
	if err != nil {
		return d, problem.Internal(err)
	}
	id := event.DomainID(e.ID, discard.EventType, f.Aggregate().ID)
	if c.IdempotencyKey != "" {
		id = event.IdempotentCommandID(p.Database, c.Endpoint, c.IdempotencyKey)
	}
	result, err := s.Log.Append(ctx, eventlog.Entry{Event: event.Event{
		ID: id, Type: discard.EventType, Source: s.Source, Time: s.Now().UTC(), Kind: event.Domain, Aggregate: f.Aggregate(), Lifecycle: event.Creates,
		Database: p.Database, Branch: e.Branch, Actor: c.Actor, Correlation: c.Correlation, TraceParent: c.TraceParent, Data: data,
	}})
	var refusal *eventlog.Refusal
	switch {
	case err == nil:
		return Discarded{Position: result.Position, Repeated: result.Duplicate}, nil
	case errors.As(err, &refusal) && refusal.Reason == eventlog.Conflict && refusal.Exists:
		return s.before(ctx, t, p) // discarded before, and not gone on since
	case errors.As(err, &refusal) && refusal.Reason == eventlog.DatabaseMissing:
		return d, problem.Conflict(textNoDatabase.With("name", p.Database)).Because(err)
	}
	return d, command.Problem(err)
}
