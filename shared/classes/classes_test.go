package classes_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes/writestest"
)

const (
	base = `{"id":"Base","label":"Base","properties":[{"name":"key","type":"string","label":"Key","primary_key":true},{"name":"note","type":"string","label":"Note"}]}`
	leaf = `{"id":"Leaf","label":"Leaf","parent_class":"Base","properties":[{"name":"note","type":"integer","label":"Note"},{"name":"own","type":"string","label":"Own"}]}`
)

// counted counts the reads of a log's objects.
type counted struct {
	eventlog.Objects
	mu    sync.Mutex
	reads int
}

func (c *counted) Get(ctx context.Context, key string) ([]byte, error) {
	c.count()
	return c.Objects.Get(ctx, key)
}

func (c *counted) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	c.count()
	return c.Objects.GetRange(ctx, key, offset, length)
}

func (c *counted) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
}

// fresh is a reader on a log of its own, whose reads are counted.
func fresh(w *writestest.World) (*classes.Reader, *counted) {
	objects := &counted{Objects: w.Objects}
	log := eventlog.New(eventlog.Config{Objects: objects, Index: w.Index, Writer: "reader", NewID: func() string { return "log" }, Now: w.Now})
	w.T.Cleanup(log.Close)
	return classes.NewReader(log), objects
}

func get(t *testing.T, r *classes.Reader, id string) *classes.Definition {
	t.Helper()
	d, err := r.Get(t.Context(), "shop", "main", id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func missing(t *testing.T, r *classes.Reader, id string) {
	t.Helper()
	_, err := r.Get(t.Context(), "shop", "main", id)
	if p, ok := problem.AsProblem(err); !ok || p.Code != problem.ResourceNotFound {
		t.Errorf("%s: %v", id, err)
	}
	if exists, err := r.Exists(t.Context(), "shop", "main", id); exists || err != nil {
		t.Errorf("%s exists: %t, %v", id, exists, err)
	}
}

func TestAClassIsItsLastFact(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	r, _ := fresh(w)
	missing(t, r, "Base")
	w.Class("shop", base)
	created := w.Now()
	d := get(t, r, "Base")
	if d.Sequence != 1 || !d.Created.Equal(created) || !d.Updated.Equal(created) || fmt.Sprint(d.Schema.Key()) != "[key]" {
		t.Errorf("%+v", d)
	}
	w.Pass(1e9)
	w.ChangeClass("shop", strings.Replace(base, `"label":"Base"`, `"label":"Changed"`, 1))
	d = get(t, r, "Base")
	if d.Sequence != 2 || !d.Created.Equal(created) || !d.Updated.Equal(w.Now()) || d.Class.Label.In("en") != "Changed" {
		t.Errorf("%+v", d)
	}
	want := []eventlog.Require{{Aggregate: classes.Aggregate("shop", "main", "Base"), Expect: event.At(2)}}
	if fmt.Sprint(d.Requires) != fmt.Sprint(want) {
		t.Errorf("requires %v", d.Requires)
	}
	w.DeleteClass("shop", "Base")
	missing(t, r, "Base")
	w.Pass(1e9)
	w.Class("shop", base)
	if d = get(t, r, "Base"); d.Sequence != 4 || !d.Created.Equal(w.Now()) {
		t.Errorf("created again: %+v", d)
	}
	w.Append("shop", event.Aggregate{Type: event.Database, ID: "shop"}, event.Deletes, nil)
	missing(t, r, "Base")
	w.Database("shop")
	missing(t, r, "Base") // it belonged to the database before
}

func TestInheritance(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", base)
	w.Class("shop", leaf)
	r, _ := fresh(w)
	d := get(t, r, "Leaf")
	var names []string
	for _, p := range d.Schema.Class.Properties {
		names = append(names, p.Name+" "+p.Type)
	}
	if fmt.Sprint(names) != "[key xsd:string note xsd:integer own xsd:string]" || fmt.Sprint(d.Schema.Key()) != "[key]" || len(d.Class.Properties) != 2 {
		t.Errorf("%v, key %v, declared %d", names, d.Schema.Key(), len(d.Class.Properties))
	}
	if len(d.Requires) != 2 || d.Requires[1].Aggregate.ID != "shop:main:Base" {
		t.Errorf("requires %v", d.Requires)
	}
	// The parent's change is the child's.
	w.ChangeClass("shop", strings.Replace(base, `"name":"key"`, `"name":"number"`, 1))
	if d = get(t, r, "Leaf"); fmt.Sprint(d.Schema.Key()) != "[number]" || d.Sequence != 1 || d.Requires[1].Expect != event.At(2) {
		t.Errorf("key %v, requires %v", d.Schema.Key(), d.Requires)
	}
	w.DeleteClass("shop", "Base")
	if _, err := r.Get(t.Context(), "shop", "main", "Leaf"); err == nil {
		t.Error("a class without its parent is read")
	}
}

func TestACircleOfParentsEnds(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", strings.Replace(base, `"label":"Base"`, `"label":"Base","parent_class":"Leaf"`, 1))
	w.Class("shop", leaf)
	r, _ := fresh(w)
	_, err := r.Get(t.Context(), "shop", "main", "Leaf")
	if p, ok := problem.AsProblem(err); !ok || p.Status != 500 {
		t.Errorf("%v", err)
	}
}

func TestFactsAreReadOnce(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", base)
	w.Class("shop", leaf)
	r, objects := fresh(w)
	first := get(t, r, "Leaf")
	reads := objects.reads
	for range 10 {
		if d := get(t, r, "Leaf"); d.Schema != first.Schema {
			t.Fatal("compiled again")
		}
	}
	if objects.reads != reads {
		t.Errorf("%d reads more", objects.reads-reads)
	}
	// A full cache is emptied and goes on.
	for i := range 1001 {
		w.Class("shop", strings.ReplaceAll(strings.Replace(base, `"Base"`, fmt.Sprintf(`"C%d"`, i), 1), "\n", ""))
		get(t, r, fmt.Sprint("C", i))
	}
	if d := get(t, r, "Leaf"); d.Sequence != 1 {
		t.Errorf("%+v", d)
	}
}

func TestAReaderIsSafeForManyAtOnce(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", base)
	w.Class("shop", leaf)
	r, _ := fresh(w)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 20 {
				if d, err := r.Get(t.Context(), "shop", "main", "Leaf"); err != nil || d.Sequence != 1 {
					t.Errorf("%+v, %v", d, err)
				}
			}
		})
	}
	readers.Wait()
}

func TestFactsThatAreNone(t *testing.T) {
	for _, data := range []any{"text", map[string]any{"class_id": "Base"}, map[string]any{"class": map[string]any{"id": "Base", "label": map[string]any{"en": "x"}, "properties": []any{map[string]any{"name": "a", "type": "quux"}}}}} {
		w := writestest.New(t)
		w.Database("shop")
		w.Append("shop", classes.Aggregate("shop", "main", "Base"), event.Creates, data)
		r, _ := fresh(w)
		_, err := r.Get(t.Context(), "shop", "main", "Base")
		if p, ok := problem.AsProblem(err); !ok || p.Status < 500 {
			t.Errorf("%v: %v", data, err)
		}
	}
}
