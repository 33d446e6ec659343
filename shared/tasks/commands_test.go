package tasks_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// A bulk command is a task with and without its row, and its end is the log's.
func TestABulkCommandIsATask(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", `{"id":"Product","label":"Product","properties":[{"name":"product_id","type":"string","label":"Id","primary_key":true}]}`)
	target := writes.InstanceTarget{Database: "shop", Branch: "main", Class: "Product"}
	s := &tasks.Service{Store: &tasks.Store{Pool: pgtest.Pool(t), Now: w.Now}, Commands: w.Commands, Logger: slog.New(slog.DiscardHandler)}
	ctx := t.Context()
	a, err := w.Writes.BulkCreate(ctx, writes.Caller{Actor: "kim"}, target, []any{map[string]any{"product_id": "p1"}, map[string]any{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.MustParse(string(a.ID))
	got, err := s.Get(ctx, id)
	if err != nil || got.Status != tasks.Pending || got.Type != writes.BulkCreate || got.Actor != "kim" {
		t.Errorf("without a row: %+v, %v", got, err)
	}
	b := tasks.Bulk{ID: a.ID, Type: writes.BulkCreate, Aggregate: writes.BulkAggregate(target), Database: "shop", Actor: "kim", Total: 2}
	s.Track(ctx, b)
	s.Tell(ctx, b, 1)
	if got, err = s.Get(ctx, id); err != nil || got.Status != tasks.Processing || got.Progress.Percentage != 50 {
		t.Errorf("under way: %+v, %v", got, err)
	}
	w.Pass(time.Hour) // silent for long: a command does not count as lost
	if list, err := s.List(ctx, tasks.Processing, "", 10); err != nil || len(list) != 1 {
		t.Errorf("after an hour: %+v, %v", list, err)
	}
	if _, err := s.Retry(ctx, w.Writes.Commands, got, "kim"); err != nil {
		t.Errorf("submitting again: %v", err)
	}
	_, err = w.Log.Append(ctx, eventlog.Entry{Event: event.Event{
		ID: "end", Type: "INSTANCES_BULK_CREATED", Source: "/test", Time: w.Now(), Kind: event.Domain, Aggregate: b.Aggregate, Database: "shop", Command: a.ID, Outcome: event.Completed,
		Data: []byte(`{"result":{"created":1,"refused":1,"total":2,"errors":[{"row":1,"problem":{"status":422}}]}}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.Metrics(ctx); err != nil || m.Completed != 1 || m.Average != 3600 {
		t.Errorf("%+v, %v", m, err)
	}
	if got, err = s.Get(ctx, id); err != nil || got.Status != tasks.Completed || got.Progress.Current != 2 || got.Result == nil {
		t.Errorf("ended: %+v, %v", got, err)
	}
	s.Tell(ctx, b, 1) // late: the end stands
	if again, _ := s.Get(ctx, id); again.Status != tasks.Completed {
		t.Errorf("after a late word: %+v", again)
	}
	if asked, err := s.Cancel(ctx, w.Writes.Commands, id, "kim"); asked || err != nil {
		t.Errorf("cancelled %t, %v", asked, err)
	}
}

func TestATaskIsCancelledInTheLog(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", `{"id":"Product","label":"Product","properties":[{"name":"product_id","type":"string","label":"Id","primary_key":true}]}`)
	s := &tasks.Service{Store: &tasks.Store{Pool: pgtest.Pool(t), Now: w.Now}, Commands: w.Commands, Logger: slog.New(slog.DiscardHandler)}
	a, err := w.Writes.BulkCreate(t.Context(), writes.Caller{}, writes.InstanceTarget{Database: "shop", Branch: "main", Class: "Product"}, []any{map[string]any{"product_id": "p1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.MustParse(string(a.ID))
	if asked, err := s.Cancel(t.Context(), w.Writes.Commands, id, "kim"); !asked || err != nil {
		t.Errorf("cancelled %t, %v", asked, err)
	}
	if got, err := s.Get(t.Context(), id); err != nil || got.Status != tasks.Cancelled || w.Status(a.ID).Status != tasks.Cancelled {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.Get(t.Context(), uuid.New())
	if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusNotFound {
		t.Errorf("no task: %v", err)
	}
}
