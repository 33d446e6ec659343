package status_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// gate is a board that can be held and can fail.
type gate struct {
	*statustest.Board
	entered chan struct{}
	open    chan struct{}
	mu      sync.Mutex
	err     error
	puts    int
}

func newGate() *gate {
	return &gate{Board: statustest.NewBoard(), entered: make(chan struct{}, 1000), open: make(chan struct{})}
}

func (g *gate) Put(ctx context.Context, records []status.Record) ([]bool, error) {
	g.entered <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	g.mu.Lock()
	g.puts++
	err := g.err
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return g.Board.Put(ctx, records)
}

var quiet = slog.New(slog.DiscardHandler)

// segment gives the events of a command and its end, as the relay sees them.
func segment(w *writestest.World, caller writes.Caller) (id event.ID, events []event.Event) {
	w.T.Helper()
	a, err := w.Writes.CreateDatabase(w.T.Context(), caller, writes.DatabaseFact{Database: "shop"})
	if err != nil {
		w.T.Fatal(err)
	}
	e, err := w.Log.Event(w.T.Context(), a.Position)
	if err != nil {
		w.T.Fatal(err)
	}
	r, err := w.Log.Append(w.T.Context(), eventlog.Entry{Event: event.Event{
		ID: event.DomainID(a.ID, "END", "shop"), Type: "END", Source: "/test", Time: w.Now(), Kind: event.Domain, Aggregate: event.DatabaseAggregate("shop"),
		Database: "shop", Command: a.ID, Outcome: event.Failed, Actor: "somebody else", Data: []byte(`{"error":"no","result":{"n":1.50}}`),
	}})
	if err != nil {
		w.T.Fatal(err)
	}
	end, err := w.Log.Event(w.T.Context(), r.Position)
	if err != nil {
		w.T.Fatal(err)
	}
	return a.ID, []event.Event{e, end}
}

// What the board says of a command that ended is what the log says.
func TestTheBoardSaysWhatTheLogSays(t *testing.T) {
	for name, from := range map[string]int{"from the command on": 0, "from the end on": 1} {
		t.Run(name, func(t *testing.T) {
			w, b := writestest.New(t), statustest.NewBoard()
			id, events := segment(w, writes.Caller{Actor: "ada"})
			writer := status.NewWriter(b, w.Log, quiet)
			writer.Events(events[from:])
			writer.Close()
			got, ok, err := b.Get(t.Context(), id)
			if err != nil || !ok || got.User != "ada" {
				t.Fatalf("%+v, %t, %v", got, ok, err)
			}
			if want := w.Status(id); fmt.Sprintf("%+v", got.Result) != fmt.Sprintf("%+v", want.Result) || got.Status.Status != want.Status || *got.Error != *want.Error || *got.CompletedAt != *want.CompletedAt {
				t.Errorf("got  %+v\nwant %+v", got.Status, want)
			}
		})
	}
}

func TestWorkersReport(t *testing.T) {
	w, b := writestest.New(t), statustest.NewBoard()
	a, err := w.Writes.CreateDatabase(t.Context(), writes.Caller{Actor: "ada"}, writes.DatabaseFact{Database: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := w.Log.Event(t.Context(), a.Position)
	if err != nil {
		t.Fatal(err)
	}
	heard, ready := make(chan status.Record, 10), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, func() { close(ready) }, func(r status.Record) { heard <- r }) }()
	<-ready
	writer := status.NewWriter(b, w.Log, quiet)
	fails := errors.New("store is away")
	first := true
	run := writer.Reporting(func(context.Context, []event.Event) []error {
		if first { // the state is told while the work goes on
			first = false
			if r := <-heard; r.Status.Status != command.Processing || r.Result["command_type"] != "CREATE_DATABASE" || r.User != "ada" {
				t.Errorf("%+v", r)
			}
		}
		return []error{fails}
	})
	if errs := run(t.Context(), []event.Event{cmd}); !slices.Equal(errs, []error{fails}) {
		t.Errorf("%v", errs)
	}
	if r := <-heard; r.Status.Status != command.Retrying || *r.Error != "store is away" {
		t.Errorf("%+v", r)
	}
	fails = consume.Permanent(fails) // its outcome follows from the log
	run(t.Context(), []event.Event{cmd})
	writer.Close()
	cancel()
	<-ended
	if len(heard) > 0 {
		t.Errorf("heard %+v", <-heard)
	}
	var none *status.Writer
	none.Events(nil)
	none.Close()
	if errs := none.Reporting(func(context.Context, []event.Event) []error { return nil })(t.Context(), nil); errs != nil {
		t.Errorf("%v", errs)
	}
}

// A board that hangs holds nobody up: what does not fit is dropped and counted.
func TestAHungBoard(t *testing.T) {
	w, g := writestest.New(t), newGate()
	_, events := segment(w, writes.Caller{})
	many := make([]event.Event, 30_000)
	for i := range many {
		many[i] = events[0]
		many[i].ID = event.ID(fmt.Sprint(i))
	}
	writer := status.NewWriter(g, w.Log, quiet)
	writer.Events(events)
	<-g.entered
	writer.Events(many) // returns though the board does not
	if dropped := writer.Dropped(); dropped < 10_000 {
		t.Errorf("dropped %d", dropped)
	}
	writer.Close() // and so does this
	if writer.Dropped() < 30_000 {
		t.Errorf("dropped %d", writer.Dropped())
	}
}

// A board that is away is left alone for a moment, then tried again.
func TestABoardThatComesBack(t *testing.T) {
	w, g := writestest.New(t), newGate()
	close(g.open)
	id, events := segment(w, writes.Caller{})
	g.err = errors.New("away")
	writer := status.NewWriter(g, w.Log, quiet)
	writer.Events(events)
	for writer.Dropped() < 2 {
		time.Sleep(time.Millisecond)
	}
	for range 100 {
		writer.Events(events[:1])
	}
	g.mu.Lock()
	if g.puts > 2 {
		t.Errorf("%d exchanges with a board that is away", g.puts)
	}
	g.err = nil
	g.mu.Unlock()
	for end := time.Now().Add(time.Minute); ; {
		writer.Events(events)
		if r, ok, err := g.Get(t.Context(), id); ok && err == nil && r.Ended() {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing is written any more")
		}
		time.Sleep(10 * time.Millisecond)
	}
	writer.Close()
}

func TestWhatCannotBeReadDoesNotKeepTheOthersBack(t *testing.T) {
	w, b := writestest.New(t), statustest.NewBoard()
	id, events := segment(w, writes.Caller{})
	unknown := events[1]
	unknown.Command = "never accepted"
	var log strings.Builder
	writer := status.NewWriter(b, w.Log, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	writer.Events([]event.Event{unknown, events[0], events[1]})
	writer.Close()
	if r, ok, err := b.Get(t.Context(), id); !ok || err != nil || !r.Ended() {
		t.Errorf("%+v, %t, %v", r, ok, err)
	}
	if !strings.Contains(log.String(), "not known any more") {
		t.Errorf("log: %s", log.String())
	}
}
