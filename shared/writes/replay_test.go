package writes_test

import (
	"testing"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// TestARepeatedDeletionIsTheSameCommand: what was deleted is gone when the client
// repeats the request; the answer is the one it did not get.
func TestARepeatedDeletionIsTheSameCommand(t *testing.T) {
	log := eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", NewID: func() string { return "log" }})
	t.Cleanup(log.Close)
	s := &writes.Service{Commands: &command.Service{Log: log, Source: "/test", Now: time.Now}, Classes: classes.NewReader(log)}
	database := event.Aggregate{Type: event.Database, ID: "shop"}
	fact := func(id string, lifecycle event.Lifecycle, command event.ID) {
		t.Helper()
		e := event.Event{ID: event.ID(id), Type: "FACT", Source: "/test", Time: time.Now(), Kind: event.Domain, Aggregate: database, Lifecycle: lifecycle, Database: "shop", Command: command}
		if command != "" {
			e.Outcome = event.Completed
		}
		if _, err := log.Append(t.Context(), eventlog.Entry{Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	fact("created", event.Creates, "")
	caller := writes.Caller{Endpoint: "database.delete", IdempotencyKey: "k1"}
	first, err := s.DeleteDatabase(t.Context(), caller, "shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	fact("deleted", event.Deletes, first.ID)
	again, err := s.DeleteDatabase(t.Context(), caller, "shop", nil)
	if err != nil || again.ID != first.ID || !again.Repeated {
		t.Errorf("%+v after %+v, %v", again, first, err)
	}
	caller.IdempotencyKey = "k2"
	if _, err := s.DeleteDatabase(t.Context(), caller, "shop", nil); err == nil {
		t.Error("another deletion finds nothing")
	} else if p, ok := problem.AsProblem(err); !ok || p.Status != 404 {
		t.Error(err)
	}
}
