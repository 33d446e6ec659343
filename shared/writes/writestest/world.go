// Package writestest holds what tests of writes share: a log in memory with the
// acceptance of commands in front of it, and a way to make databases and classes
// without a worker.
package writestest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/writes"
)

// World is a platform in memory, without workers.
type World struct {
	T        *testing.T
	Objects  *eventlogtest.Objects
	Index    *eventlogtest.Index
	Log      *eventlog.Log
	Registry *consumetest.Registry
	Writes   *writes.Service
	Commands *command.Reader

	mu   sync.Mutex
	time time.Time
}

// New makes a world whose clock stands still until Pass.
func New(t *testing.T) *World {
	w := &World{
		T: t, Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Registry: consumetest.NewRegistry(),
		time: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC),
	}
	w.Log = eventlog.New(eventlog.Config{Objects: w.Objects, Index: w.Index, Writer: "w", NewID: func() string { return "log" }, Now: w.Now})
	t.Cleanup(w.Log.Close)
	w.Writes = &writes.Service{
		Commands: &command.Service{Log: w.Log, Source: "/test", Now: w.Now}, Classes: classes.NewReader(w.Log),
		Policy: writes.Policy{Lint: ontology.LintOptions{RequirePrimaryKey: true, AllowImplicitPrimaryKey: true}},
	}
	w.Commands = &command.Reader{Log: w.Log, Registry: w.Registry, Workers: command.Workers}
	return w
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

// Pass lets time pass.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

// Append appends a fact with a new id and gives its position.
func (w *World) Append(database string, a event.Aggregate, lifecycle event.Lifecycle, data any) event.Position {
	w.T.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		w.T.Fatal(err)
	}
	id, err := command.NewID(database, "", "")
	if err != nil {
		w.T.Fatal(err)
	}
	r, err := w.Log.Append(w.T.Context(), eventlog.Entry{Event: event.Event{
		ID: id, Type: "TEST_FACT", Source: "/test", Time: w.Now(), Kind: event.Domain, Aggregate: a, Database: database, Lifecycle: lifecycle, Data: body,
	}})
	if err != nil {
		w.T.Fatal(err)
	}
	return r.Position
}

// Database makes a database.
func (w *World) Database(name string) {
	w.T.Helper()
	w.Append(name, event.DatabaseAggregate(name), event.Creates, writes.DatabaseFact{Database: name})
}

// Class declares a class on main, from JSON.
func (w *World) Class(database, declaration string) {
	w.T.Helper()
	w.class(database, declaration, event.Creates)
}

// ChangeClass replaces a class by another declaration.
func (w *World) ChangeClass(database, declaration string) {
	w.T.Helper()
	w.class(database, declaration, event.Changes)
}

func (w *World) class(database, declaration string, lifecycle event.Lifecycle) {
	w.T.Helper()
	schema, errs := ontology.Declare(w.Object(declaration), ontology.Options{})
	if err := errs.Err(); err != nil {
		w.T.Fatal(err)
	}
	id := schema.Class.ID
	w.Append(database, classes.Aggregate(database, ontology.MainBranch, id), lifecycle, classes.Fact{Database: database, Branch: ontology.MainBranch, Class: id, Body: &schema.Class})
}

// Instance makes an instance of a class of main, from JSON.
func (w *World) Instance(database, class, data string) {
	w.T.Helper()
	d, err := w.Writes.Classes.Get(w.T.Context(), database, ontology.MainBranch, class)
	if err != nil {
		w.T.Fatal(err)
	}
	made, errs := instance.Create(d.Schema, w.Object(data), "c", 0)
	if err := errs.Err(); err != nil {
		w.T.Fatal(err)
	}
	ref := instance.Ref{Database: database, Branch: ontology.MainBranch, Class: class, ID: made.ID}
	w.Append(database, writes.InstanceAggregate(ref), event.Creates, instance.NewFact(ref, made))
}

// DeleteClass deletes a class of main.
func (w *World) DeleteClass(database, id string) {
	w.T.Helper()
	w.Append(database, classes.Aggregate(database, ontology.MainBranch, id), event.Deletes, classes.Fact{Database: database, Branch: ontology.MainBranch, Class: id})
}

// Object reads a JSON object as the APIs do.
func (w *World) Object(text string) map[string]any {
	w.T.Helper()
	object, err := strictjson.Object([]byte(text))
	if err != nil {
		w.T.Fatal(err)
	}
	return object
}

// Deliver posts commands to a worker as the dispatcher does, and gives the
// status of its answer.
func (w *World) Deliver(worker http.Handler, ids ...event.ID) int {
	w.T.Helper()
	var events []event.Event
	for _, id := range ids {
		row, known, err := w.Log.Command(w.T.Context(), id)
		if err != nil || !known {
			w.T.Fatalf("command %s: known %t, %v", id, known, err)
		}
		e, err := w.Log.Event(w.T.Context(), row.Position)
		if err != nil {
			w.T.Fatal(err)
		}
		events = append(events, e)
	}
	r, err := event.NewHTTPBatchRequest(w.T.Context(), "http://worker/", events)
	if err != nil {
		w.T.Fatal(err)
	}
	answer := httptest.NewRecorder()
	worker.ServeHTTP(answer, r)
	return answer.Code
}

// Status reads the status of a command.
func (w *World) Status(id event.ID) command.Status {
	w.T.Helper()
	s, err := w.Commands.Status(w.T.Context(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return s
}

// Stored reads the state of an instance on main and its sequence; nil if it does
// not exist.
func (w *World) Stored(database, class, id string) (*instance.Fact, uint64) {
	w.T.Helper()
	a := writes.InstanceAggregate(instance.Ref{Database: database, Branch: ontology.MainBranch, Class: class, ID: id})
	states, _, err := w.Log.States(w.T.Context(), database, a)
	if err != nil {
		w.T.Fatal(err)
	}
	if !states[a].Exists {
		return nil, states[a].Sequence
	}
	fact, err := writes.ReadInstance(w.T.Context(), w.Log, states[a].Position)
	if err != nil {
		w.T.Fatal(err)
	}
	return &fact, states[a].Sequence
}
