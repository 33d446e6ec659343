package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func graphPath(db, more string) string { return "/api/v1/graph-query/" + db + more }

// shop makes products that customers own, through orders.
func shop(bff api, db string) {
	bff.t.Helper()
	order(bff, db)
	for _, id := range []string{"c1", "김 / #1", strings.Repeat("x", 512)} {
		bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": id}})
	}
	for _, id := range []string{"p1", `p"2'`} {
		bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": id}})
	}
	for id, data := range map[string]object{
		"o1": {"customer": "Customer/c1", "products": list{"Product/p1", `Product/p"2'`}},
		"o2": {"customer": "Customer/김 / #1", "products": list{"Product/p1"}},
		"o3": {"customer": "Customer/" + strings.Repeat("x", 512)},
	} {
		data["order_id"] = id
		bff.done("POST", instances(db, "Order")+"/create", object{"data": data})
	}
}

// found waits until a graph query finds a number of nodes: the read model follows
// the log.
func (a api) found(db string, nodes int, query object) *client.Response {
	a.t.Helper()
	var r *client.Response
	eventually(a.t, settleLimit, func() string {
		if r = a.call(200, "POST", graphPath(db, ""), query); r.Text("count") != fmt.Sprint(nodes) {
			return fmt.Sprintf("%d nodes: %s", nodes, r)
		}
		return ""
	})
	return r
}

func TestGraphQuery(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	shop(bff, db)
	// Customer <- order -> product
	customer := bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": "late"}})
	if r := bff.call(200, "POST", graphPath(db, "?min_position="+customer.Text("result", "position")), object{"start_class": "Customer", "filters": object{"customer_id": "late"}}); r.Text("count") != "1" {
		t.Errorf("read your write: %s", r)
	}
	hops := list{object{"predicate": "customer", "target_class": "Order", "direction": "reverse"}, object{"predicate": "products", "target_class": "Product"}}
	r := bff.found(db, 4, object{"start_class": "Customer", "filters": object{"customer_id": "c1"}, "hops": hops, "include_paths": true, "include_provenance": true, "include_audit": true})
	if r.Text("nodes", 0, "id") != "Customer/c1" || r.Text("nodes", 1, "id") != "Order/o1" || r.Text("nodes", 2, "id") != `Product/p"2'` || r.Text("nodes", 3, "data_status") != "FULL" {
		t.Errorf("nodes: %s", r)
	}
	if r.Text("edges", 0, "from_node") != "Order/o1" || r.Text("edges", 0, "to_node") != "Customer/c1" || r.Text("edges", 0, "provenance", "terminus", "sequence") != "1" {
		t.Errorf("edges: %s", r)
	}
	if r.Text("paths", 1, "nodes", 2) != "Product/p1" || r.Text("nodes", 0, "audit", 0, "event_type") != "INSTANCE_CREATED" || r.Text("nodes", 0, "provenance", "es", "event_id") == "" {
		t.Errorf("paths, audit, provenance: %s", r)
	}
	for _, id := range []string{"김 / #1", strings.Repeat("x", 512)} {
		nodes := 3
		if len(id) == 512 {
			nodes = 2 // that order has no products
		}
		r = bff.found(db, nodes, object{"start_class": "Customer", "filters": object{"customer_id": id}, "hops": hops[:nodes-1]})
		if r.Text("nodes", 0, "es_doc_id") != id || r.Text("page", "next_offset") != "" {
			t.Errorf("odd id: %s", r)
		}
	}

	r = bff.call(200, "POST", graphPath(db, "/simple"), object{"class_name": "Product", "limit": 1})
	if r.Text("count") != "1" || r.Text("documents", 0, "data", "data", "product_id") != `p"2'` {
		t.Errorf("simple: %s", r)
	}
	for name, hops := range map[string]list{"lists": {list{"customer", "Customer"}}, "objects": {object{"predicate": "customer", "target_class": "Customer"}}} {
		r = bff.call(200, "POST", graphPath(db, "/multi-hop"), object{"start_class": "Order", "hops": hops, "filters": object{"order_id": "o1"}})
		if r.Text("status") != "success" || r.Text("data", "edges", 0, "from") != "Order/o1" || r.Text("data", "documents", "Customer/c1", "data", "customer_id") != "c1" {
			t.Errorf("multi-hop with %s: %s", name, r)
		}
	}
	r = bff.call(200, "GET", graphPath(db, "/paths?source_class=Order&target_class=Product"), nil)
	if r.Text("count") != "1" || r.Text("paths", 0, 0, "predicate") != "products" || r.Text("max_depth") != "5" {
		t.Errorf("paths: %s", r)
	}
	if r = bff.call(200, "GET", "/api/v1/graph-query/health", nil); r.Text("status") != "healthy" {
		t.Errorf("health: %s", r)
	}
}

func TestBadGraphQueries(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	for name, c := range map[string]struct {
		status int
		path   string
		body   object
		where  string
	}{
		"no such database":  {404, graphPath("nowhere-at-all", ""), object{"start_class": "Product"}, ""},
		"database's name":   {400, graphPath("NO", ""), object{"start_class": "Product"}, ""},
		"branch's name":     {400, graphPath(db, "?branch=a..b"), object{"start_class": "Product"}, ""},
		"class":             {400, graphPath(db, ""), object{"start_class": "Nope"}, "start_class"},
		"simple's class":    {400, graphPath(db, "/simple"), object{"class_name": "Nope"}, "class_name"},
		"predicate":         {400, graphPath(db, "/multi-hop"), object{"start_class": "Product", "hops": list{list{"x", "Product"}}}, "hops"},
		"nothing":           {422, graphPath(db, ""), object{}, "start_class"},
		"many hops":         {400, graphPath(db, ""), object{"start_class": "Product", "hops": make(list, 100)}, "hops"},
		"a filter's object": {422, graphPath(db, ""), object{"start_class": "Product", "filters": object{"name": object{}}}, "filters"},
	} {
		r := bff.call(c.status, "POST", c.path, c.body)
		if c.where != "" && r.Text("errors", 0, "loc", 1) != c.where {
			t.Errorf("%s: %s", name, r)
		}
	}
	bff.call(422, "GET", graphPath(db, "/paths"), nil)
	bff.call(422, "GET", graphPath(db, "/paths?source_class=Product&target_class=Product&max_depth=99"), nil)
	r := bff.call(400, "GET", graphPath(db, "/paths?source_class=Product&target_class=Nope"), nil, client.Lang("ko"))
	if r.Text("errors", 0, "loc", 1) != "target_class" || !strings.Contains(r.Text("message"), "존재하지 않습니다") {
		t.Errorf("unknown target: %s", r)
	}
	if status := bff.call(http.StatusOK, "POST", graphPath(db, ""), object{"start_class": "Product"}).Text("count"); status != "0" {
		t.Errorf("an empty class has %s nodes", status)
	}
}
