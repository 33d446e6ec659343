package follow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/follow"
)

// sink remembers what it was given. It can fail, and be overtaken.
type sink struct {
	mu       sync.Mutex
	place    eventlog.Head
	seen     []event.ID
	batches  int
	failures int
	before   func() // runs before a batch is applied, once
}

func (s *sink) Place(context.Context, int) (eventlog.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.place, nil
}

func (s *sink) Apply(_ context.Context, _ int, from, to eventlog.Head, events []event.Event) error {
	s.mu.Lock()
	before := s.before
	s.before = nil
	s.mu.Unlock()
	if before != nil {
		before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		return errors.New("away")
	}
	if s.place != from {
		return follow.ErrMoved
	}
	s.place = to
	s.batches++
	for _, e := range events {
		s.seen = append(s.seen, e.ID)
	}
	return nil
}

func (s *sink) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.seen)
}

type world struct {
	t    *testing.T
	log  *eventlog.Log
	sink *sink
	now  time.Time
	mu   sync.Mutex
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, sink: &sink{}, now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	w.log = eventlog.New(eventlog.Config{
		Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", Chains: 1, NewID: func() string { return "log" }, Now: w.clock,
	})
	t.Cleanup(w.log.Close)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) append(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		_, err := w.log.Append(w.t.Context(), eventlog.Entry{Event: event.Event{
			ID: event.ID(id), Type: "CREATE_INSTANCE_REQUESTED", Source: "/test", Time: w.clock(), Kind: event.Command,
			Aggregate: event.Aggregate{Type: "Instance", ID: id},
		}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) follower(events int) *follow.Follower {
	f := follow.New(follow.Config{Name: "test", Log: w.log, Sink: w.sink, Events: events, Now: w.clock, Logger: slog.New(slog.DiscardHandler)})
	w.t.Cleanup(f.Close)
	return f
}

func (w *world) eventually(want string) {
	w.t.Helper()
	for w.sink.told() != want {
		select {
		case <-w.t.Context().Done():
			w.t.Fatalf("saw %s, want %s", w.sink.told(), want)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestEachEventOnceInOrder(t *testing.T) {
	w := newWorld(t)
	f := w.follower(2)
	w.append("a", "b", "c", "d", "e")
	if lag, err := f.Lag(t.Context(), 0); err != nil || lag != 5 {
		t.Errorf("lag %d, %v", lag, err)
	}
	n, err := f.Follow(t.Context(), 0)
	if err != nil || n != 5 || w.sink.told() != "[a b c d e]" || w.sink.batches != 3 {
		t.Errorf("%d events in %d batches: %s, %v", n, w.sink.batches, w.sink.told(), err)
	}
	w.append("f")
	if n, err := f.Follow(t.Context(), 0); err != nil || n != 1 || w.sink.told() != "[a b c d e f]" {
		t.Errorf("%d: %s, %v", n, w.sink.told(), err)
	}
	if lag, err := f.Lag(t.Context(), 0); err != nil || lag != 0 {
		t.Errorf("lag %d, %v", lag, err)
	}
}

func TestAnOvertakenFollowerGoesOnFromTheNewPlace(t *testing.T) {
	w := newWorld(t)
	w.append("a", "b", "c")
	first, second := w.follower(1), w.follower(2)
	w.sink.before = func() {
		if _, err := second.Follow(t.Context(), 0); err != nil {
			t.Error(err)
		}
	}
	if _, err := first.Follow(t.Context(), 0); err != nil || w.sink.told() != "[a b c]" {
		t.Errorf("%s, %v", w.sink.told(), err)
	}
}

func TestWakesWhileItWorksAreNotLost(t *testing.T) {
	w := newWorld(t)
	f := w.follower(10)
	w.append("a")
	w.sink.before = func() {
		w.append("b")
		f.Wake(0)
	}
	f.Wake(0)
	w.eventually("[a b]")
}

func TestAFailingSinkIsTriedAgainAfterAPause(t *testing.T) {
	w := newWorld(t)
	f := w.follower(10)
	w.append("a")
	w.sink.failures = 1
	if _, err := f.Follow(t.Context(), 0); err == nil {
		t.Error("the failure is not told")
	}
	w.sink.failures = 1
	failed := func() bool { w.sink.mu.Lock(); defer w.sink.mu.Unlock(); return w.sink.failures == 0 }
	for f.Wake(0); !failed(); {
		time.Sleep(time.Millisecond)
	}
	for w.sink.told() == "[]" {
		w.pass(time.Second)
		if err := f.WakeAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	w.eventually("[a]")
}

func TestAClosedFollowerDoesNothing(t *testing.T) {
	w := newWorld(t)
	f := w.follower(10)
	w.append("a")
	f.Close()
	f.Wake(0)
	if w.sink.told() != "[]" {
		t.Errorf("saw %s", w.sink.told())
	}
}

// TestWhatComesWhileItLingersIsOneBatch: the wait is for more to come.
func TestWhatComesWhileItLingersIsOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := follow.New(follow.Config{Name: "test", Log: w.log, Sink: w.sink, Linger: time.Second, Now: w.clock, Logger: slog.New(slog.DiscardHandler)})
		defer f.Close()
		defer w.log.Close()
		w.append("a")
		f.Wake(0)
		time.Sleep(time.Second / 2)
		w.append("b")
		f.Wake(0)
		time.Sleep(time.Second)
		synctest.Wait()
		if w.sink.told() != "[a b]" || w.sink.batches != 1 {
			t.Errorf("%s in %d batches", w.sink.told(), w.sink.batches)
		}
	})
}
