package search_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/infra/real/realtest"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/search"
)

// start runs an Elasticsearch and gives a client of it. Where make test-real has a
// real one, that one is taken and there is no server whose faults could be set.
func start(t *testing.T) (*search.Client, *elasticsearch.Server) {
	t.Helper()
	var server *elasticsearch.Server
	url := realtest.Elasticsearch(t)
	if url == "" {
		var err error
		if server, err = elasticsearch.Start(t.Context(), elasticsearch.Config{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Stop(t.Context()) })
		url = server.URL()
	}
	client, err := search.New(url+"/", http.DefaultTransport, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// fact makes the document of an instance of class Product at a sequence.
func fact(t *testing.T, id string, sequence uint64, data map[string]any, links ...instance.Link) search.Document {
	t.Helper()
	lifecycle := event.Changes
	if data == nil {
		lifecycle = event.Deletes
	}
	ref := instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: id}
	body, err := instance.Fact{Ref: ref, Data: data, Links: links}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := search.OfInstance(&event.Event{
		ID: event.ID(fmt.Sprintf("%s-%d", id, sequence)), Time: noon.Add(time.Duration(sequence) * time.Second), Created: noon, Database: "shop", Branch: "main",
		Aggregate: event.Aggregate{Type: "Instance", ID: ref.AggregateID()}, Sequence: sequence, Lifecycle: lifecycle,
	}, body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func write(t *testing.T, c *search.Client, docs ...search.Document) {
	t.Helper()
	for i, err := range c.Write(t.Context(), docs) {
		if err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
	}
	if err := c.Refresh(t.Context(), "shop_instances"); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, c *search.Client, q search.Query) []string {
	t.Helper()
	q.Alias, q.Limit = "shop_instances", 100
	hits, err := c.Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, source := range hits.Documents {
		var d struct {
			ID string `json:"instance_id"`
		}
		if err := json.Unmarshal(source, &d); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	if hits.Total != len(ids) {
		t.Errorf("total %d of %v", hits.Total, ids)
	}
	return ids
}

func TestAnOlderDocumentNeverReplacesANewer(t *testing.T) {
	c, _ := start(t)
	write(t, c, fact(t, "a", 2, map[string]any{"name": "new"}))
	write(t, c, fact(t, "a", 1, map[string]any{"name": "old"}), fact(t, "a", 2, map[string]any{"name": "new"}))
	source, ok, err := c.Get(t.Context(), "shop_instances", search.InstanceID("Product", "a"))
	if err != nil || !ok || !strings.Contains(string(source), `"new"`) {
		t.Errorf("%s, %t, %v", source, ok, err)
	}
	write(t, c, fact(t, "a", 3, nil))
	write(t, c, fact(t, "a", 2, map[string]any{"name": "new"}))
	if _, ok, err := c.Get(t.Context(), "shop_instances", search.InstanceID("Product", "a")); ok || err != nil {
		t.Errorf("deleted, and an old event came late: there %t, %v", ok, err)
	}
	if ids := find(t, c, search.Query{Class: "Product"}); len(ids) > 0 {
		t.Errorf("found %v", ids)
	}
}

func TestSearch(t *testing.T) {
	c, _ := start(t)
	write(t, c,
		fact(t, "1", 1, map[string]any{"name": "Apple juice", "price": json.Number("3")}),
		fact(t, "2", 2, map[string]any{"name": "사과 주스", "tags": []any{"fresh", "cold"}}),
		fact(t, "3", 3, map[string]any{"name": "풋사과를 곁들인 빵", "note": "apple-pie +(odd) \"quotes\" #1"}),
	)
	for text, want := range map[string][]string{
		"": {"3", "2", "1"}, "apple": {"3", "1"}, "juice apple": {"1"}, "사과": {"3", "2"}, "cold fresh": {"2"}, "3": {"1"}, "apple cold": {},
		`+(odd) "quotes"`: {"3"}, "nothing": {},
	} {
		if ids := find(t, c, search.Query{Class: "Product", Search: text}); !slices.Equal(ids, want) {
			t.Errorf("search %q found %v, want %v", text, ids, want)
		}
	}
	if ids := find(t, c, search.Query{Class: "Other"}); len(ids) > 0 {
		t.Errorf("another class: %v", ids)
	}
}

func TestLinksAreFoundFromBothEnds(t *testing.T) {
	c, _ := start(t)
	owner := instance.Link{Predicate: "owned_by", Class: "Customer", ID: "키 1/2"}
	write(t, c, fact(t, "1", 1, map[string]any{"owned_by": owner.Ref()}, owner), fact(t, "2", 1, map[string]any{}))
	if ids := find(t, c, search.Query{Targets: "Customer/키 1/2"}); !slices.Equal(ids, []string{"1"}) {
		t.Errorf("linked to the customer: %v", ids)
	}
	there, err := c.Exist(t.Context(), "shop_instances", []string{"Product/1", "Customer/키 1/2"})
	if err != nil || !there["Product/1"] || there["Customer/키 1/2"] {
		t.Errorf("exist %v, %v", there, err)
	}
}

func TestOddIDs(t *testing.T) {
	c, _ := start(t)
	ids := []string{"a/b", "a#b?c", "50%", "..", strings.Repeat("한", 170), "\u00a0x"}
	var docs []search.Document
	for _, id := range ids {
		docs = append(docs, fact(t, id, 1, map[string]any{"": "empty name", "a.b": "dotted", "x%": true}))
	}
	write(t, c, docs...)
	for _, id := range ids {
		if _, ok, err := c.Get(t.Context(), "shop_instances", search.InstanceID("Product", id)); !ok || err != nil {
			t.Errorf("%q: there %t, %v", id, ok, err)
		}
	}
	seen := 0
	if err := c.Scan(t.Context(), "shop_instances", func(string, json.RawMessage) error { seen++; return nil }); err != nil || seen != len(ids) {
		t.Errorf("scan saw %d of %d, %v", seen, len(ids), err)
	}
}

func TestFailuresAreTold(t *testing.T) {
	c, server := start(t)
	good := fact(t, "1", 1, map[string]any{})
	write(t, c, good)
	if server != nil {
		server.Faults().Answer(http.StatusTooManyRequests, 1)
		if err := c.Write(t.Context(), []search.Document{good})[0]; err == nil || consume.IsPermanent(err) {
			t.Errorf("429: %v", err)
		}
		server.Faults().Clear()
	}
	bad := fact(t, "2", 1, map[string]any{})
	bad.Body.Timestamp = "yesterday"
	errs := c.Write(t.Context(), []search.Document{bad, fact(t, "3", 1, map[string]any{})})
	if !consume.IsPermanent(errs[0]) || errs[1] != nil {
		t.Errorf("a refused document beside a good one: %v", errs)
	}
	if _, err := c.Find(t.Context(), search.Query{Alias: "nowhere", Limit: 1}); err != nil {
		t.Errorf("an index that is not there is empty: %v", err)
	}
	if err := c.Drop(t.Context(), "shop_instances"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Drop(t.Context(), "shop_instances"), c.Ready(t.Context())); err != nil {
		t.Error(err)
	}
	write(t, c, good)
}
