package ontologyworker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	ontologyworker "spiceharvester/functions/ontology-worker"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

const thing = `{"id":"Thing","label":{"en":"Thing","ko":"물건"},"properties":[
	{"name":"thing_id","type":"string","label":"Id","primary_key":true},
	{"name":"weight","type":"decimal","label":"Weight","constraints":{"min":0,"max":12345678901234567890.5},"default":1.50}]}`

type world struct {
	*writestest.World
	worker *ontologyworker.Function
}

func newWorld(t *testing.T) *world {
	w := &world{World: writestest.New(t)}
	w.worker = ontologyworker.New(w.Log, w.Registry, w.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(w.worker.Close)
	return w
}

// run executes what was accepted and gives its status.
func (w *world) run(a command.Accepted, err error) command.Status {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
	for range 2 { // a second delivery changes nothing
		if code := w.Deliver(w.worker, a.ID); code != http.StatusOK {
			w.T.Fatalf("the worker answers %d", code)
		}
	}
	return w.Status(a.ID)
}

func (w *world) done(a command.Accepted, err error) map[string]any {
	w.T.Helper()
	s := w.run(a, err)
	if s.Status != string(event.Completed) {
		w.T.Fatalf("%s", show(s))
	}
	return s.Result
}

func (w *world) failed(a command.Accepted, err error) *problem.Problem {
	w.T.Helper()
	s := w.run(a, err)
	if s.Status != string(event.Failed) || s.Problem == nil {
		w.T.Fatalf("%s", show(s))
	}
	return s.Problem
}

func (w *world) createDatabase(name string) (command.Accepted, error) {
	return w.Writes.CreateDatabase(w.T.Context(), writes.Caller{}, writes.DatabaseFact{Database: name, Options: w.Object(`{"n":12345678901234567890.5}`)})
}

func (w *world) createClass(declaration string) (command.Accepted, error) {
	a, _, err := w.Writes.CreateClass(w.T.Context(), writes.Caller{}, "shop", "main", w.Object(declaration), false)
	return a.Accepted, err
}

func (w *world) updateClass(expected uint64, change string) (command.Accepted, error) {
	a, err := w.Writes.UpdateClass(w.T.Context(), writes.Caller{}, "shop", "main", "Thing", expected, w.Object(change))
	return a.Accepted, err
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestDatabases(t *testing.T) {
	w := newWorld(t)
	if r := w.done(w.createDatabase("shop")); fmt.Sprint(r["sequence"]) != "1" {
		t.Errorf("created: %s", show(r))
	}
	databases, err := w.Index.Databases(t.Context())
	if err != nil || len(databases) != 1 {
		t.Fatalf("%v, %v", databases, err)
	}
	e, err := w.Log.Event(t.Context(), databases[0].Position)
	if err != nil || string(e.Data) != `{"db_name":"shop","options":{"n":12345678901234567890.5}}` {
		t.Errorf("fact %s, %v", e.Data, err)
	}
	if r := w.done(w.Writes.DeleteDatabase(t.Context(), writes.Caller{}, "shop", nil)); fmt.Sprint(r["sequence"]) != "2" {
		t.Errorf("deleted: %s", show(r))
	}
	if r := w.done(w.createDatabase("shop")); fmt.Sprint(r["sequence"]) != "3" {
		t.Errorf("again: %s", show(r))
	}
}

func TestClasses(t *testing.T) {
	w := newWorld(t)
	w.Database("shop")
	if r := w.done(w.createClass(thing)); fmt.Sprint(r["sequence"], " ", r["class_id"]) != "1 Thing" {
		t.Errorf("created: %s", show(r))
	}
	d, err := w.Writes.Classes.Get(t.Context(), "shop", "main", "Thing")
	if err != nil {
		t.Fatal(err)
	}
	if weight := d.Class.Properties[1]; fmt.Sprint(weight.Constraints, " ", weight.Default) != "map[max:12345678901234567890.5 min:0] 1.50" {
		t.Errorf("numbers have lost their text: %v %v", weight.Constraints, weight.Default)
	}
	if r := w.done(w.updateClass(1, `{"label":{"en":"Object"}}`)); fmt.Sprint(r["sequence"]) != "2" {
		t.Errorf("changed: %s", show(r))
	}
	same := w.done(w.updateClass(2, `{"label":{"en":"Object"}}`))
	if same["unchanged"] != true || fmt.Sprint(same["sequence"]) != "2" {
		t.Errorf("unchanged: %s", show(same))
	}
	whole, err := json.Marshal(d.Class)
	if err != nil {
		t.Fatal(err)
	}
	w.done(w.updateClass(2, `{"label":{"en":"Thing"}}`))
	if r := w.done(w.updateClass(3, string(whole))); r["unchanged"] != true {
		t.Errorf("the class as it is: %s", show(r))
	}
	if r := w.done(w.Writes.DeleteClass(t.Context(), writes.Caller{}, "shop", "main", "Thing", 3)); fmt.Sprint(r["sequence"]) != "4" {
		t.Errorf("deleted: %s", show(r))
	}
	if r := w.done(w.createClass(thing)); fmt.Sprint(r["sequence"]) != "5" {
		t.Errorf("again: %s", show(r))
	}
}

// The ground may move between the acceptance of a command and its decision.
func TestRefusedWhenDecided(t *testing.T) {
	for name, c := range map[string]struct {
		accept func(w *world) (command.Accepted, error)
		before func(w *world)
		code   problem.Code
		detail string // expected and actual sequence
	}{
		"class was changed": {
			func(w *world) (command.Accepted, error) { return w.updateClass(1, `{"label":"x"}`) },
			func(w *world) { w.ChangeClass("shop", thing) }, problem.ConflictDetected, "1 2",
		},
		"class is gone": {
			func(w *world) (command.Accepted, error) { return w.updateClass(1, `{"label":"x"}`) },
			func(w *world) { w.DeleteClass("shop", "Thing") }, problem.ResourceNotFound, "<nil> <nil>",
		},
		"parent is gone": {
			func(w *world) (command.Accepted, error) {
				return w.createClass(`{"id":"Child","label":"x","parent_class":"Thing","properties":[{"name":"child_id","type":"string","label":"x"}]}`)
			},
			func(w *world) { w.DeleteClass("shop", "Thing") }, problem.ValidationFailed, "<nil> <nil>",
		},
		"class is in use now": {
			func(w *world) (command.Accepted, error) {
				return w.Writes.DeleteClass(w.T.Context(), writes.Caller{}, "shop", "main", "Thing", 1)
			},
			func(w *world) { w.Instance("shop", "Thing", `{"thing_id":"t1"}`) }, problem.ConflictDetected, "<nil> <nil>",
		},
		"deleted twice": {
			func(w *world) (command.Accepted, error) {
				return w.Writes.DeleteClass(w.T.Context(), writes.Caller{}, "shop", "main", "Thing", 1)
			},
			func(w *world) { w.DeleteClass("shop", "Thing") }, problem.ResourceNotFound, "<nil> <nil>",
		},
		"database is gone": {
			func(w *world) (command.Accepted, error) { return w.updateClass(1, `{"label":"x"}`) },
			func(w *world) {
				w.Append("shop", event.Aggregate{Type: event.Database, ID: "shop"}, event.Deletes, writes.DatabaseFact{Database: "shop"})
			}, problem.ResourceNotFound, "<nil> <nil>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Database("shop")
			w.Class("shop", thing)
			a, err := c.accept(w)
			if err != nil {
				t.Fatal(err)
			}
			c.before(w)
			p := w.failed(a, nil)
			if got := fmt.Sprint(p.Detail["expected_seq"], " ", p.Detail["actual_seq"]); p.Code != c.code || got != c.detail {
				t.Errorf("%s", show(p))
			}
		})
	}
}

func TestWhatIsNoCommandOfOursFails(t *testing.T) {
	w := newWorld(t)
	w.Database("shop")
	for commandType, payload := range map[string]string{"PAINT": `{}`, writes.CreateClass: `[]`, writes.DeleteDatabase: `"x"`} {
		id, err := command.NewID("shop", "", "")
		if err != nil {
			t.Fatal(err)
		}
		s := w.run(w.Writes.Commands.Submit(t.Context(), command.Request{
			ID: id, Type: commandType, Aggregate: classes.Aggregate("shop", "main", commandType), Database: "shop", Branch: "main", Payload: json.RawMessage(payload),
		}))
		if s.Status != string(event.Failed) || s.Error == nil || *s.Error == "" {
			t.Errorf("%s: %s", commandType, show(s))
		}
	}
}

// A class that is its own ancestor, or whose parent is not there, could never be
// read again.
func TestParents(t *testing.T) {
	w := newWorld(t)
	w.Database("shop")
	w.Class("shop", thing)
	child := `{"id":"Child","label":"Child","parent_class":"Thing","properties":[{"name":"child_id","type":"string","label":"Id"}]}`
	w.done(w.createClass(child))
	for _, parent := range []string{"Child", "Nothing"} {
		_, err := w.updateClass(1, `{"parent_class":"`+parent+`"}`)
		if p, ok := problem.AsProblem(err); !ok || len(p.Errors) != 1 || problem.Path(p.Errors[0].Loc) != "body.parent_class" {
			t.Errorf("parent %s: %v", parent, err)
		}
	}
	w.Class("shop", `{"id":"Other","label":"Other","properties":[{"name":"other_id","type":"string","label":"Id","primary_key":true}]}`)
	first, err := w.updateClass(1, `{"parent_class":"Other"}`) // Thing, and so Child below it
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Other", 1, w.Object(`{"parent_class":"Child"}`))
	if err != nil {
		t.Fatal(err)
	}
	// Decided in one batch, each on the state before it.
	if code := w.Deliver(w.worker, first.ID, second.ID); code != http.StatusOK {
		t.Fatalf("the worker answers %d", code)
	}
	if a, b := w.Status(first.ID), w.Status(second.ID); a.Status != string(event.Completed) || b.Status != string(event.Failed) {
		t.Errorf("%s\n%s", show(a), show(b))
	}
	for _, id := range []string{"Thing", "Child", "Other"} {
		if _, err := w.Writes.Classes.Get(t.Context(), "shop", "main", id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// blind is an index that cannot be asked about one aggregate.
type blind struct {
	eventlog.Index
	hidden event.Aggregate
}

func (b *blind) Snapshot(ctx context.Context, chain int, q eventlog.Query) (eventlog.View, error) {
	if slices.Contains(q.Aggregates, b.hidden) {
		return eventlog.View{}, errors.New("the index is away")
	}
	return b.Index.Snapshot(ctx, chain, q)
}

// An index that cannot be reached does not make a class unknown: the command
// waits for its next try.
func TestAnOutageDecidesNothing(t *testing.T) {
	w := newWorld(t)
	w.Database("shop")
	w.Class("shop", thing)
	a, err := w.createClass(`{"id":"Box","label":"Box","properties":[{"name":"box_id","type":"string","label":"Id","primary_key":true},{"name":"content","type":"Thing","label":"Content"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	log := eventlog.New(eventlog.Config{
		Objects: w.Objects, Index: &blind{w.Index, classes.Aggregate("shop", "main", "Thing")}, Writer: "blind", NewID: func() string { return "log" }, Now: w.Now,
	})
	worker := ontologyworker.New(log, w.Registry, w.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { worker.Close(); log.Close() })
	if code := w.Deliver(worker, a.ID); code != http.StatusOK {
		t.Fatalf("the worker answers %d", code)
	}
	if s := w.Status(a.ID); s.Status != command.Retrying {
		t.Errorf("%s", show(s))
	}
	w.Pass(time.Minute)
	w.done(a, nil)
}
