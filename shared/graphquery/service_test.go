package graphquery_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/graphquery"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

type world struct {
	*writestest.World
	*graphquery.Service
	server *elasticsearch.Server
}

const shop = "shop"

// newWorld has clients, products that they own, and a class with a parent.
func newWorld(t *testing.T) *world {
	w := &world{World: writestest.New(t)}
	var err error
	if w.server, err = elasticsearch.Start(t.Context(), elasticsearch.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Stop(t.Context()) })
	client, err := search.New(w.server.URL(), http.DefaultTransport, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Service = &graphquery.Service{
		Engine: graph.NewElasticsearch(client), Search: client, Classes: classes.NewReader(w.World.Log), Log: w.World.Log,
		Limits: graphquery.DefaultLimits, Now: w.World.Now,
	}
	w.Database(shop)
	w.Class(shop, `{"id": "Client", "label": "Client", "properties": [{"name": "client_id", "type": "string", "label": "Id", "primary_key": true}],
		"relationships": [{"predicate": "friend", "target": "Client", "label": "Friend", "cardinality": "n:m"}]}`)
	w.Class(shop, `{"id": "Product", "label": "Product", "properties": [
		{"name": "product_id", "type": "string", "label": "Id", "primary_key": true}, {"name": "name", "type": "string", "label": "Name"},
		{"name": "price", "type": "decimal", "label": "Price"}, {"name": "new", "type": "boolean", "label": "New"}, {"name": "tags", "type": "array<string>", "label": "Tags"}],
		"relationships": [{"predicate": "owned_by", "target": "Client", "label": "Owner", "cardinality": "n:1"}]}`)
	w.Class(shop, `{"id": "Book", "label": "Book", "parent_class": "Product", "properties": [{"name": "pages", "type": "integer", "label": "Pages"}]}`)
	return w
}

// put writes a fact into the log and the read model.
func (w *world) put(t *testing.T, class, id string, data string, links ...string) {
	t.Helper()
	w.fact(t, class, id, w.Object(data), event.Changes, links...)
}

func (w *world) fact(t *testing.T, class, id string, data map[string]any, lifecycle event.Lifecycle, links ...string) {
	t.Helper()
	ref := instance.Ref{Database: shop, Branch: "main", Class: class, ID: id}
	fact := instance.Fact{Ref: ref, Data: data}
	for _, l := range links {
		predicate, to, _ := strings.Cut(l, ">")
		n := graph.ParseRef(to)
		fact.Links = append(fact.Links, instance.Link{Predicate: predicate, Class: n.Class, ID: n.ID})
		fact.Data[predicate] = to
	}
	if _, sequence := w.Stored(shop, class, id); sequence == 0 {
		lifecycle = event.Creates
	}
	e, err := w.World.Log.Event(t.Context(), w.Append(shop, writes.InstanceAggregate(ref), lifecycle, fact))
	if err != nil {
		t.Fatal(err)
	}
	e.Branch = "main"
	doc, err := search.OfInstance(&e, e.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Search.Write(t.Context(), []search.Document{doc})[0]; err != nil {
		t.Fatal(err)
	}
	if err := w.Search.Refresh(t.Context(), doc.Alias); err != nil {
		t.Fatal(err)
	}
}

func (w *world) run(t *testing.T, query string) *graphquery.Answer {
	t.Helper()
	a, err := w.try(t, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return a
}

func (w *world) try(t *testing.T, query string) (*graphquery.Answer, error) {
	t.Helper()
	q, err := graphquery.Parse(w.Object(query), w.Limits)
	if err != nil {
		return nil, err
	}
	return w.Run(t.Context(), shop, "main", q)
}

func ids(a *graphquery.Answer) string {
	var list []string
	for _, n := range a.Nodes {
		list = append(list, n.ID)
	}
	return strings.Join(list, " ")
}

func (w *world) three(t *testing.T) {
	t.Helper()
	w.put(t, "Client", "c1", `{"client_id": "c1", "name": "김"}`, "friend>Client/c2")
	w.put(t, "Client", "c2", `{"client_id": "c2"}`, "friend>Client/c1")
	w.put(t, "Product", "p1", `{"product_id": "p1", "name": "Desk", "price": 12.50, "new": true, "tags": ["a", "7"]}`, "owned_by>Client/c1")
	w.put(t, "Product", "p2", `{"product_id": "p2", "price": 7, "new": false}`, "owned_by>Client/c1")
	w.put(t, "Product", "p3", `{"product_id": "p3"}`, "owned_by>Client/gone")
	w.put(t, "Product", "p4", `{"product_id": "p4"}`)
}

func TestTheAnswerHasTheContractsShape(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	w.Pass(12500 * time.Millisecond)
	a := w.run(t, `{"start_class": "Product", "filters": {"product_id": "p1"}, "hops": [{"predicate": "owned_by", "target_class": "Client"}], "include_paths": true, "include_provenance": true}`)
	encoded, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	fact := func(n int) map[string]any {
		e := a.Nodes[n].Provenance.ES
		return map[string]any{"event_id": e.EventID, "sequence": 1.0, "position": e.Position, "occurred_at": "2026-05-06T07:00:00.000000Z"}
	}
	node := func(n int, ref, class, id string, display, data map[string]any) map[string]any {
		return map[string]any{
			"id": ref, "type": class, "es_doc_id": id, "db_name": shop, "es_ref": map[string]any{"index": "shop_instances", "id": ref}, "data_status": "FULL", "display": display,
			"data": map[string]any{"instance_id": id, "class_id": class, "db_name": shop, "branch": "main", "event_id": fact(n)["event_id"], "event_sequence": 1.0, "version": 1.0,
				"event_timestamp": "2026-05-06T07:00:00.000000Z", "created_at": "2026-05-06T07:00:00.000000Z", "updated_at": "2026-05-06T07:00:00.000000Z", "data": data},
			"index_status": map[string]any{"last_indexed_at": "2026-05-06T07:00:00.000000Z", "index_age_seconds": 12.5, "event_sequence": 1.0,
				"graph_last_updated_at": "2026-05-06T07:00:00.000000Z", "projection_last_indexed_at": "2026-05-06T07:00:00.000000Z", "projection_lag_seconds": 0.0},
			"provenance": map[string]any{"terminus": fact(n), "es": fact(n)},
		}
	}
	want := map[string]any{
		"nodes": []any{
			node(0, "Product/p1", "Product", "p1", map[string]any{"primary_key": "p1", "name": "Desk", "summary": "Desk"},
				map[string]any{"product_id": "p1", "name": "Desk", "price": 12.5, "new": true, "tags": []any{"a", "7"}, "owned_by": "Client/c1"}),
			node(1, "Client/c1", "Client", "c1", map[string]any{"primary_key": "c1", "name": "김", "summary": "김"}, map[string]any{"client_id": "c1", "name": "김", "friend": "Client/c2"}),
		},
		"edges": []any{map[string]any{"from_node": "Product/p1", "to_node": "Client/c1", "predicate": "owned_by", "provenance": map[string]any{"terminus": fact(0)}}},
		"query": map[string]any{"start_class": "Product", "hops": []any{map[string]any{"predicate": "owned_by", "target_class": "Client"}}, "filters": map[string]any{"product_id": "p1"},
			"limit": 100.0, "offset": 0.0, "max_nodes": 500.0, "max_edges": 2000.0, "include_paths": true, "max_paths": 100.0, "no_cycles": false, "include_provenance": true,
			"include_documents": true, "include_audit": false},
		"count": 2.0, "warnings": []any{}, "page": map[string]any{"limit": 100.0, "offset": 0.0, "next_offset": nil},
		"paths":         []any{map[string]any{"nodes": []any{"Product/p1", "Client/c1"}, "edges": []any{map[string]any{"from": "Product/p1", "to": "Client/c1", "predicate": "owned_by"}}}},
		"index_summary": map[string]any{"documents_found": 2.0, "documents_missing": 0.0, "max_index_age_seconds": 12.5, "avg_index_age_seconds": 12.5},
	}
	gotText, _ := json.MarshalIndent(got, "", " ")
	wantText, _ := json.MarshalIndent(want, "", " ")
	if string(gotText) != string(wantText) {
		t.Errorf("got %s\nwant %s", gotText, wantText)
	}
	if !strings.Contains(string(encoded), `"price":12.50`) {
		t.Errorf("a number has lost its text: %s", encoded)
	}
}

func TestFiltersCompareTexts(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	for filters, want := range map[string]string{
		`null`: "Product/p1 Product/p2 Product/p3 Product/p4", `{"product_id": "p2"}`: "Product/p2", `{"price": "12.50"}`: "Product/p1", `{"price": 12.5}`: "Product/p1",
		`{"price": "12.5"}`: "", `{"price": "7"}`: "Product/p2", `{"new": true}`: "Product/p1", `{"new": "false"}`: "Product/p2", `{"tags": 7}`: "Product/p1", `{"tags": "b"}`: "",
		`{"owned_by": "Client/c1", "new": false}`: "Product/p2", `{"name": "desk"}`: "", `{"product_id": "p1' OR '1'='1"}`: "",
	} {
		if a := w.run(t, `{"start_class": "Product", "filters": `+filters+`}`); ids(a) != want {
			t.Errorf("%s: %s, want %s", filters, ids(a), want)
		}
	}
}

func TestHopsGoBothWays(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	w.put(t, "Book", "b1", `{"product_id": "b1"}`, "owned_by>Client/c2")
	for query, want := range map[string]string{
		`{"start_class": "Client", "hops": [{"predicate": "owned_by", "target_class": "Product", "direction": "reverse"}]}`:                                                    "Client/c1 Product/p1 Product/p2",
		`{"start_class": "Client", "hops": [["owned_by", "Product", "reverse"]]}`:                                                                                              "Client/c1 Product/p1 Product/p2",
		`{"start_class": "Client", "hops": [{"predicate": "owned_by", "target_class": "Book", "reverse": true}]}`:                                                              "Client/c2 Book/b1",
		`{"start_class": "Book", "hops": [["owned_by", "Client"], ["friend", "Client"]]}`:                                                                                      "Book/b1 Client/c2 Client/c1",
		`{"start_class": "Product", "filters": {"product_id": "p1"}, "hops": [["owned_by", "Client"], ["friend", "Client"], ["friend", "Client"]]}`:                            "Product/p1 Client/c1 Client/c2",
		`{"start_class": "Product", "filters": {"product_id": "p4"}, "hops": [["owned_by", "Client"]]}`:                                                                        "",
		`{"start_class": "Product", "filters": {"product_id": "p1"}, "hops": [["owned_by", "Client"], {"predicate": "owned_by", "target_class": "Product", "reverse": true}]}`: "Product/p1 Client/c1 Product/p2",
	} {
		if a := w.run(t, query); ids(a) != want {
			t.Errorf("%s: %s, want %s", query, ids(a), want)
		}
	}
}

// A link may lead to an instance of a class that inherits from its target.
func TestHopsReachClassesThatInherit(t *testing.T) {
	w := newWorld(t)
	w.Class(shop, `{"id": "Vip", "label": "Vip", "parent_class": "Client"}`)
	w.put(t, "Client", "c1", `{"client_id": "c1"}`, "friend>Vip/v1")
	w.put(t, "Vip", "v1", `{"client_id": "v1"}`)
	w.put(t, "Product", "p1", `{"product_id": "p1"}`, "owned_by>Vip/v1")
	for query, want := range map[string]string{
		`{"start_class": "Product", "hops": [["owned_by", "Client"]]}`:                                  "Product/p1 Vip/v1",
		`{"start_class": "Product", "hops": [["owned_by", "Vip"]]}`:                                     "Product/p1 Vip/v1",
		`{"start_class": "Client", "hops": [["friend", "Client"]]}`:                                     "Client/c1 Vip/v1",
		`{"start_class": "Vip", "hops": [["owned_by", "Product", "reverse"]]}`:                          "Vip/v1 Product/p1",
		`{"start_class": "Vip", "hops": [["friend", "Client", "reverse"]]}`:                             "Vip/v1 Client/c1",
		`{"start_class": "Product", "hops": [["owned_by", "Client"], ["friend", "Client", "reverse"]]}`: "Product/p1 Vip/v1 Client/c1",
	} {
		if a := w.run(t, query); ids(a) != want {
			t.Errorf("%s: %s, want %s", query, ids(a), want)
		}
	}
}

func TestWhatIsKnownOfANode(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	w.fact(t, "Client", "c1", nil, event.Deletes)
	a := w.run(t, `{"start_class": "Product", "hops": [["owned_by", "Client"]]}`)
	var seen []string
	for _, n := range a.Nodes {
		tombstoned := n.IndexStatus != nil && n.IndexStatus.Tombstoned
		seen = append(seen, fmt.Sprintf("%s %s %t", n.ID, n.DataStatus, tombstoned))
	}
	if want := []string{"Product/p1 FULL false", "Client/c1 MISSING true", "Product/p2 FULL false", "Product/p3 FULL false", "Client/gone MISSING false"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
	if s := a.IndexSummary; s.Found != 3 || s.Missing != 2 {
		t.Errorf("summary %+v", s)
	}
	a = w.run(t, `{"start_class": "Product", "limit": 1, "include_documents": false, "include_audit": true}`)
	if n := a.Nodes[0]; n.DataStatus != "PARTIAL" || n.Data != nil || a.IndexSummary != nil || len(n.Audit) != 1 || n.Audit[0].Sequence != 1 {
		t.Errorf("without documents: %+v", n)
	}
	for i := range 8 {
		w.put(t, "Product", "p1", fmt.Sprintf(`{"product_id": "p1", "price": %d}`, i))
	}
	a = w.run(t, `{"start_class": "Product", "limit": 1, "include_audit": true}`)
	if audit := a.Nodes[0].Audit; len(audit) != 5 || audit[0].Sequence != 9 || audit[4].Sequence != 5 || audit[0].Type != "TEST_FACT" {
		t.Errorf("audit %+v", audit)
	}
}

func TestPagesAndLimits(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	page := func(fields string) *graphquery.Answer {
		return w.run(t, `{"start_class": "Product", "hops": [["owned_by", "Client"]], "include_paths": true, `+fields+`}`)
	}
	var all []string
	for offset := 0; ; {
		a := page(fmt.Sprintf(`"limit": 2, "offset": %d`, offset))
		for _, p := range a.Paths {
			all = append(all, strings.Join(p.Nodes, ">"))
		}
		if a.Page.NextOffset == nil {
			break
		}
		offset = *a.Page.NextOffset
	}
	if want := []string{"Product/p1>Client/c1", "Product/p2>Client/c1", "Product/p3>Client/gone"}; !slices.Equal(all, want) {
		t.Errorf("all pages: %q", all)
	}
	for fields, want := range map[string]string{
		`"max_nodes": 1`: "1 0 0 [node_limit_reached(max_nodes=1)]", `"max_nodes": 3`: "3 2 2 [node_limit_reached(max_nodes=3)]",
		`"max_edges": 1`: "3 1 1 [edge_limit_reached(max_edges=1)]", `"max_paths": 1`: "5 3 1 [path_limit_reached(max_paths=1)]", `"limit": 1000000`: "5 3 3 []",
	} {
		a := page(fields)
		if got := fmt.Sprintf("%d %d %d %v", len(a.Nodes), len(a.Edges), len(a.Paths), a.Warnings); got != want {
			t.Errorf("%s: %s, want %s", fields, got, want)
		}
	}
	cycle := `{"start_class": "Client", "filters": {"client_id": "c1"}, "hops": [["friend", "Client"], ["friend", "Client"], ["friend", "Client"]], "include_paths": true, `
	for fields, want := range map[string]string{
		`"no_cycles": true`: "2 2 [] [cycle_filtered(no_cycles=true)]", `"no_cycles": false`: "2 2 [[Client/c1 Client/c2 Client/c1 Client/c2]] []",
		`"no_cycles": true, "path_depth_limit": 1`: "2 2 [[Client/c1 Client/c2]] []",
	} {
		a := w.run(t, cycle+fields+`}`)
		paths := [][]string{}
		for _, p := range a.Paths {
			paths = append(paths, p.Nodes)
		}
		if got := fmt.Sprintf("%d %d %v %v", len(a.Nodes), len(a.Edges), paths, a.Warnings); got != want {
			t.Errorf("%s: %s, want %s", fields, got, want)
		}
	}
	w.Limits.Visits = 2
	if a := w.run(t, `{"start_class": "Product", "hops": [["owned_by", "Client"], ["friend", "Client"]]}`); !slices.Equal(a.Warnings, []string{"visit_limit_reached(max_visits=2)"}) {
		t.Errorf("visits: %v", a.Warnings)
	}
}

func TestBadQueriesNameTheField(t *testing.T) {
	w := newWorld(t)
	hundred := strings.TrimSuffix(strings.Repeat(`["friend", "Client"],`, 100), ",")
	filters := ""
	for i := range 101 {
		filters += fmt.Sprintf(`"f%d": 1,`, i)
	}
	for query, want := range map[string]string{
		`{}`: "422 body.start_class", `{"start_class": 7}`: "422 body.start_class", `{"start_class": "Nope"}`: "400 body.start_class", `{"start_class": "a/b"}`: "400 body.start_class",
		`{"start_class": "Product", "hops": [["friend", "Client"]]}`:                                       "400 body.hops[0].predicate",
		`{"start_class": "Product", "hops": [["name", "Client"]]}`:                                         "400 body.hops[0].predicate",
		`{"start_class": "Product", "hops": [["owned_by", "Product"]]}`:                                    "400 body.hops[0].target_class",
		`{"start_class": "Product", "hops": [["owned_by", "Nope"]]}`:                                       "400 body.hops[0].target_class",
		`{"start_class": "Client", "hops": [["owned_by", "Product"]]}`:                                     "400 body.hops[0].predicate",
		`{"start_class": "Book", "hops": [["owned_by", "Product", "reverse"]]}`:                            "400 body.hops[0].target_class",
		`{"start_class": "Product", "hops": [["owned_by", "Client"], ["x'; drop", "Client"]]}`:             "400 body.hops[1].predicate",
		`{"start_class": "Product", "hops": [["owned_by"]]}`:                                               "422 body.hops[0]",
		`{"start_class": "Product", "hops": [{"predicate": "owned_by"}]}`:                                  "422 body.hops[0].target_class",
		`{"start_class": "Product", "hops": [{"predicate": "p", "target_class": "C", "direction": "up"}]}`: "422 body.hops[0].direction",
		`{"start_class": "Product", "hops": [{"predicate": "p", "target_class": "C", "depth": 2}]}`:        "422 body.hops[0].depth",
		`{"start_class": "Product", "hops": {}}`:                                                           "422 body.hops",
		`{"start_class": "Client", "hops": [` + hundred + `]}`:                                             "400 body.hops",
		`{"start_class": "Product", "filters": {"colour": "red"}}`:                                         "400 body.filters.colour",
		`{"start_class": "Product", "filters": {"name": null}}`:                                            "422 body.filters.name",
		`{"start_class": "Product", "filters": {` + strings.TrimSuffix(filters, ",") + `}}`:                "400 body.filters",
		`{"start_class": "Product", "limit": 0}`:                                                           "422 body.limit", `{"start_class": "Product", "limit": 1.5}`: "422 body.limit",
		`{"start_class": "Product", "offset": -1}`: "422 body.offset", `{"start_class": "Product", "offset": 99999999999999999999}`: "422 body.offset",
		`{"start_class": "Product", "offset": 10000}`: "422 body.offset", `{"start_class": "Product", "max_nodes": "5"}`: "422 body.max_nodes",
		`{"start_class": "Product", "include_paths": "yes"}`: "422 body.include_paths", `{"start_class": "Product", "depth": 7}`: "422 body.depth",
	} {
		_, err := w.try(t, query)
		p, ok := problem.AsProblem(err)
		if !ok || len(p.Errors) == 0 {
			t.Errorf("%.200s: %v", query, err)
			continue
		}
		if got := fmt.Sprintf("%d %s", p.Status, problem.Path(p.Errors[0].Loc)); got != want {
			t.Errorf("%.200s: %s, want %s", query, got, want)
		}
		if strings.HasPrefix(want, "400") && !strings.HasPrefix(p.Message.EN, "Invalid query: ") {
			t.Errorf("%.200s: %s", query, p.Message.EN)
		}
	}
	_, err := w.try(t, `{"start_class": "Product", "hops": [["friend", "Client"]]}`)
	if p, _ := problem.AsProblem(err); p.Message.EN != "Invalid query: hops.0.predicate: the class 'Product' has no relationship 'friend'" {
		t.Errorf("%s", p.Message.EN)
	}
	w.Limits.Semantic = false
	if a := w.run(t, `{"start_class": "Nope", "hops": [["x", "Y"]]}`); a.Count != 0 {
		t.Errorf("semantics are not enforced: %+v", a)
	}
}

func TestOutagesAreNotEmptyAnswers(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	w.server.Faults().Answer(http.StatusServiceUnavailable, 1000)
	_, err := w.try(t, `{"start_class": "Product"}`)
	if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusServiceUnavailable {
		t.Errorf("%v", err)
	}
}

func TestSchemaPaths(t *testing.T) {
	w := newWorld(t)
	w.Class(shop, `{"id": "Order", "label": "Order", "properties": [{"name": "order_id", "type": "string", "label": "Id", "primary_key": true}],
		"relationships": [{"predicate": "buyer", "target": "Client", "label": "Buyer", "cardinality": "n:1"}, {"predicate": "items", "target": "Product", "label": "Items", "cardinality": "n:m"}]}`)
	for ends, want := range map[string]string{
		"Order Client 5": "[[{Order buyer Client}] [{Order items Product} {Product owned_by Client}]]", "Order Client 1": "[[{Order buyer Client}]]",
		"Client Client 3": "[[{Client friend Client}]]", "Client Order 5": "[]", "Book Client 5": "[[{Book owned_by Client}]]", "Product Product 2": "[]",
	} {
		var source, target string
		var depth int
		fmt.Sscan(ends, &source, &target, &depth)
		paths, more, err := w.SchemaPaths(t.Context(), shop, "main", source, target, depth)
		if got := fmt.Sprint(paths); err != nil || more || got != want {
			t.Errorf("%s: %s, %t, %v, want %s", ends, got, more, err, want)
		}
	}
	if _, _, err := w.SchemaPaths(t.Context(), shop, "main", "Order", "Nope", 3); len(problem.FieldErrorsOf(err)) != 1 {
		t.Errorf("unknown class: %v", err)
	}
}
