package consume_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// executor ends commands as completed, unless it is told to fail.
type executor struct {
	w        *world
	mu       sync.Mutex
	executed []event.ID
	fail     func(event.Event) error
}

func (x *executor) execute(ctx context.Context, commands []event.Event) []error {
	errs := make([]error, len(commands))
	for i, c := range commands {
		x.mu.Lock()
		x.executed = append(x.executed, c.ID)
		fail := x.fail
		x.mu.Unlock()
		if fail != nil {
			if errs[i] = fail(c); errs[i] != nil {
				continue
			}
		}
		_, errs[i] = x.w.log.Append(ctx, eventlog.Entry{Expect: c.Expect, Event: event.Event{
			ID: event.DomainID(c.ID, "INSTANCE_CREATED", c.Aggregate.ID), Type: "INSTANCE_CREATED", Source: "/test", Time: x.w.now(),
			Kind: event.Domain, Aggregate: c.Aggregate, Lifecycle: event.Creates, Command: c.ID, Outcome: event.Completed, Data: c.Data,
		}})
	}
	return errs
}

func (w *world) worker(t *testing.T) (*consume.Commands, *executor) {
	x := &executor{w: w}
	c := consume.NewCommands(consume.CommandsConfig{
		Base: w.base("instance_worker"), Source: "/test", Execute: x.execute,
		Describe: func(err error) map[string]any { return map[string]any{"reason": "described"} },
	})
	t.Cleanup(c.Close)
	return c, x
}

// command appends a command and gives it as it is delivered.
func (w *world) command(t *testing.T, id, instance string, x event.Expect) event.Event {
	t.Helper()
	e := event.Event{
		ID: event.ID(id), Type: "CREATE_INSTANCE_REQUESTED", Source: "/test", Time: w.now(), Kind: event.Command,
		Aggregate: event.Aggregate{Type: "Instance", ID: instance}, Data: []byte(`{"n":1}`),
	}
	r, err := w.log.Append(t.Context(), eventlog.Entry{Event: e, Expect: x})
	if err != nil {
		t.Fatal(err)
	}
	if e, err = w.log.Event(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *world) outcome(t *testing.T, id event.ID) eventlog.CommandRow {
	t.Helper()
	c, _, err := w.log.Command(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACommandIsExecutedOnce(t *testing.T) {
	w := newWorld(t)
	c, x := w.worker(t)
	cmd := w.command(t, "c1", "a", event.Absent)
	var callers sync.WaitGroup
	for range 5 {
		callers.Go(func() {
			if err := c.Consume(t.Context(), []event.Event{cmd, cmd}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if got := w.outcome(t, "c1"); got.Outcome != event.Completed || fmt.Sprint(x.executed) != "[c1]" {
		t.Errorf("outcome %q after %v", got.Outcome, x.executed)
	}
	if p, ok := w.registry.Processed("instance_worker", "c1"); !ok || p.Status != consume.StatusDone {
		t.Errorf("processed %+v", p)
	}
}

func TestWhatTheLogHasIsExecuted(t *testing.T) {
	w := newWorld(t)
	c, _ := w.worker(t)
	forged := w.command(t, "c1", "a", event.Absent)
	forged.Data = []byte(`{"n":2}`)
	unknown := forged
	unknown.ID = "never-accepted"
	deliver(t, c, forged, unknown)
	end := w.outcome(t, "c1")
	e, err := w.log.Event(t.Context(), end.End)
	if err != nil || string(e.Data) != `{"n":1}` {
		t.Errorf("executed with %s, %v", e.Data, err)
	}
}

func TestARefusedCommandFails(t *testing.T) {
	w := newWorld(t)
	c, x := w.worker(t)
	x.fail = func(event.Event) error { return consume.Permanent(errors.New("class is abstract")) }
	deliver(t, c, w.command(t, "c1", "a", event.Absent))
	end := w.outcome(t, "c1")
	if end.Outcome != event.Failed || len(x.executed) != 1 {
		t.Fatalf("outcome %+v after %v", end, x.executed)
	}
	e, err := w.log.Event(t.Context(), end.End)
	var data struct {
		Error, Reason string
		Type          string `json:"command_type"`
	}
	if err != nil || json.Unmarshal(e.Data, &data) != nil || data.Error != "class is abstract" || data.Reason != "described" || data.Type != "CREATE_INSTANCE_REQUESTED" {
		t.Errorf("failure says %s, %v", e.Data, err)
	}
}

func TestACommandFailsAfterItsAttempts(t *testing.T) {
	w := newWorld(t)
	c, x := w.worker(t)
	x.fail = func(event.Event) error { return errors.New("bug") }
	cmd := w.command(t, "c1", "a", event.Absent)
	for attempt := 1; attempt <= 5; attempt++ {
		if o := w.outcome(t, "c1").Outcome; o != "" {
			t.Fatalf("ended as %s before attempt %d", o, attempt)
		}
		deliver(t, c, cmd)
		w.pass(time.Minute)
	}
	if end := w.outcome(t, "c1"); end.Outcome != event.Failed {
		t.Errorf("outcome %+v", end)
	}
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) > 0 {
		t.Errorf("still parked: %+v", parked)
	}
}

func TestEarlierCommandsOfAnAggregateComeFirst(t *testing.T) {
	w := newWorld(t)
	c, x := w.worker(t)
	w.command(t, "c1", "a", event.Absent)
	second := w.command(t, "c2", "a", event.Any)
	deliver(t, c, second)
	if fmt.Sprint(x.executed[:1]) != "[c1]" || w.outcome(t, "c1").Outcome != event.Completed {
		t.Errorf("executed %v", x.executed)
	}
}

func TestACommandThatTheIndexLostIsFound(t *testing.T) {
	w := newWorld(t)
	c, _ := w.worker(t)
	before := w.index.Backup()
	cmd := w.command(t, "c1", "a", event.Absent)
	before() // the index fails over to an older state
	deliver(t, c, cmd)
	if end := w.outcome(t, "c1"); end.Outcome != event.Completed {
		t.Errorf("outcome %+v", end)
	}
}

func TestALostLogAsksForAnotherDelivery(t *testing.T) {
	w := newWorld(t)
	c, x := w.worker(t)
	x.fail = func(event.Event) error { return fmt.Errorf("append: %w", eventlog.ErrUnknown) }
	cmd := w.command(t, "c1", "a", event.Absent)
	if err := c.Consume(t.Context(), []event.Event{cmd}); !errors.Is(err, eventlog.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) > 0 || w.outcome(t, "c1").Outcome != "" {
		t.Errorf("parked %+v", parked)
	}
}

func TestManyCommandsEnd(t *testing.T) {
	w := newWorld(t)
	c, _ := w.worker(t)
	var commands []event.Event
	for i := range 100 {
		commands = append(commands, w.command(t, fmt.Sprintf("c%d", i), fmt.Sprintf("a%d", i), event.Absent))
	}
	deliver(t, c, commands...)
	for _, cmd := range commands {
		if end := w.outcome(t, cmd.ID); end.Outcome != event.Completed {
			t.Fatalf("%s: %+v", cmd.ID, end)
		}
	}
}
