package parking_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/parking"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// graph remembers what it is asked to write, and refuses one instance.
type graph struct {
	asked   []string
	refuses string
}

func (g *graph) Replay(_ context.Context, p consume.Parked) error {
	g.asked = append(g.asked, p.Aggregate.ID)
	if p.Aggregate.ID == g.refuses {
		return consume.Permanent(errors.New("refused"))
	}
	return nil
}

type world struct {
	*parking.Service
	t     *testing.T
	graph *graph
	count int
}

func newWorld(t *testing.T) *world {
	pool := pgtest.Pool(t)
	w := &world{t: t, graph: &graph{}}
	w.Service = &parking.Service{Registry: pgregistry.New(pool, "test"), Graph: w.graph, Source: "/test", Now: time.Now, Log: eventlog.New(eventlog.Config{
		Objects: eventlogtest.NewObjects(), Index: pgindex.New(pool), Writer: "w", NewID: func() string { return "log" }, Logger: slog.New(slog.DiscardHandler),
	})}
	t.Cleanup(w.Log.Close)
	w.fact(event.DatabaseAggregate("shop"), event.Creates)
	return w
}

func (w *world) fact(a event.Aggregate, lifecycle event.Lifecycle) event.Position {
	w.t.Helper()
	w.count++
	r, err := w.Log.Append(w.t.Context(), eventlog.Entry{Event: event.Event{
		ID: event.ID(fmt.Sprint("e", w.count)), Type: "FACT", Source: "/test", Time: time.Now(), Kind: event.Domain, Aggregate: a, Lifecycle: lifecycle, Database: "shop", Data: []byte(`{}`),
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Position
}

func (w *world) park(handler, id string, next uint64, at event.Position, dead bool) parking.Target {
	w.t.Helper()
	a := event.Aggregate{Type: writes.Instances, ID: id}
	now := time.Now().UTC()
	p := consume.Parked{Handler: handler, Aggregate: a, Database: "shop", Next: next, Attempts: 1, NextTry: now.Add(time.Hour), Dead: dead, Reason: "bad", Position: at, Since: now}
	if err := w.Registry.Save(w.t.Context(), handler, now, []consume.Progress{{Aggregate: a, Park: &p}}); err != nil {
		w.t.Fatal(err)
	}
	return parking.Target{Handler: handler, Aggregate: a, Sequence: next}
}

func (w *world) mark(t parking.Target) consume.Mark {
	w.t.Helper()
	marks, err := w.Registry.Load(w.t.Context(), t.Handler, []event.Aggregate{t.Aggregate})
	if err != nil {
		w.t.Fatal(err)
	}
	return marks[t.Aggregate]
}

func (w *world) instance(id string, facts int) (last event.Position) {
	w.t.Helper()
	lifecycle := event.Creates
	for range facts {
		last, lifecycle = w.fact(event.Aggregate{Type: writes.Instances, ID: id}, lifecycle), event.Changes
	}
	return last
}

func TestDiscard(t *testing.T) {
	w := newWorld(t)
	last := w.instance("shop:main:C:1", 3)
	docs, graph := w.park(sweep.Instances.Name, "shop:main:C:1", 2, last, false), w.park(graphprojection.Handler, "shop:main:C:1", 3, last, true)
	caller := writes.Caller{Actor: "kim", Endpoint: "discard-parked", IdempotencyKey: "k"}

	_, e, err := w.One(t.Context(), docs.Handler, docs.Aggregate)
	if err != nil || e.Sequence != 2 {
		t.Fatalf("parked at %+v, %v", e, err)
	}
	d, err := w.Discard(t.Context(), caller, docs, "why")
	if err != nil || d.Repeated {
		t.Fatalf("%+v, %v", d, err)
	}
	if m := w.mark(docs); m.Sequence != 2 || m.Parked == nil || m.Parked.Next != 3 || m.Parked.Dead {
		t.Errorf("goes on at %+v", m)
	}
	if again, err := w.Discard(t.Context(), caller, docs, "why"); err != nil || !again.Repeated || again.Position != d.Position {
		t.Errorf("again: %+v, %v", again, err)
	}
	// The key belongs to the first; nothing has changed for the second.
	if _, err := w.Discard(t.Context(), caller, graph, "why"); !conflict(err) || w.mark(graph).Parked == nil {
		t.Errorf("a used key: %v", err)
	}
	caller.IdempotencyKey = ""
	if _, err := w.Discard(t.Context(), caller, graph, ""); err != nil || w.mark(graph).Parked != nil || w.mark(graph).Sequence != 0 {
		t.Errorf("graph: %v, %+v", err, w.mark(graph))
	}
	given, err := discard.Of(t.Context(), w.Log, "shop")
	if err != nil || len(given) != 2 || !given.Has(docs.Handler, &e) || given.Has(graph.Handler, &e) {
		t.Errorf("%v, %v", given, err)
	}
}

// A discard that broke off behind the log is finished by the next.
func TestADiscardIsFinished(t *testing.T) {
	w := newWorld(t)
	last := w.instance("shop:main:C:1", 2)
	docs := w.park(sweep.Instances.Name, "shop:main:C:1", 2, last, true)
	if _, err := w.Discard(t.Context(), writes.Caller{}, docs, ""); err != nil {
		t.Fatal(err)
	}
	w.park(sweep.Instances.Name, "shop:main:C:1", 2, last, true) // as it was before the registry knew
	if d, err := w.Discard(t.Context(), writes.Caller{IdempotencyKey: "other"}, docs, ""); err != nil || !d.Repeated || w.mark(docs).Parked != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatIsNotDiscarded(t *testing.T) {
	w := newWorld(t)
	last := w.instance("shop:main:C:1", 2)
	docs := w.park(sweep.Instances.Name, "shop:main:C:1", 2, last, false)
	command := w.park("instance_worker", "shop:main:C:1", 0, last, false)
	command.Sequence = 1
	elsewhere, absent := docs, docs
	elsewhere.Sequence, absent.Handler = 1, "nobody"
	for _, target := range []parking.Target{elsewhere, absent, command} {
		if _, err := w.Discard(t.Context(), writes.Caller{}, target, ""); !conflict(err) {
			t.Errorf("%+v: %v", target, err)
		}
	}
	w.fact(event.DatabaseAggregate("shop"), event.Deletes)
	if _, err := w.Discard(t.Context(), writes.Caller{}, docs, ""); !conflict(err) {
		t.Errorf("without its database: %v", err)
	}
	if m := w.mark(docs); m.Parked == nil || m.Parked.Dead {
		t.Errorf("a refused discard leaves it %+v", m.Parked)
	}
}

func TestReplayOfTheGraph(t *testing.T) {
	w := newWorld(t)
	w.graph.refuses = "b"
	for _, id := range []string{"a", "b"} {
		w.park(graphprojection.Handler, id, 2, event.Position{}, true)
	}
	docs := w.park(sweep.Instances.Name, "a", 2, event.Position{}, true)
	r, err := w.Replay(t.Context(), pgregistry.Filter{Database: "shop"})
	if want := (parking.Replayed{Due: 1, Applied: 1, Refused: 1}); err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
	if m := w.mark(docs); m.Parked.Dead || m.Parked.Attempts != 0 || m.Parked.NextTry.After(time.Now()) {
		t.Errorf("%+v", m.Parked)
	}
}

func conflict(err error) bool {
	p, ok := problem.AsProblem(err)
	return ok && p.Status == 409
}
