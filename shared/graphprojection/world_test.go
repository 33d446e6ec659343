package graphprojection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/terminus"
	"spiceharvester/shared/writes"
)

// world is a log, a TerminusDB and the projection between them.
type world struct {
	t        testing.TB
	log      *eventlog.Log
	index    *eventlogtest.Index
	registry *consumetest.Registry
	wire     *wire
	client   *terminus.Client
	sink     *graphprojection.Sink

	mu    sync.Mutex
	count int
}

// wire is the way to the server, where calls can be lost.
type wire struct {
	next http.RoundTripper
	mu   sync.Mutex
	bend func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	bend := w.bend
	w.mu.Unlock()
	if bend == nil {
		return w.next.RoundTrip(r)
	}
	return bend(r, func() (*http.Response, error) { return w.next.RoundTrip(r) })
}

func (w *wire) set(bend func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bend = bend
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, registry: consumetest.NewRegistry(), index: eventlogtest.NewIndex(), wire: &wire{next: http.DefaultTransport}}
	w.log = eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: w.index, Writer: "w", NewID: func() string { return "log" }})
	t.Cleanup(w.log.Close)
	var err error
	if w.client, err = terminus.New(terminus.Config{Address: startTerminus(t), Key: "root", Transport: w.wire}); err != nil {
		t.Fatal(err)
	}
	w.sink = w.newSink()
	return w
}

// oneChain is a log in which all databases stand in one chain.
func (w *world) oneChain() *eventlog.Log {
	w.index = eventlogtest.NewIndex()
	log := eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: w.index, Writer: "w", Chains: 1, NewID: func() string { return "log" }})
	w.t.Cleanup(log.Close)
	return log
}

// newSink is the projection of another process.
func (w *world) newSink(options ...func(*graphprojection.Config)) *graphprojection.Sink {
	c := graphprojection.Config{
		Log: w.log, Client: w.client, Index: w.index, Parking: w.registry, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Facts: 20,
	}
	for _, option := range options {
		option(&c)
	}
	return graphprojection.New(c)
}

func (w *world) follower(s *graphprojection.Sink) *follow.Follower {
	f := follow.New(follow.Config{Name: "graph", Log: w.log, Sink: s, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	w.t.Cleanup(f.Close)
	return f
}

// follow brings a projection to the end of all chains.
func (w *world) follow(s *graphprojection.Sink) error {
	meta, err := w.log.Meta(context.Background())
	if err != nil {
		return err
	}
	f := w.follower(s)
	for chain := range meta.Chains {
		if _, err := f.Follow(context.Background(), chain); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) mustFollow() {
	w.t.Helper()
	if err := w.follow(w.sink); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) entry(database string, a event.Aggregate, lifecycle event.Lifecycle, data any) eventlog.Entry {
	w.t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.count++
	id := event.ID(fmt.Sprint("e", w.count))
	w.mu.Unlock()
	return eventlog.Entry{Event: event.Event{
		ID: id, Type: "FACT", Source: "/test", Time: time.Unix(1e9, 0).UTC(), Kind: event.Domain, Aggregate: a, Lifecycle: lifecycle,
		Database: database, Branch: "main", Data: body,
	}}
}

func (w *world) append(entries ...eventlog.Entry) {
	w.t.Helper()
	for _, o := range w.log.AppendAll(context.Background(), entries) {
		if o.Err != nil {
			w.t.Fatal(o.Err)
		}
	}
}

func (w *world) database(name string, lifecycle event.Lifecycle) {
	w.t.Helper()
	w.append(w.entry(name, event.DatabaseAggregate(name), lifecycle, writes.DatabaseFact{Database: name}))
}

func (w *world) class(id string, lifecycle event.Lifecycle, properties ...string) {
	w.t.Helper()
	f := classes.Fact{Database: "shop", Branch: "main", Class: id}
	if lifecycle != event.Deletes {
		f.Body = &ontology.Class{ID: id}
		for _, p := range properties {
			f.Body.Properties = append(f.Body.Properties, ontology.Property{Name: p, Type: "xsd:string"})
		}
	}
	w.append(w.entry("shop", classes.Aggregate("shop", "main", id), lifecycle, f))
}

// instance makes a fact; links are predicate, class, id.
func (w *world) instance(database, class, id string, lifecycle event.Lifecycle, data map[string]any, links ...[3]string) eventlog.Entry {
	w.t.Helper()
	f := instance.Fact{Ref: instance.Ref{Database: database, Branch: "main", Class: class, ID: id}, Data: data}
	for _, l := range links {
		f.Links = append(f.Links, instance.Link{Predicate: l[0], Class: l[1], ID: l[2]})
	}
	return w.entry(database, writes.InstanceAggregate(f.Ref), lifecycle, f)
}

// differences compares the graph with the fold of the log: what is missing, what
// is too much and what is different, by id.
func (w *world) differences(database string) []string {
	w.t.Helper()
	expected := map[string]graphprojection.Item{}
	chain, err := w.log.ChainOf(context.Background(), database)
	if err != nil {
		w.t.Fatal(err)
	}
	for seg, err := range w.log.Read(context.Background(), chain, eventlog.Head{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range seg.Events {
			if e.Database != database {
				continue
			}
			if e.Aggregate.Type == event.Database {
				clear(expected)
			}
			i, ok, err := graphprojection.ItemOf(&e, e.Data)
			if err != nil {
				w.t.Fatal(err)
			}
			if ok {
				expected[i.Kind+" "+i.ID] = i
			}
		}
	}
	var out []string
	g := &graphprojection.Graph{Log: w.log, Client: w.client}
	err = g.Scan(context.Background(), database, func(i graphprojection.Item) {
		key := i.Kind + " " + i.ID
		switch want, ok := expected[key]; {
		case !ok:
			out = append(out, "surplus "+key)
		case want != i:
			out = append(out, "different "+key)
		}
		delete(expected, key)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for key := range expected {
		out = append(out, "missing "+key)
	}
	return out
}

func (w *world) equal() {
	w.t.Helper()
	if d := w.differences("shop"); len(d) > 0 {
		w.t.Errorf("the graph is not the fold of the log: %.10q", d)
	}
}

func (w *world) parked() []consume.Parked {
	w.t.Helper()
	list, err := w.registry.Parked(context.Background(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
