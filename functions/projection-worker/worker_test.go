package projectionworker_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	projectionworker "spiceharvester/functions/projection-worker"
	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/shared/checker"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes"
)

// world is a log, an Elasticsearch and the worker between them.
type world struct {
	t        *testing.T
	log      *eventlog.Log
	registry *consumetest.Registry
	server   *elasticsearch.Server
	search   *search.Client
	worker   *projectionworker.Function
	time     time.Time
	count    int
	later    atomic.Int64 // nanoseconds that the server's clock is ahead
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, registry: consumetest.NewRegistry(), time: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.time }
	w.log = eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", NewID: func() string { return "log" }, Now: now})
	t.Cleanup(w.log.Close)
	var err error
	if w.server, err = elasticsearch.Start(t.Context(), elasticsearch.Config{Clock: func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Stop(t.Context()) })
	if w.search, err = search.New(w.server.URL(), http.DefaultTransport, 1, 0); err != nil {
		t.Fatal(err)
	}
	w.worker = projectionworker.New(w.log, w.registry, w.search, now, slog.New(slog.DiscardHandler))
	t.Cleanup(w.worker.Close)
	return w
}

// append appends a fact and gives it as it is delivered.
func (w *world) append(a event.Aggregate, lifecycle event.Lifecycle, data any) event.Event {
	w.t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		w.t.Fatal(err)
	}
	w.count++
	r, err := w.log.Append(w.t.Context(), eventlog.Entry{Event: event.Event{
		ID: event.ID(fmt.Sprint("e", w.count)), Type: "FACT", Source: "/test", Time: w.time, Kind: event.Domain, Aggregate: a, Lifecycle: lifecycle,
		Database: "shop", Branch: "main", Data: body,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := w.log.Event(w.t.Context(), r.Position)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) database(lifecycle event.Lifecycle) event.Event {
	w.t.Helper()
	return w.append(event.Aggregate{Type: event.Database, ID: "shop"}, lifecycle, writes.DatabaseFact{Database: "shop"})
}

func (w *world) instance(id string, lifecycle event.Lifecycle, data map[string]any) event.Event {
	w.t.Helper()
	ref := instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: id}
	return w.append(writes.InstanceAggregate(ref), lifecycle, instance.Fact{Ref: ref, Data: data})
}

func (w *world) deliver(events ...event.Event) {
	w.t.Helper()
	req, err := event.NewHTTPBatchRequest(w.t.Context(), "http://projection-worker/", events)
	if err != nil {
		w.t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	w.worker.ServeHTTP(answer, req)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
}

func (w *world) check() checker.DatabaseReport {
	w.t.Helper()
	r, err := (&checker.Checker{Log: w.log, Search: w.search}).Check(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestTheReadModelEqualsTheFoldOfTheLog(t *testing.T) {
	w := newWorld(t)
	created := w.database(event.Creates)
	class := w.append(classes.Aggregate("shop", "main", "Product"), event.Creates, classes.Fact{Database: "shop", Branch: "main", Class: "Product", Body: &ontology.Class{ID: "Product"}})
	a, b := w.instance("a", event.Creates, map[string]any{"n": 1}), w.instance("b", event.Creates, map[string]any{"n": 2})
	later := w.instance("a", event.Changes, map[string]any{"n": 3})
	gone := w.instance("b", event.Deletes, nil)
	if r := w.check(); r.Equal {
		t.Errorf("nothing is projected and the checker is content: %+v", r)
	}
	w.deliver(later, gone, a, class, created, b, later)
	r := w.check()
	if !r.Equal || len(r.Classes) != 2 || r.Classes[0].Expected != 2 || r.Classes[0].ExpectedDigest != r.Classes[0].PresentDigest {
		t.Errorf("report %+v", r)
	}
}

func TestTheCheckerNoticesEveryDifference(t *testing.T) {
	w := newWorld(t)
	facts := []event.Event{w.database(event.Creates), w.instance("a", event.Creates, map[string]any{"n": 1}), w.instance("b", event.Creates, map[string]any{"n": 2})}
	w.deliver(facts[:2]...)
	if r := w.check(); r.Equal || r.Classes[0].Missing != 1 {
		t.Errorf("b is missing: %+v", r.Classes)
	}
	w.deliver(facts[2])
	foreign, err := search.OfInstance(&facts[2], facts[2].Data)
	if err != nil {
		t.Fatal(err)
	}
	foreign.ID, foreign.Body.Instance = "Product/c", "c"
	wrong, err := search.OfInstance(&facts[1], facts[1].Data)
	if err != nil {
		t.Fatal(err)
	}
	wrong.Version, wrong.Body.Data = 9, map[string]any{"n": json.Number("7")}
	for _, err := range w.search.Write(t.Context(), []search.Document{foreign, wrong}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r := w.check(); r.Equal || r.Classes[0].Surplus != 1 || r.Classes[0].Different != 1 || len(r.Classes[0].Examples) != 2 {
		t.Errorf("a surplus and a different document: %+v", r.Classes)
	}
}

func TestFactsOfAnEarlierLifeOfTheDatabaseAreNotProjected(t *testing.T) {
	w := newWorld(t)
	created, old := w.database(event.Creates), w.instance("a", event.Creates, map[string]any{"n": 1})
	w.deliver(created)
	dropped := w.database(event.Deletes)
	w.deliver(dropped)
	w.deliver(old) // late
	again := w.database(event.Creates)
	fresh := w.instance("b", event.Creates, map[string]any{"n": 2})
	w.deliver(again, fresh, old)
	r := w.check()
	if !r.Equal || len(r.Classes) != 1 || r.Classes[0].Present != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestAnOutageParksAndHeals(t *testing.T) {
	w := newWorld(t)
	facts := []event.Event{w.database(event.Creates), w.instance("a", event.Creates, map[string]any{"n": 1})}
	w.deliver(facts[0])
	w.server.Faults().Answer(http.StatusServiceUnavailable, 1000)
	w.deliver(facts[1])
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) != 1 || parked[0].Dead {
		t.Fatalf("parked %+v", parked)
	}
	w.server.Faults().Clear()
	w.time = w.time.Add(time.Minute)
	w.deliver(facts[1]) // as the sweep does
	if r := w.check(); !r.Equal {
		t.Errorf("report %+v", r)
	}
	if parked, _ := w.registry.Parked(t.Context(), 10); len(parked) > 0 {
		t.Errorf("still parked: %+v", parked)
	}
}
