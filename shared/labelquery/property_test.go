package labelquery_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/infra/real/realtest"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/labelquery"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes/writestest"
)

const shop = "shop"

const itemClass = `{"id": "Item", "label": "Item", "properties": [
	{"name": "item_id", "type": "string", "label": "Id", "primary_key": true},
	{"name": "number", "type": "decimal", "label": "Number"}, {"name": "text", "type": "string", "label": "Text"}, {"name": "day", "type": "date", "label": "Day"},
	{"name": "at", "type": "datetime", "label": "At"}, {"name": "flag", "type": "boolean", "label": "Flag"}, {"name": "many", "type": "array<string>", "label": "Many"},
	{"name": "any", "type": "json", "label": "Any"}], "relationships": [{"predicate": "next", "target": "Item", "label": "Next", "cardinality": "n:1"}]}`

type world struct {
	*writestest.World
	client  *search.Client
	classes *classes.Reader
	kinds   *labelquery.Kinds
	serial  uint64
}

func newWorld(t *testing.T) *world {
	w := &world{World: writestest.New(t)}
	var err error
	if w.client, err = search.New(address(t), http.DefaultTransport, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Drop(t.Context(), search.InstancesAlias(shop)); err != nil {
		t.Fatal(err)
	}
	w.classes, w.kinds = classes.NewReader(w.Log), &labelquery.Kinds{Log: w.Log}
	w.Database(shop)
	w.Class(shop, itemClass)
	return w
}

// address is that of an Elasticsearch: the real one where make test-real has one,
// else a local one.
func address(t *testing.T) string {
	t.Helper()
	if url := realtest.Elasticsearch(t); url != "" {
		return url
	}
	server, err := elasticsearch.Start(t.Context(), elasticsearch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop(t.Context()) })
	return server.URL()
}

func (w *world) definition(t *testing.T, class string) *classes.Definition {
	t.Helper()
	d, err := w.classes.Get(t.Context(), shop, "main", class)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// put indexes instances of Item; the id is the place in the list.
func (w *world) put(t *testing.T, items ...map[string]any) {
	t.Helper()
	var docs []search.Document
	for i, data := range items {
		w.serial++
		body, err := instance.Fact{Ref: instance.Ref{Database: shop, Branch: "main", Class: "Item", ID: itemID(i)}, Data: data}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := search.OfInstance(&event.Event{
			ID: event.ID(fmt.Sprint(w.serial)), Time: time.Unix(0, 0), Created: time.Unix(0, 0), Database: shop, Branch: "main", Sequence: w.serial, Lifecycle: event.Changes,
		}, body)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	for i, err := range w.client.Write(t.Context(), docs) {
		if err != nil {
			t.Fatalf("%v: %v", items[i], err)
		}
	}
	if err := w.client.Refresh(t.Context(), search.InstancesAlias(shop)); err != nil {
		t.Fatal(err)
	}
}

func itemID(i int) string { return fmt.Sprintf("%04d", i) }

// Values of the kinds, with those that are easily taken for others.
var (
	texts    = []string{"", "a", "A", "ab", "b", "é", "한글", "5", "6500015", "4", "-1", "true", "false", "null", "2026-01-02", "2026-01-02T00:00:00Z", "2026-01-02T09:00:00+09:00", "~", " x", "+1", strings.Repeat("y", 1100), "1e1", "a.b", "%"}
	numbers  = []json.Number{"0", "5", "-1", "10", "1e1", "10.0", "2.50", "2.5", "-0.5", "12345678901234567890", "12345678901234567891", "0.1"}
	days     = []string{"2026-01-02", "2025-12-31", "2026-01-03"}
	instants = []string{"2026-01-02T00:00:00Z", "2026-01-02T09:00:00+09:00", "2026-01-02T00:00:00.5Z", "2025-12-31T23:59:59Z", "2026-01-02T01:00:00+09:00"}
)

// from draws one of a list, any of it or nothing.
func from[T any](list []T) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any { return rapid.SampledFrom(list).Draw(t, "value") })
}

var (
	scalar = rapid.OneOf(from(texts), from(numbers), from(days), from(instants), from([]bool{true, false}))
	nested = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return map[string]any{"inner": scalar.Draw(t, "inner")}
		case 1:
			return map[string]any{"@value": scalar.Draw(t, "inner")}
		case 2:
			return rapid.SliceOfN(scalar, 0, 3).Draw(t, "items")
		}
		return scalar.Draw(t, "scalar")
	})
	values = map[string]*rapid.Generator[any]{
		"number": from(numbers), "text": from(texts), "day": from(days), "at": from(instants), "flag": from([]bool{true, false}), "any": nested, "next": from([]string{"Item/0001", "Item/x"}),
		"many": rapid.Custom(func(t *rapid.T) any {
			list := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "count") {
				list = append(list, rapid.SampledFrom(texts).Draw(t, "item"))
			}
			return list
		}),
	}
	properties = []string{"number", "text", "day", "at", "flag", "any", "many", "next", "instance_id"}
	item       = rapid.Custom(func(t *rapid.T) map[string]any {
		data := map[string]any{}
		for _, p := range properties[:8] {
			switch rapid.IntRange(0, 5).Draw(t, "presence") {
			case 0:
			case 1:
				data[p] = nil
			default:
				data[p] = values[p].Draw(t, p)
			}
		}
		return data
	})
	filter = rapid.Custom(func(t *rapid.T) labelquery.Filter {
		f := labelquery.Filter{Property: rapid.SampledFrom(properties).Draw(t, "property"), Op: rapid.SampledFrom(labelquery.Ops).Draw(t, "operator")}
		value := func(name string) any {
			if g := values[f.Property]; g != nil && f.Property != "many" && f.Property != "any" && rapid.Bool().Draw(t, "same kind") {
				return g.Draw(t, name)
			}
			return scalar.Draw(t, name)
		}
		switch f.Op {
		case labelquery.In, labelquery.NotIn:
			list := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "count") {
				if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
					list = append(list, nil)
				} else {
					list = append(list, value("item"))
				}
			}
			f.Value = list
		case labelquery.IsNull, labelquery.IsNotNull:
		case labelquery.Eq, labelquery.Ne:
			if f.Value = value("value"); rapid.IntRange(0, 5).Draw(t, "null") == 0 {
				f.Value = nil
			}
		default:
			f.Value = value("value")
		}
		return f
	})
)

// model answers a query over items in plain loops.
func model(items []map[string]any, q *labelquery.Query) (ids []string, total int) {
	get := func(i int, property string) any {
		if property == "instance_id" {
			return itemID(i)
		}
		return items[i][property]
	}
	var found []int
	for i := range items {
		passes := true
		for _, f := range q.Filters {
			passes = passes && labelquery.Matches(get(i, f.Property), f.Op, f.Value)
		}
		if passes {
			found = append(found, i)
		}
	}
	if q.OrderBy != "" {
		slices.SortStableFunc(found, func(a, b int) int { return labelquery.Compare(get(a, q.OrderBy), get(b, q.OrderBy), q.Descending) })
	}
	for _, i := range found[min(q.Offset, len(found)):min(q.Offset+q.Limit, len(found))] {
		ids = append(ids, itemID(i))
	}
	return ids, len(found)
}

// Whatever Elasticsearch decides and whatever is decided after it: the answer is
// the model's, or a refusal to read too much.
func TestQueriesAgreeWithAModel(t *testing.T) {
	w := newWorld(t)
	var items []map[string]any
	for seed := range 150 {
		items = append(items, item.Example(seed))
	}
	w.put(t, items...)
	d := w.definition(t, "Item")
	whole := &labelquery.Service{Search: w.client, Kinds: w.kinds, MaxScan: 1000}
	exactOnly := &labelquery.Service{Search: w.client, Kinds: w.kinds, MaxScan: 1}
	pushed, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		q := &labelquery.Query{
			Class: "Item", Filters: rapid.SliceOfN(filter, 0, 3).Draw(rt, "filters"), OrderBy: rapid.SampledFrom(append(properties, "")).Draw(rt, "order"),
			Descending: rapid.Bool().Draw(rt, "descending"), Limit: rapid.IntRange(0, 160).Draw(rt, "limit"), Offset: rapid.SampledFrom([]int{0, 0, 1, 7, 500}).Draw(rt, "offset"),
		}
		want, total := model(items, q)
		for name, s := range map[string]*labelquery.Service{"whole": whole, "exact only": exactOnly} {
			r, err := s.Run(t.Context(), shop, d, q)
			if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusBadRequest && s == exactOnly {
				refused++
				continue
			}
			if err != nil {
				rt.Fatalf("%s: %v", name, err)
			}
			if s == exactOnly {
				pushed++
			}
			var got []string
			for _, row := range r.Rows {
				got = append(got, row["instance_id"].(string))
			}
			if r.Total != total || !slices.Equal(got, want) {
				rt.Fatalf("%s: %d %q\nwant %d %q", name, r.Total, got, total, want)
			}
		}
	})
	t.Logf("%d decided by Elasticsearch, %d refused", pushed, refused)
	if pushed == 0 || refused == 0 {
		t.Errorf("%d queries were decided by Elasticsearch, %d refused: both ways should be tried", pushed, refused)
	}
}
