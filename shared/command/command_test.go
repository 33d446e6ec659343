package command_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

func TestWhatTheLogSaysAsAProblem(t *testing.T) {
	a := event.Aggregate{Type: "Instance", ID: "shop:main:Product:p1"}
	pending := eventlog.CommandRow{ID: "c1"}
	for name, c := range map[string]struct {
		err  error
		want string // status, code, retry, detail
	}{
		"exists":           {&eventlog.Refusal{Reason: eventlog.Conflict, Aggregate: a, Expect: event.Absent, Sequence: 3, Exists: true}, "409 CONFLICT false 0->3"},
		"moved on":         {&eventlog.Refusal{Reason: eventlog.Conflict, Aggregate: a, Expect: event.At(2), Sequence: 3, Exists: true}, "409 CONFLICT false 2->3"},
		"gone":             {&eventlog.Refusal{Reason: eventlog.Conflict, Aggregate: a, Expect: event.At(2), Sequence: 3}, "404 RESOURCE_NOT_FOUND false"},
		"never was":        {&eventlog.Refusal{Reason: eventlog.Conflict, Aggregate: a, Expect: event.Present}, "404 RESOURCE_NOT_FOUND false"},
		"required, gone":   {&eventlog.Refusal{Reason: eventlog.RequireConflict, Aggregate: a, Expect: event.Present, Sequence: 3}, "404 RESOURCE_NOT_FOUND false"},
		"required, moved":  {&eventlog.Refusal{Reason: eventlog.RequireConflict, Aggregate: a, Expect: event.At(2), Sequence: 3, Exists: true}, "409 CONFLICT false"},
		"pending":          {&eventlog.Refusal{Reason: eventlog.PendingCommand, Aggregate: a, Expect: event.At(2), Sequence: 2, Exists: true, Command: pending}, "409 CONFLICT false 2->2 c1 1s"},
		"pending creation": {&eventlog.Refusal{Reason: eventlog.PendingCommand, Aggregate: a, Expect: event.Absent, Command: pending}, "409 CONFLICT false 0->0 c1 1s"},
		"id":               {&eventlog.Refusal{Reason: eventlog.IDReused, Aggregate: a}, "409 CONFLICT false"},
		"database":         {&eventlog.Refusal{Reason: eventlog.DatabaseMissing, Aggregate: event.Aggregate{Type: event.Database, ID: "shop"}}, "404 RESOURCE_NOT_FOUND false"},
		"ended":            {&eventlog.Refusal{Reason: eventlog.CommandEnded, Aggregate: a}, "500 INTERNAL_ERROR false"},
		"too large":        {fmt.Errorf("append: %w", eventlog.ErrTooLarge), "413 PAYLOAD_TOO_LARGE false"},
		"unknown":          {fmt.Errorf("%w: store is away", eventlog.ErrUnknown), "503 OUTCOME_UNKNOWN true 1s"},
		"anything":         {errors.New("bug"), "500 INTERNAL_ERROR false"},
	} {
		p := command.Problem(c.err)
		got := fmt.Sprint(p.Status, " ", p.Code, " ", p.Retryable())
		if p.Detail != nil {
			got += fmt.Sprintf(" %v->%v", p.Detail["expected_seq"], p.Detail["actual_seq"])
			if p.Detail["aggregate_id"] != a.ID || p.Detail["error"] != "optimistic_concurrency_conflict" {
				t.Errorf("%s: detail %v", name, p.Detail)
			}
		}
		if id, ok := p.Detail["pending_command_id"]; ok {
			got += fmt.Sprint(" ", id)
		}
		if p.RetryAfter > 0 {
			got += " " + p.RetryAfter.String()
		}
		if got != c.want || !errors.Is(p, c.err) && errors.Unwrap(p) != c.err {
			t.Errorf("%s: %s, want %s (cause %v)", name, got, c.want, errors.Unwrap(p))
		}
		if p.Message.EN == "" || p.Message.KO == "" {
			t.Errorf("%s: message %+v", name, p.Message)
		}
	}
}

func TestNewID(t *testing.T) {
	a, errA := command.NewID("shop", "create", "k")
	b, errB := command.NewID("shop", "create", "k")
	c, errC := command.NewID("shop", "update", "k")
	if errors.Join(errA, errB, errC) != nil || a != b || a == c {
		t.Errorf("derived ids %s %s %s", a, b, c)
	}
	d, errD := command.NewID("shop", "create", "")
	e, errE := command.NewID("shop", "create", "")
	if errors.Join(errD, errE) != nil || d == e || d >= e || d[14] != '7' {
		t.Errorf("new ids %s %s", d, e)
	}
}

// accept puts a command into the log.
func accept(w *writestest.World) command.Accepted {
	w.T.Helper()
	a, err := w.Writes.CreateDatabase(w.T.Context(), writes.Caller{}, writes.DatabaseFact{Database: "shop"})
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// end appends the fact that ends a command on the database shop.
func end(w *writestest.World, id event.ID, outcome event.Outcome, data string) error {
	e := event.Event{
		ID: event.DomainID(id, "END", "shop"), Type: "END", Source: "/test", Time: w.Now(), Kind: event.Domain, Aggregate: event.Aggregate{Type: event.Database, ID: "shop"},
		Database: "shop", Command: id, Outcome: outcome, Data: []byte(data),
	}
	if outcome == event.Completed {
		e.Lifecycle = event.Creates
	}
	_, err := w.Log.Append(context.Background(), eventlog.Entry{Event: e})
	return err
}

func TestStatusOfAnOpenCommand(t *testing.T) {
	w := writestest.New(t)
	a := accept(w)
	s := w.Status(a.ID)
	if s.Status != command.Pending || s.Ended() || s.Error != nil || s.CompletedAt != nil || s.Result["command_type"] != "CREATE_DATABASE" ||
		s.Result["aggregate_id"] != "shop" || s.Result["created_at"] != "2026-05-06T07:00:00+00:00" {
		t.Errorf("%+v", s)
	}
	err := w.Registry.Save(t.Context(), "ontology_worker", w.Now(), []consume.Progress{{
		Aggregate: event.Aggregate{Type: event.Database, ID: "shop"}, Park: &consume.Parked{Attempts: 2, Reason: "store is away"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.Status(a.ID); s.Status != command.Retrying || s.Ended() || s.RetryCount != 2 || *s.Error != "store is away" {
		t.Errorf("parked: %+v", s)
	}
	_, err = w.Commands.Status(t.Context(), "00000000-0000-4000-8000-000000000000")
	if p, ok := problem.AsProblem(err); !ok || p.Status != 404 {
		t.Errorf("unknown: %v", err)
	}
}

func TestStatusOfAnEndedCommand(t *testing.T) {
	for name, c := range map[string]struct {
		outcome event.Outcome
		data    string
		check   func(s command.Status) bool
	}{
		"completed": {event.Completed, `{"db_name":"shop","class_id":"","result":{"n":123456789012345678901234567890}}`, func(s command.Status) bool {
			return s.Result["db_name"] == "shop" && fmt.Sprint(s.Result["sequence"], " ", s.Result["n"]) == "1 123456789012345678901234567890" && s.Error == nil && s.Result["class_id"] == nil
		}},
		"failed": {event.Failed, `{"error":"no","problem":{"status":409,"code":"CONFLICT"}}`, func(s command.Status) bool {
			return *s.Error == "no" && s.Problem.Status == 409 && s.Result["sequence"] == nil
		}},
		"cancelled": {event.Cancelled, ``, func(s command.Status) bool { return s.Error == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := writestest.New(t)
			a := accept(w)
			w.Pass(1500 * time.Millisecond)
			if err := end(w, a.ID, c.outcome, c.data); err != nil {
				t.Fatal(err)
			}
			s := w.Status(a.ID)
			if !s.Ended() || s.Status != string(c.outcome) || *s.CompletedAt != "2026-05-06T07:00:01.5+00:00" || s.Result["position"] == "" || !c.check(s) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestWait(t *testing.T) {
	w := writestest.New(t)
	a := accept(w)
	if s, err := w.Commands.Wait(t.Context(), a.ID, 0); err != nil || s.Status != command.Pending {
		t.Errorf("no time: %+v, %v", s, err)
	}
	if s, err := w.Commands.Wait(t.Context(), a.ID, 30*time.Millisecond); err != nil || s.Status != command.Pending {
		t.Errorf("not in time: %+v, %v", s, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- end(w, a.ID, event.Completed, `{}`) }()
	s, err := w.Commands.Wait(t.Context(), a.ID, time.Minute)
	if err := errors.Join(err, <-ended); err != nil || s.Status != string(event.Completed) {
		t.Errorf("in time: %+v, %v", s, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	b, err := w.Writes.DeleteDatabase(t.Context(), writes.Caller{}, "shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if s, err := w.Commands.Wait(gone, b.ID, time.Hour); err != nil || s.Status != command.Pending {
		t.Errorf("the client is gone: %+v, %v", s, err)
	}
}

func TestCancel(t *testing.T) {
	w := writestest.New(t)
	a := accept(w)
	s, err := w.Commands.Cancel(t.Context(), w.Writes.Commands, a.ID, "ada")
	if err != nil || s.Status != string(event.Cancelled) {
		t.Fatalf("%+v, %v", s, err)
	}
	row, _, err := w.Log.Command(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := w.Log.Event(t.Context(), row.End); err != nil || e.Type != command.CancelledType || e.Actor != "ada" || e.IsFact() {
		t.Errorf("%+v, %v", e, err)
	}
	for range 2 {
		_, err := w.Commands.Cancel(t.Context(), w.Writes.Commands, a.ID, "ada")
		if p, ok := problem.AsProblem(err); !ok || p.Status != 409 || p.Context["status"] != event.Cancelled || !strings.Contains(p.Message.EN, "CANCELLED") {
			t.Errorf("again: %v", err)
		}
	}
	// The worker comes too late: the outcome stays.
	var refusal *eventlog.Refusal
	if err := end(w, a.ID, event.Completed, `{}`); err != nil && !errors.As(err, &refusal) {
		t.Error(err)
	}
	if s := w.Status(a.ID); s.Status != string(event.Cancelled) {
		t.Errorf("%+v", s)
	}
	if sequence, exists, err := w.Writes.Sequence(t.Context(), "shop", event.Aggregate{Type: event.Database, ID: "shop"}); sequence != 0 || exists || err != nil {
		t.Errorf("what was cancelled has an effect: %d %t %v", sequence, exists, err)
	}
	b := accept(w)
	if err := end(w, b.ID, event.Completed, `{}`); err != nil {
		t.Fatal(err)
	}
	_, err = w.Commands.Cancel(t.Context(), w.Writes.Commands, b.ID, "ada")
	if p, ok := problem.AsProblem(err); !ok || p.Status != 409 || p.Context["status"] != event.Completed {
		t.Errorf("a completed one: %v", err)
	}
	_, err = w.Commands.Cancel(t.Context(), w.Writes.Commands, "unknown", "ada")
	if p, ok := problem.AsProblem(err); !ok || p.Status != 404 {
		t.Errorf("an unknown one: %v", err)
	}
}
