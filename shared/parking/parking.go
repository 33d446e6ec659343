// Package parking is what operators do with what handlers could not go on with:
// look, try again, or give a fact up.
//
//	parking.go  reading, and trying again
//	discard.go  giving one fact up, as an event in the log
package parking

import (
	"context"
	"errors"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/problem"
)

// Graph writes aggregates again that are parked for the graph, whose follower does
// not come back to them.
type Graph interface {
	Replay(ctx context.Context, p consume.Parked) error
}

// Service is the operators' side of parking. It is safe for concurrent use.
type Service struct {
	Registry *pgregistry.Registry
	Log      *eventlog.Log
	Graph    Graph
	Source   string // of the events that it appends
	Now      func() time.Time
}

var textNotParked = problem.Define("parking.not_parked",
	"{aggregate} is not parked for {handler}; it may have gone on meanwhile. List what is parked again.",
	"{aggregate}은(는) {handler}에서 보류 상태가 아닙니다. 그 사이에 처리되었을 수 있으니 보류 목록을 다시 조회하세요.")

// One reads a parked aggregate and the event that it is parked at. Without one it
// is a problem with status 404.
func (s *Service) One(ctx context.Context, handler string, a event.Aggregate) (consume.Parked, event.Event, error) {
	p, err := s.parked(ctx, handler, a)
	if err != nil {
		return consume.Parked{}, event.Event{}, err
	}
	if p == nil {
		return consume.Parked{}, event.Event{}, problem.New(404, textNotParked.With("aggregate", a.String(), "handler", handler))
	}
	e, err := s.event(ctx, p)
	return *p, e, err
}

// parked reads a row, nil without one.
func (s *Service) parked(ctx context.Context, handler string, a event.Aggregate) (*consume.Parked, error) {
	marks, err := s.Registry.Load(ctx, handler, []event.Aggregate{a})
	if err != nil {
		return nil, unavailable(err)
	}
	return marks[a].Parked, nil
}

// event finds the event that a row is parked at: the row knows the newest one that
// was delivered, facts lead back.
func (s *Service) event(ctx context.Context, p *consume.Parked) (event.Event, error) {
	if p.Next == 0 {
		e, err := s.Log.Event(ctx, p.Position)
		if err != nil {
			return e, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		return e, nil
	}
	// A row that goes on behind a discarded fact may know only the one before.
	states, _, err := s.Log.States(ctx, p.Database, p.Aggregate)
	if err != nil {
		return event.Event{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	for e, err := range s.Log.History(ctx, states[p.Aggregate].Position) {
		if err != nil {
			return e, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		if e.Sequence == p.Next {
			return e, nil
		}
	}
	return event.Event{}, problem.Internal(errors.New("parking: the log has no fact " + p.Aggregate.String()))
}

// Replayed counts what a replay did.
type Replayed struct {
	Due     int `json:"due"`     // are delivered again with the next sweep
	Applied int `json:"applied"` // of the graph, at once
	Refused int `json:"refused"` // of the graph, again
	Left    int `json:"left"`    // of the graph, to be asked for again
}

// graphLimit bounds what one replay writes into the graph.
const graphLimit = 200

// Replay lets the chosen aggregates be tried at once: attempts begin again, and
// facts are applied in their order from the one that is missing.
func (s *Service) Replay(ctx context.Context, f pgregistry.Filter) (r Replayed, err error) {
	if r.Due, err = s.Registry.Requeue(ctx, s.Now(), f, graphprojection.Handler); err != nil {
		return r, unavailable(err)
	}
	if f.Handler != "" && f.Handler != graphprojection.Handler {
		return r, nil
	}
	// Databases that the graph has left behind are tried by its follower itself.
	f.Handler, f.State = graphprojection.Handler, pgregistry.Dead
	rows, total, err := s.Registry.List(ctx, f, 0, graphLimit)
	if err != nil {
		return r, unavailable(err)
	}
	r.Left = total - len(rows)
	for _, row := range rows {
		switch err := s.Graph.Replay(ctx, row); {
		case consume.IsPermanent(err):
			r.Refused++
		case err != nil:
			return r, problem.Unavailable(problem.ServiceUnavailable, "TerminusDB", err)
		default:
			r.Applied++
		}
	}
	return r, nil
}

func unavailable(err error) error { return problem.Unavailable(problem.DBUnavailable, "registry", err) }
