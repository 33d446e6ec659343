package e2e

import "testing"

// With GRAPH_ENGINE=terminusdb the same queries get the same answers.
func TestGraphQueriesByTerminusDB(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "GRAPH_ENGINE", "terminusdb")
	bff, db := w.asBFF(t), w.database(t)
	shop(bff, db)
	if r := bff.call(200, "GET", "/api/v1/graph-query/health", nil); r.Text("services", "terminusdb") != "healthy" {
		t.Errorf("health: %s", r)
	}
	hops := list{object{"predicate": "customer", "target_class": "Order", "direction": "reverse"}, object{"predicate": "products", "target_class": "Product"}}
	r := bff.found(db, 4, object{"start_class": "Customer", "filters": object{"customer_id": "c1"}, "hops": hops, "include_paths": true})
	if r.Text("nodes", 0, "id") != "Customer/c1" || r.Text("nodes", 1, "id") != "Order/o1" || r.Text("nodes", 2, "id") != `Product/p"2'` || r.Text("paths", 1, "nodes", 2) != "Product/p1" {
		t.Errorf("nodes: %s", r)
	}
	r = bff.found(db, 3, object{"start_class": "Customer", "filters": object{"customer_id": "김 / #1"}, "hops": hops})
	if r.Text("edges", 0, "from_node") != "Order/o2" {
		t.Errorf("edges: %s", r)
	}
}
