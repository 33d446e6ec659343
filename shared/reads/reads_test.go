package reads_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// progress is behind for a number of questions.
type progress int

func (p *progress) Behind(context.Context, sweep.Handler, string, event.Position) (bool, error) {
	*p--
	return *p >= 0, nil
}

type world struct {
	*reads.Reads
	server *elasticsearch.Server
	behind progress
}

func newWorld(t *testing.T) *world {
	w := &world{}
	log := eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", NewID: func() string { return "log" }})
	t.Cleanup(log.Close)
	var err error
	if w.server, err = elasticsearch.Start(t.Context(), elasticsearch.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Stop(t.Context()) })
	client, err := search.New(w.server.URL(), http.DefaultTransport, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Reads = &reads.Reads{Log: log, Search: client, Progress: &w.behind, Logger: slog.New(slog.DiscardHandler)}
	return w
}

// create appends an instance and gives its document.
func (w *world) create(t *testing.T, class, id string, links ...instance.Link) search.Document {
	t.Helper()
	ref := instance.Ref{Database: "shop", Branch: "main", Class: class, ID: id}
	data := map[string]any{"id": id}
	for _, l := range links {
		data[l.Predicate] = l.Ref()
	}
	body, err := instance.Fact{Ref: ref, Data: data, Links: links}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e := event.Event{
		ID: event.ID(class + id), Type: "INSTANCE_CREATED", Source: "/test", Time: time.Now(), Kind: event.Domain, Lifecycle: event.Creates,
		Aggregate: writes.InstanceAggregate(ref), Database: "shop", Branch: "main", Data: body,
	}
	r, err := w.Log.Append(t.Context(), eventlog.Entry{Event: e})
	if err != nil {
		t.Fatal(err)
	}
	if e, err = w.Log.Event(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
	doc, err := search.OfInstance(&e, e.Data)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (w *world) write(t *testing.T, docs ...search.Document) {
	t.Helper()
	for _, err := range w.Search.Write(t.Context(), docs) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func newDatabase(t *testing.T, w *world) {
	t.Helper()
	_, err := w.Log.Append(t.Context(), eventlog.Entry{Event: event.Event{
		ID: "d", Type: "DATABASE_CREATED", Source: "/test", Time: time.Now(), Kind: event.Domain, Lifecycle: event.Creates,
		Aggregate: event.Aggregate{Type: event.Database, ID: "shop"}, Database: "shop",
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func status(err error) int {
	if p, ok := problem.AsProblem(err); ok {
		return p.Status
	}
	return 0
}

func TestLinksAreResolvedBothWays(t *testing.T) {
	w := newWorld(t)
	newDatabase(t, w)
	owner, gone := instance.Link{Predicate: "owner", Class: "Customer", ID: "c1"}, instance.Link{Predicate: "maker", Class: "Customer", ID: "gone"}
	w.write(t, w.create(t, "Customer", "c1"), w.create(t, "Product", "p1", owner, gone))
	if err := w.Search.Refresh(t.Context(), "shop_instances"); err != nil {
		t.Fatal(err)
	}
	d, err := w.Instance(t.Context(), instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: "p1"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := d["links"].(map[string]any)["outgoing"].([]reads.Link)
	if len(out) != 2 || out[0].Missing || !out[1].Missing {
		t.Errorf("outgoing %+v", out)
	}
	d, err = w.Instance(t.Context(), instance.Ref{Database: "shop", Branch: "main", Class: "Customer", ID: "c1"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	in := d["links"].(map[string]any)["incoming"].([]reads.Link)
	if len(in) != 1 || in[0] != (reads.Link{Predicate: "owner", Class: "Product", Instance: "p1"}) {
		t.Errorf("incoming %+v", in)
	}
}

func TestTheLogAnswersWhileTheReadModelIsAway(t *testing.T) {
	w := newWorld(t)
	newDatabase(t, w)
	w.write(t, w.create(t, "Product", "p1"))
	w.server.Faults().Answer(http.StatusServiceUnavailable, 1000)
	ref := instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: "p1"}
	d, err := w.Instance(t.Context(), ref, 0)
	if err != nil || d["data"].(map[string]any)["id"] != "p1" {
		t.Errorf("%v, %v", d, err)
	}
	ref.ID = "none"
	if _, err := w.Instance(t.Context(), ref, 0); status(err) != http.StatusNotFound {
		t.Errorf("an instance that never was: %v", err)
	}
	if _, err := w.List(t.Context(), "shop", sweep.Instances, search.Query{Alias: "shop_instances", Limit: 1}, event.Position{}); status(err) != http.StatusServiceUnavailable {
		t.Errorf("a list: %v", err)
	}
}

func TestReadsWaitForTheReadModel(t *testing.T) {
	w := newWorld(t)
	newDatabase(t, w)
	doc := w.create(t, "Product", "p1")
	w.behind = 3
	done := make(chan error, 1)
	go func() {
		_, err := w.Instance(t.Context(), instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: "p1"}, 1)
		done <- err
	}()
	w.write(t, doc)
	if err := <-done; err != nil {
		t.Errorf("the document came while it was waited for: %v", err)
	}
	page, err := w.List(t.Context(), "shop", sweep.Instances, search.Query{Alias: "shop_instances", Limit: 10}, event.Position{Offset: 1})
	if err != nil || page.Total != 1 || w.behind >= 0 {
		t.Errorf("%+v, %v", page, err)
	}
	w.behind = 1 << 30
	_, err = w.List(t.Context(), "shop", sweep.Instances, search.Query{Alias: "shop_instances", Limit: 10}, event.Position{Offset: 1})
	if p, ok := problem.AsProblem(err); !ok || p.Code != problem.ReadBehind || p.RetryAfter == 0 {
		t.Errorf("a read model that does not catch up: %v", err)
	}
}
