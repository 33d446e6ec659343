package reads_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
)

func TestStored(t *testing.T) {
	w := newWorld(t)
	newDatabase(t, w)
	docs := []search.Document{}
	for i := range 1200 { // more than one page
		docs = append(docs, w.create(t, "Thing", fmt.Sprint("t", i)))
	}
	docs = append(docs, w.create(t, "Other", "o1"))
	for _, err := range w.Search.Write(t.Context(), docs) {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.behind = 3 // it is waited for
	found := map[string]any{}
	err := w.Stored(t.Context(), "shop", "Thing", event.Position{Segment: 1}, func(id string, data map[string]any) { found[id] = data["id"] })
	if err != nil || len(found) != 1200 || found["t7"] != "t7" || slices.Contains(slices.Collect(maps.Keys(found)), "o1") {
		t.Errorf("%d, %v", len(found), err)
	}
	w.server.Stop(t.Context())
	err = w.Stored(t.Context(), "shop", "Thing", event.Position{Segment: 1}, func(string, map[string]any) {})
	if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusServiceUnavailable {
		t.Errorf("the read model is away: %v", err)
	}
}
