package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// order declares a class that links to one Customer and to many Products.
func order(bff api, db string) {
	bff.t.Helper()
	product(bff, db)
	bff.done("POST", ontology(db), object{"id": "Customer", "label": "Customer", "properties": list{
		object{"name": "customer_id", "type": "string", "label": "Id", "primary_key": true},
	}})
	bff.done("POST", ontology(db), object{"id": "Order", "label": "Order",
		"properties": list{
			object{"name": "order_id", "type": "string", "label": "Id", "primary_key": true},
			object{"name": "customer", "type": "link", "linkTarget": "Customer", "label": "Customer"},
		},
		"relationships": list{object{"predicate": "products", "target": "Product", "label": "Products", "cardinality": "1:n"}},
	})
}

func TestLinks(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	order(bff, db)
	create := instances(db, "Order") + "/create"
	bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": "김 / #1"}})
	for _, id := range []string{"p1", "p2"} {
		bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": id}})
	}
	r := bff.done("POST", create, object{"data": object{"order_id": "o1", "customer": "Customer/김 / #1", "products": list{"Product/p1", "Product/p2", "Product/p1"}}})
	fact := stored(t, w, r)
	if products, _ := fact.Get("data", "products").(list); len(products) != 2 || fact.Text("data", "customer") != "Customer/김 / #1" {
		t.Errorf("stored: %s", fact)
	}
	if out, _ := fact.Get("links", "outgoing").(list); len(out) != 3 {
		t.Errorf("links: %s", fact)
	}
	eventually(t, settleLimit, func() string { // a search finds it a moment later
		customer := bff.call(200, "GET", instancePath(db, "Customer", "김 / #1"), nil)
		if customer.Text("data", "links", "incoming", 0, "instance_id") != "o1" || customer.Text("data", "links", "incoming", 0, "predicate") != "customer" {
			return "links to it: " + customer.String()
		}
		return ""
	})
	bff.done("PUT", instances(db, "Order")+"/o1/update?expected_seq=1", object{"data": object{"products": list{"Product/p2"}, "customer": nil}})

	for name, c := range map[string]struct {
		data  object
		field string
	}{
		"form":  {object{"order_id": "o2", "customer": "c1"}, "customer"},
		"class": {object{"order_id": "o2", "customer": "Product/p1"}, "customer"},
		"many":  {object{"order_id": "o2", "customer": list{"Customer/a", "Customer/b"}}, "customer"},
		"type":  {object{"order_id": "o2", "products": list{"Product/p1", 7}}, "products"},
	} {
		if r := bff.call(422, "POST", create, object{"data": c.data}); r.Text("errors", 0, "loc", 2) != c.field {
			t.Errorf("%s: %s", name, r)
		}
	}
}

func TestALinkToNothingFails(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	order(bff, db)
	create := instances(db, "Order") + "/create"
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	for field, data := range map[string]object{
		"customer": {"order_id": "o1", "customer": "Customer/none"},
		"products": {"order_id": "o1", "products": list{"Product/p1", "Product/none"}},
	} {
		for lang, text := range map[string]string{"en": "does not exist", "ko": "존재하지 않습니다"} {
			r := bff.write("FAILED", "POST", create, object{"data": data}, client.Lang(lang))
			if r.Text("result", "errors", 0, "loc", 2) != field || !strings.Contains(r.Text("error"), text) {
				t.Errorf("%s: %s", field, r)
			}
		}
	}
	// What failed changed nothing: the name is free.
	if r := bff.done("POST", create, object{"data": object{"order_id": "o1", "products": list{"Product/p1"}}}); r.Text("result", "sequence") != "1" {
		t.Errorf("after the failures: %s", r)
	}
	// The target may go; the link stays, and a change that does not touch it is fine.
	bff.done("DELETE", instances(db, "Product")+"/p1/delete?expected_seq=1", nil)
	r := bff.write("FAILED", "PUT", instances(db, "Order")+"/o1/update?expected_seq=1", object{"data": object{"products": list{"Product/p1"}, "customer": "Customer/none"}})
	if r.Text("result", "errors", 0, "loc", 2) == "" {
		t.Errorf("update: %s", r)
	}
}
