package instanceworker_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	instanceworker "spiceharvester/functions/instance-worker"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

const (
	product = `{"id":"Product","label":"Product","properties":[
		{"name":"product_id","type":"string","label":"Id","primary_key":true},
		{"name":"stock","type":"integer","label":"Stock"},
		{"name":"price","type":"decimal","label":"Price"}]}`
	order = `{"id":"Order","label":"Order","properties":[
		{"name":"order_id","type":"string","label":"Id","primary_key":true},
		{"name":"parent","type":"link","linkTarget":"Order","label":"Parent"},
		{"name":"product","type":"link","linkTarget":"Product","label":"Product"}],
		"relationships":[{"predicate":"extras","target":"Product","label":"Extras","cardinality":"1:n"}]}`
)

// shop is a world with a database, two classes and the worker.
type shop struct {
	*writestest.World
	worker *instanceworker.Function
}

func newShop(t *testing.T) *shop {
	s := &shop{World: writestest.New(t)}
	s.worker = instanceworker.New(s.Log, s.Registry, s.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(s.worker.Close)
	s.Database("shop")
	s.Class("shop", product)
	s.Class("shop", order)
	return s
}

func target(class string) writes.InstanceTarget {
	return writes.InstanceTarget{Database: "shop", Branch: "main", Class: class}
}

// create accepts the creation of an instance, without executing it.
func (s *shop) create(class, data string) event.ID {
	s.T.Helper()
	a, _, err := s.Writes.CreateInstance(s.T.Context(), writes.Caller{}, target(class), s.Object(data), nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

func (s *shop) update(class, id string, expected uint64, patch string) event.ID {
	s.T.Helper()
	a, err := s.Writes.UpdateInstance(s.T.Context(), writes.Caller{}, target(class), id, expected, s.Object(patch), nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

func (s *shop) remove(class, id string, expected uint64) event.ID {
	s.T.Helper()
	a, err := s.Writes.DeleteInstance(s.T.Context(), writes.Caller{}, target(class), id, expected)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

// bulk accepts a bulk creation of rows in a JSON list.
func (s *shop) bulk(class, rows string) event.ID {
	s.T.Helper()
	list, _ := s.Object(`{"rows":` + rows + `}`)["rows"].([]any)
	a, err := s.Writes.BulkCreate(s.T.Context(), writes.Caller{}, target(class), list, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

// another makes a second worker, which reaches the log through other objects.
func (s *shop) another(objects eventlog.Objects) *instanceworker.Function {
	s.T.Helper()
	log := eventlog.New(eventlog.Config{
		Objects: objects, Index: s.Index, Writer: "another", NewID: func() string { return "log" }, Now: s.Now,
		Sleep: func(context.Context, time.Duration) error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
	worker := instanceworker.New(log, s.Registry, s.Now, slog.New(slog.DiscardHandler))
	s.T.Cleanup(func() { worker.Close(); log.Close() })
	return worker
}

// cutOff delivers a command to a worker that loses the log after some PUTs.
func (s *shop) cutOff(id event.ID, puts int) {
	s.T.Helper()
	lost := &hooked{Objects: s.Objects, before: func(n int) error {
		if n > puts {
			return errors.New("the store is gone")
		}
		return nil
	}}
	if code := s.Deliver(s.another(lost), id); code != http.StatusServiceUnavailable {
		s.T.Fatalf("without the log the worker answers %d", code)
	}
	if status := s.Status(id); status.Ended() {
		s.T.Fatalf("ended without the log: %s", show(status))
	}
}

// hooked are objects that call a function before each PUT, which counts from 1.
type hooked struct {
	eventlog.Objects
	before func(n int) error

	mu   sync.Mutex
	puts int
}

// Create implements eventlog.Objects.
func (h *hooked) Create(ctx context.Context, key string, body []byte) error {
	h.mu.Lock()
	h.puts++
	n := h.puts
	h.mu.Unlock()
	if err := h.before(n); err != nil {
		return err
	}
	return h.Objects.Create(ctx, key, body)
}

// bulkResult reads the result in the outcome of a bulk command.
func (s *shop) bulkResult(id event.ID) writes.BulkResult {
	s.T.Helper()
	row, _, err := s.Log.Command(s.T.Context(), id)
	if err != nil {
		s.T.Fatal(err)
	}
	e, err := s.Log.Event(s.T.Context(), row.End)
	if err != nil {
		s.T.Fatal(err)
	}
	data, err := s.Log.Data(s.T.Context(), &e)
	if err != nil {
		s.T.Fatal(err)
	}
	var outcome struct {
		Result writes.BulkResult `json:"result"`
	}
	if err := json.Unmarshal(data, &outcome); err != nil {
		s.T.Fatal(err)
	}
	return outcome.Result
}

// strange runs a command that no API makes.
func (s *shop) strange(commandType, payload string) command.Status {
	s.T.Helper()
	id, err := command.NewID("shop", "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	_, err = s.Writes.Commands.Submit(s.T.Context(), command.Request{
		ID: id, Type: commandType, Aggregate: event.Aggregate{Type: writes.Instances, ID: "shop:main:Product:" + commandType}, Database: "shop", Branch: "main",
		Payload: json.RawMessage(payload),
	})
	if err != nil {
		s.T.Fatal(err)
	}
	s.run(id)
	return s.Status(id)
}

// run delivers commands, which must be accepted by the worker.
func (s *shop) run(ids ...event.ID) {
	s.T.Helper()
	if code := s.Deliver(s.worker, ids...); code != http.StatusOK {
		s.T.Fatalf("the worker answers %d", code)
	}
}

// done runs a command that must be completed.
func (s *shop) done(id event.ID) map[string]any {
	s.T.Helper()
	s.run(id)
	status := s.Status(id)
	if status.Status != string(event.Completed) {
		s.T.Fatalf("%s: %s", id, show(status))
	}
	return status.Result
}

// failed runs a command that must fail, and gives why.
func (s *shop) failed(id event.ID) *problem.Problem {
	s.T.Helper()
	s.run(id)
	status := s.Status(id)
	if status.Status != string(event.Failed) || status.Problem == nil {
		s.T.Fatalf("%s: %s", id, show(status))
	}
	return status.Problem
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
