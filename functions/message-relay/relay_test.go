package messagerelay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	messagerelay "spiceharvester/functions/message-relay"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/sweep"
)

// transport is a publisher that can be held and can fail.
type transport struct {
	mu        sync.Mutex
	published []event.ID
	failing   bool
	gate      chan struct{}
}

func (p *transport) Publish(_ context.Context, events []event.Event) error {
	if p.gate != nil {
		p.gate <- struct{}{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing {
		return errors.New("broker is down")
	}
	for _, e := range events {
		p.published = append(p.published, e.ID)
	}
	return nil
}

func (p *transport) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.published)
}

type noLag struct{}

func (noLag) Lagging(context.Context, sweep.Handler, time.Time, time.Duration) ([]event.Position, error) {
	return nil, nil
}

type fixture struct {
	*messagerelay.Function
	log      *eventlog.Log
	out      *transport
	registry *consumetest.Registry
	now      time.Time
	forgot   []time.Time
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{out: &transport{}, registry: consumetest.NewRegistry(), now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return f.now }
	f.log = eventlog.New(eventlog.Config{
		Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", Chains: 2, NewID: func() string { return "log" }, Now: clock,
	})
	t.Cleanup(f.log.Close)
	logger := slog.New(slog.DiscardHandler)
	f.Function = messagerelay.New(messagerelay.Deps{
		Log: f.log, Publisher: f.out, Registry: f.registry, Now: clock, Logger: logger,
		Sweep:  sweep.New(sweep.Config{Log: f.log, Registry: f.registry, Store: noLag{}, Publisher: f.out, Now: clock, Logger: logger}),
		Forget: func(_ context.Context, t time.Time) error { f.forgot = append(f.forgot, t); return nil },
	})
	return f
}

func (f *fixture) command(t *testing.T, id string) int {
	t.Helper()
	r, err := f.log.Append(t.Context(), eventlog.Entry{Event: event.Event{
		ID: event.ID(id), Type: "CREATE_INSTANCE_REQUESTED", Source: "/test", Time: f.now, Kind: event.Command,
		Aggregate: event.Aggregate{Type: "Instance", ID: id},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Position.Chain
}

func (f *fixture) post(t *testing.T, target, body string) int {
	t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body)))
	return w.Code
}

func TestNudgeRelaysTheChain(t *testing.T) {
	f := newFixture(t)
	chain := f.command(t, "c1")
	if code := f.post(t, fmt.Sprintf("/nudge?chain=%d", chain), ""); code != http.StatusOK || f.out.seen() != "[c1]" {
		t.Errorf("status %d, published %s", code, f.out.seen())
	}
	for _, bad := range []string{"", "x", "-1", "2"} {
		if code := f.post(t, "/nudge?chain="+bad, ""); code != http.StatusBadRequest {
			t.Errorf("chain %q: status %d", bad, code)
		}
	}
}

func TestTheTimerAloneIsEnough(t *testing.T) {
	f := newFixture(t)
	f.command(t, "c1")
	f.out.failing = true
	if code := f.post(t, "/", ""); code != http.StatusServiceUnavailable {
		t.Errorf("with the broker down: status %d", code)
	}
	f.out.failing = false
	if code := f.post(t, "/", `{"timer":"message-relay"}`); code != http.StatusOK || f.out.seen() != "[c1]" {
		t.Errorf("status %d, published %s", code, f.out.seen())
	}
}

func TestNoNudgeIsLostWhileTheChainIsHeld(t *testing.T) {
	f := newFixture(t)
	f.out.gate = make(chan struct{})
	chain := f.command(t, "c1")
	nudge := fmt.Sprintf("/nudge?chain=%d", chain)
	first := make(chan int)
	go func() { first <- f.post(t, nudge, "") }()
	<-f.out.gate // the first run publishes c1
	f.command(t, "c2")
	second := make(chan int)
	go func() { second <- f.post(t, nudge, "") }()
	for running := 2; running > 0; {
		select {
		case code := <-first:
			running--
			if code != http.StatusOK {
				t.Errorf("first nudge: %d", code)
			}
		case code := <-second:
			running--
			if code != http.StatusOK {
				t.Errorf("second nudge: %d", code)
			}
		case <-f.out.gate:
		}
	}
	if f.out.seen() != "[c1 c2]" {
		t.Errorf("published %s", f.out.seen())
	}
}

func TestACommandWithoutOutcomeIsDeliveredAgain(t *testing.T) {
	f := newFixture(t)
	f.command(t, "c1")
	f.post(t, "/", "")
	f.post(t, "/", "")
	if f.out.seen() != "[c1]" {
		t.Errorf("within the grace period: %s", f.out.seen())
	}
	f.now = f.now.Add(11 * time.Second)
	f.post(t, "/", "")
	f.post(t, "/", "")
	if f.out.seen() != "[c1 c1]" {
		t.Errorf("after the grace period: %s", f.out.seen())
	}
}

func TestOldIDsAreForgottenOnceADay(t *testing.T) {
	f := newFixture(t)
	f.post(t, "/", "")
	f.post(t, "/", "")
	f.now = f.now.AddDate(0, 0, 1)
	f.post(t, "/", "")
	want := []time.Time{time.Date(2026, 4, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 29, 0, 0, 0, 0, time.UTC)}
	if fmt.Sprint(f.forgot) != fmt.Sprint(want) {
		t.Errorf("forgot %v, want %v", f.forgot, want)
	}
}

func TestDeadLettersAreKept(t *testing.T) {
	f := newFixture(t)
	if code := f.post(t, "/dead-letter", "\x00raw"); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	if l := f.registry.DeadLetters(); len(l) != 1 || string(l[0].Body) != "\x00raw" {
		t.Errorf("dead letters %+v", l)
	}
}
