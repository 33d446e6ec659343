package status_test

import (
	"context"
	"errors"
	"testing"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

type failing struct {
	*statustest.Board
	gets int
}

func (f *failing) Get(context.Context, event.ID) (status.Record, bool, error) {
	f.gets++
	return status.Record{}, false, errors.New("away")
}

func TestQuick(t *testing.T) {
	w, b := writestest.New(t), statustest.NewBoard()
	id, _ := segment(w, writes.Caller{})
	open, err := w.Writes.CreateDatabase(t.Context(), writes.Caller{}, writes.DatabaseFact{Database: "other"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(r status.Record) {
		t.Helper()
		if _, err := b.Put(t.Context(), []status.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(q *status.Quick, id event.ID, want string) {
		t.Helper()
		if s, err := q.Status(t.Context(), id); err != nil || s.Status != want {
			t.Errorf("%s: %s, %v; want %s", id, s.Status, err, want)
		}
	}
	q := &status.Quick{Board: b, Log: w.Commands, Logger: quiet}
	check(q, id, "FAILED")
	put(statustest.Record(id, command.Processing, 0)) // old news: the log knows more
	check(q, id, "FAILED")
	check(q, open.ID, command.Pending)
	put(statustest.Record(open.ID, command.Processing, 0))
	check(q, open.ID, command.Processing)
	put(statustest.Record("of no log", string(event.Completed), 0))
	check(q, "of no log", "COMPLETED")
	if _, err := q.Status(t.Context(), "unknown"); err == nil {
		t.Error("an unknown command is known")
	} else if p, ok := problem.AsProblem(err); !ok || p.Status != 404 {
		t.Error(err)
	}
	away := &failing{Board: b}
	q = &status.Quick{Board: away, Log: w.Commands, Logger: quiet}
	for range 3 {
		check(q, id, "FAILED")
	}
	if away.gets != 1 {
		t.Errorf("a board that is away was asked %d times", away.gets)
	}
	check(&status.Quick{Log: w.Commands, Logger: quiet}, open.ID, command.Pending)
}
