package consume_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// world is a log, a registry and a clock for the middleware's tests.
type world struct {
	log      *eventlog.Log
	index    *eventlogtest.Index
	registry *consumetest.Registry
	mu       sync.Mutex
	time     time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{registry: consumetest.NewRegistry(), index: eventlogtest.NewIndex(), time: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	w.log = eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: w.index, Writer: "w", Chains: 1, NewID: func() string { return "log" }, Now: w.now})
	t.Cleanup(w.log.Close)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

// facts appends n facts to an instance and gives them as they are delivered.
func (w *world) facts(t *testing.T, id string, n int) []event.Event {
	t.Helper()
	var delivered []event.Event
	for i := range n {
		e := event.Event{
			ID: event.ID(fmt.Sprintf("%s-%d", id, i+1)), Type: "INSTANCE_UPDATED", Source: "/test", Time: w.now(), Kind: event.Domain,
			Aggregate: event.Aggregate{Type: "Instance", ID: id}, Lifecycle: event.Changes,
		}
		if i == 0 {
			e.Lifecycle = event.Creates
		}
		r, err := w.log.Append(t.Context(), eventlog.Entry{Event: e})
		if err != nil {
			t.Fatal(err)
		}
		if e, err = w.log.Event(t.Context(), r.Position); err != nil {
			t.Fatal(err)
		}
		delivered = append(delivered, e)
	}
	return delivered
}

// sink remembers what the effect was given, and can refuse.
type sink struct {
	mu      sync.Mutex
	applied map[string][]uint64
	calls   int
	fail    func(consume.Work) error
}

func (s *sink) apply(_ context.Context, work []consume.Work) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	errs := make([]error, len(work))
	for i, w := range work {
		if s.fail != nil {
			if errs[i] = s.fail(w); errs[i] != nil {
				continue
			}
		}
		for _, f := range w.Facts {
			s.applied[w.Aggregate.ID] = append(s.applied[w.Aggregate.ID], f.Sequence)
		}
	}
	return errs
}

func (w *world) base(handler string) consume.Base {
	return consume.Base{
		Handler: handler, Types: []event.AggregateType{"Instance"}, Log: w.log, Registry: w.registry, Now: w.now,
		Logger: slog.New(slog.DiscardHandler), Retry: consume.Retry{Pause: func(context.Context, int) {}},
	}
}

func (w *world) consumer(t *testing.T, s *sink) *consume.Facts {
	s.applied = map[string][]uint64{}
	f := consume.NewFacts(consume.FactsConfig{
		Base: w.base("projection"), Effect: s.apply,
	})
	t.Cleanup(f.Close)
	return f
}

func deliver(t *testing.T, c interface {
	Consume(context.Context, []event.Event) error
}, events ...event.Event) {
	t.Helper()
	if err := c.Consume(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func TestFactsAreAppliedOnceAndInOrder(t *testing.T) {
	w, s := newWorld(t), &sink{}
	c := w.consumer(t, s)
	facts := w.facts(t, "a", 3)
	deliver(t, c, facts[0])
	deliver(t, c, facts[0], facts[1])
	deliver(t, c, facts[2], facts[1], facts[2])
	if got := s.applied["a"]; !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("applied %v", got)
	}
	if p, ok := w.registry.Processed("projection", "a-2"); !ok || p.Status != consume.StatusDone {
		t.Errorf("processed %+v", p)
	}
}

func TestAGapIsFilledFromTheLog(t *testing.T) {
	w, s := newWorld(t), &sink{}
	c := w.consumer(t, s)
	facts := w.facts(t, "a", 5)
	deliver(t, c, facts[4])
	if got := s.applied["a"]; !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("applied %v", got)
	}
}

func TestForeignDeliveriesAreIgnored(t *testing.T) {
	w, s := newWorld(t), &sink{}
	c := w.consumer(t, s)
	other := w.facts(t, "a", 1)[0]
	other.Aggregate.Type = "Database"
	command := event.Event{Kind: event.Command, Aggregate: event.Aggregate{Type: "Instance", ID: "a"}}
	deliver(t, c, other, command)
	if s.calls != 0 {
		t.Errorf("the effect was called %d times", s.calls)
	}
}

// TestAnyDeliveryIsSafe loses, doubles and shuffles deliveries from several
// callers at once; a last hint per aggregate, as a sweep sends it, completes.
func TestAnyDeliveryIsSafe(t *testing.T) {
	w, s := newWorld(t), &sink{}
	s.fail = func(consume.Work) error {
		if rand.IntN(4) == 0 {
			return errors.New("sink is busy")
		}
		return nil
	}
	c := w.consumer(t, s)
	var deliveries, last []event.Event
	for a := range 5 {
		facts := w.facts(t, fmt.Sprint(a), 8)
		last = append(last, facts[7])
		for _, f := range facts {
			for range rand.IntN(3) {
				deliveries = append(deliveries, f)
			}
		}
	}
	rand.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
	var callers sync.WaitGroup
	for chunk := range slices.Chunk(deliveries, 3) {
		callers.Go(func() {
			if err := c.Consume(t.Context(), chunk); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	s.fail = nil
	w.pass(time.Hour)
	deliver(t, c, last...)
	for a := range 5 {
		if got := s.applied[fmt.Sprint(a)]; !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("aggregate %d: applied %v", a, got)
		}
	}
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) > 0 {
		t.Errorf("still parked: %+v", parked)
	}
}

func TestAFailingAggregateIsParkedAlone(t *testing.T) {
	w, s := newWorld(t), &sink{}
	down := errors.New("sink is down")
	s.fail = func(work consume.Work) error {
		if work.Aggregate.ID == "bad" {
			return down
		}
		return nil
	}
	c := w.consumer(t, s)
	bad, good := w.facts(t, "bad", 2), w.facts(t, "good", 1)
	deliver(t, c, bad[0], good[0])
	if !slices.Equal(s.applied["good"], []uint64{1}) || s.applied["bad"] != nil {
		t.Errorf("applied %v", s.applied)
	}
	parked, _ := w.registry.Parked(t.Context(), 10)
	if len(parked) != 1 || parked[0].Dead || parked[0].Next != 1 || parked[0].Attempts != 1 || !strings.Contains(parked[0].Reason, "sink is down") {
		t.Fatalf("parked %+v", parked)
	}
	calls := s.calls
	if calls != 3 {
		t.Errorf("%d tries inside the delivery, want 3", calls)
	}
	deliver(t, c, bad[1]) // a delivery for a parked aggregate: nothing
	if s.calls != calls {
		t.Error("the effect was called for a parked aggregate")
	}
	w.pass(time.Second)
	deliver(t, c, bad[1])
	if parked, _ = w.registry.Parked(t.Context(), 10); parked[0].Attempts != 2 || !parked[0].NextTry.Equal(w.now().Add(2*time.Second)) {
		t.Errorf("parked again: %+v", parked[0])
	}
	s.fail = nil
	w.pass(2 * time.Second)
	deliver(t, c, bad[0])
	deliver(t, c, bad[1])
	if !slices.Equal(s.applied["bad"], []uint64{1, 2}) {
		t.Errorf("applied %v", s.applied["bad"])
	}
	if parked, _ = w.registry.Parked(t.Context(), 10); len(parked) > 0 {
		t.Errorf("still parked: %+v", parked)
	}
}

func TestARefusedFactParksTheAggregateDead(t *testing.T) {
	w, s := newWorld(t), &sink{}
	s.fail = func(consume.Work) error { return consume.Permanent(errors.New("mapping refuses the document")) }
	c := w.consumer(t, s)
	facts := w.facts(t, "a", 2)
	deliver(t, c, facts[0])
	if s.calls != 1 {
		t.Errorf("%d tries for a refusal", s.calls)
	}
	w.pass(24 * time.Hour)
	deliver(t, c, facts[1])
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) != 1 || !parked[0].Dead || s.calls != 1 {
		t.Errorf("parked %+v after %d calls", parked, s.calls)
	}
}

func TestAPanicIsAFailureOfTheDelivery(t *testing.T) {
	w, s := newWorld(t), &sink{}
	s.fail = func(consume.Work) error { panic("nil map") }
	c := w.consumer(t, s)
	deliver(t, c, w.facts(t, "a", 1)...)
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) != 1 || !strings.Contains(parked[0].Reason, "nil map") {
		t.Errorf("parked %+v", parked)
	}
}

// What is refused among several facts is parked alone: those before are applied.
func TestTheFactThatIsRefusedIsTheOneThatIsParked(t *testing.T) {
	w, s := newWorld(t), &sink{}
	c := w.consumer(t, s)
	s.fail = func(w consume.Work) error {
		if w.Facts[len(w.Facts)-1].Sequence == 3 {
			return consume.Permanent(errors.New("poison"))
		}
		return nil
	}
	facts := w.facts(t, "a", 3)
	deliver(t, c, facts[2])
	if got := s.applied["a"]; !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("applied %v", got)
	}
	marks, err := w.registry.Load(t.Context(), "projection", []event.Aggregate{facts[0].Aggregate})
	if m := marks[facts[0].Aggregate]; err != nil || m.Sequence != 2 || m.Parked == nil || m.Parked.Next != 3 || !m.Parked.Dead {
		t.Errorf("mark %+v, %v", m, err)
	}
}

// So many facts before the refused one are applied in several deliveries.
func TestManyFactsBeforeTheRefusedOne(t *testing.T) {
	w, s := newWorld(t), &sink{}
	c := w.consumer(t, s)
	const n = 250
	s.fail = func(w consume.Work) error {
		if w.Facts[len(w.Facts)-1].Sequence == n {
			return consume.Permanent(errors.New("poison"))
		}
		return nil
	}
	facts := w.facts(t, "a", n)
	for _, next := range []uint64{101, 201, n} {
		deliver(t, c, facts[n-1])
		marks, err := w.registry.Load(t.Context(), "projection", []event.Aggregate{facts[0].Aggregate})
		if m := marks[facts[0].Aggregate]; err != nil || m.Sequence != next-1 || m.Parked == nil || m.Parked.Next != next || m.Parked.Dead != (next == n) {
			t.Errorf("mark %+v, %v, want %d", m, err, next)
		}
		w.pass(time.Hour)
	}
}
