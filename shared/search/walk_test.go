package search_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/search"
)

// product is the document of an instance of the class Product.
func product(t *testing.T, id string, sequence uint64, lifecycle event.Lifecycle) search.Document {
	t.Helper()
	data := fmt.Sprintf(`{"db_name":"shop","branch":"main","class_id":"Product","instance_id":%q,"data":{"id":%q,"n":%d}}`, id, id, sequence)
	doc, err := search.OfInstance(&event.Event{
		ID: event.ID(id), Type: "T", Kind: event.Domain, Lifecycle: lifecycle, Sequence: sequence, Database: "shop", Branch: "main", Time: time.Now(), Created: time.Now(),
	}, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A walk sees what was there when it began, each document once, whatever is written
// meanwhile.
func TestWalkSeesOneMoment(t *testing.T) {
	c, _ := start(t)
	const n = 1203
	var docs []search.Document
	for i := range n {
		docs = append(docs, product(t, fmt.Sprintf("p%04d", i), 1, event.Creates))
	}
	put := func(docs ...search.Document) {
		t.Helper()
		for _, err := range c.Write(t.Context(), docs) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Refresh(t.Context(), "shop_instances"); err != nil {
			t.Fatal(err)
		}
	}
	put(docs...)
	walk, err := c.Begin(t.Context(), search.Query{Alias: "shop_instances", Class: "Product", Sort: []search.Order{{Field: "instance_id"}}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for {
		page, err := walk.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, source := range page {
			var d struct {
				Instance string `json:"instance_id"`
				Version  int
			}
			if err := json.Unmarshal(source, &d); err != nil || d.Version != 1 {
				t.Fatalf("%s, %v", source, err)
			}
			ids = append(ids, d.Instance)
		}
		put(product(t, "p1100", 2, event.Changes), product(t, "p1101", 2, event.Deletes), product(t, fmt.Sprintf("p%04d-new", len(ids)), 1, event.Creates))
	}
	if len(ids) != n || ids[n-1] != "p1202" {
		t.Errorf("%d documents, the last is %s", len(ids), ids[len(ids)-1])
	}
	if err := walk.Close(t.Context()); err != nil {
		t.Error(err)
	}
	none, err := c.Begin(t.Context(), search.Query{Alias: "none_instances"})
	if err != nil {
		t.Fatal(err)
	}
	if page, err := none.Next(t.Context()); len(page) != 0 || err != nil {
		t.Errorf("%v, %v", page, err)
	}
	if err := none.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
