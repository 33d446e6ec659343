package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/sweep"
)

// world is a log with a sweep over it, and what the sweep published.
type world struct {
	*sweep.Sweep
	log       *eventlog.Log
	registry  *consumetest.Registry
	time      time.Time
	lag       map[string][]event.Position // by handler
	lagErr    error
	publishes error
	hints     []event.ID
}

// Lagging implements sweep.Store.
func (w *world) Lagging(_ context.Context, h sweep.Handler, _ time.Time, grace time.Duration) ([]event.Position, error) {
	if grace != 10*time.Second {
		return nil, fmt.Errorf("grace %s", grace)
	}
	return w.lag[h.Name], w.lagErr
}

// Publish implements eventlog.Publisher.
func (w *world) Publish(_ context.Context, events []event.Event) error {
	if w.publishes != nil {
		return w.publishes
	}
	for _, e := range events {
		w.hints = append(w.hints, e.ID)
	}
	return nil
}

func newWorld(t *testing.T, limit int) *world {
	w := &world{registry: consumetest.NewRegistry(), time: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC), lag: map[string][]event.Position{}}
	now := func() time.Time { return w.time }
	w.log = eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", Chains: 2, NewID: func() string { return "log" }, Now: now})
	t.Cleanup(w.log.Close)
	w.Sweep = sweep.New(sweep.Config{
		Log: w.log, Registry: w.registry, Store: w, Publisher: w, Handlers: []sweep.Handler{{Name: "h1"}, {Name: "h2"}}, Limit: limit, Now: now, Logger: slog.New(slog.DiscardHandler),
	})
	return w
}

func (w *world) append(t *testing.T, id string, kind event.Kind) event.Position {
	t.Helper()
	e := event.Event{ID: event.ID(id), Type: "X", Source: "/test", Time: w.time, Kind: kind, Aggregate: event.Aggregate{Type: "Instance", ID: id}}
	if kind == event.Domain {
		e.Lifecycle = event.Creates
	}
	r, err := w.log.Append(t.Context(), eventlog.Entry{Event: e})
	if err != nil {
		t.Fatal(err)
	}
	return r.Position
}

// run sweeps and shows what was hinted at.
func (w *world) run(t *testing.T) string {
	t.Helper()
	w.hints = nil
	n, err := w.Run(t.Context())
	if err != nil || n != len(w.hints) {
		t.Fatalf("%d of %v, %v", n, w.hints, err)
	}
	return fmt.Sprint(w.hints)
}

func (w *world) park(t *testing.T, id string, p consume.Parked) {
	t.Helper()
	a := event.Aggregate{Type: "Instance", ID: id}
	p.Handler, p.Aggregate = "h1", a
	if err := w.registry.Save(t.Context(), "h1", w.time, []consume.Progress{{Aggregate: a, Park: &p}}); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsWithoutAnOutcome(t *testing.T) {
	w := newWorld(t, 0)
	w.append(t, "c1", event.Command)
	if got := w.run(t); got != "[]" {
		t.Errorf("at once: %s", got)
	}
	w.time = w.time.Add(10 * time.Second)
	if got := w.run(t); got != "[]" {
		t.Errorf("after the grace period: %s", got)
	}
	w.time = w.time.Add(time.Millisecond)
	w.append(t, "c2", event.Command)
	if first, second := w.run(t), w.run(t); first != "[c1]" || second != "[]" {
		t.Errorf("overdue: %s, then %s", first, second)
	}
	w.time = w.time.Add(11 * time.Second)
	if got := w.run(t); len(w.hints) != 2 {
		t.Errorf("one period later: %s", got)
	}
}

func TestParkedAggregates(t *testing.T) {
	w := newWorld(t, 0)
	due, later, dead := w.append(t, "due", event.Domain), w.append(t, "later", event.Domain), w.append(t, "dead", event.Domain)
	w.park(t, "due", consume.Parked{NextTry: w.time, Position: due})
	w.park(t, "later", consume.Parked{NextTry: w.time.Add(time.Minute), Position: later})
	w.park(t, "dead", consume.Parked{NextTry: w.time, Position: dead, Dead: true})
	if got := w.run(t); got != "[due]" {
		t.Error(got)
	}
	w.time = w.time.Add(time.Minute)
	if got := w.run(t); len(w.hints) != 2 || got == "[dead]" {
		t.Errorf("a minute later: %s", got)
	}
}

func TestLaggingHandlers(t *testing.T) {
	w := newWorld(t, 0)
	one, two := w.append(t, "one", event.Domain), w.append(t, "two", event.Domain)
	w.lag["h1"], w.lag["h2"] = []event.Position{one, two}, []event.Position{two}
	w.park(t, "one", consume.Parked{NextTry: w.time, Position: one})
	if w.run(t); len(w.hints) != 2 {
		t.Errorf("each once, whoever asks: %v", w.hints)
	}
	if got := w.run(t); got != "[]" {
		t.Errorf("again at once: %s", got)
	}
}

func TestTheLimit(t *testing.T) {
	w := newWorld(t, 3)
	for i := range 10 {
		w.append(t, fmt.Sprint("c", i), event.Command)
	}
	w.time = w.time.Add(time.Minute)
	if w.run(t); len(w.hints) != 3 {
		t.Errorf("%v", w.hints)
	}
}

func TestAnErrorIsTold(t *testing.T) {
	w := newWorld(t, 0)
	position := w.append(t, "a", event.Domain)
	broken := errors.New("broken")
	w.lagErr = broken
	if _, err := w.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("store: %v", err)
	}
	w.lagErr, w.publishes, w.lag["h1"] = nil, broken, []event.Position{position}
	if _, err := w.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("publisher: %v", err)
	}
	w.publishes = nil
	w.time = w.time.Add(10 * time.Second)
	if got := w.run(t); got != "[a]" {
		t.Errorf("one period later: %s", got)
	}
}

func TestTheProjectsHandlers(t *testing.T) {
	names := map[string]bool{}
	for _, h := range sweep.Handlers {
		if names[h.Name] || h.Name == "" || len(h.Types) == 0 {
			t.Errorf("%+v", h)
		}
		names[h.Name] = true
	}
	for _, name := range []string{"projection_worker:instance_events", "projection_worker:ontology_events"} {
		if !names[name] {
			t.Errorf("%s is missing: its lost deliveries would not be found", name)
		}
	}
}
