package e2e

import (
	"fmt"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestBulkCreate(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	order(bff, db)
	path := instances(db, "Product") + "/bulk-create"
	rows := list{}
	for i := range 1200 {
		rows = append(rows, object{"product_id": fmt.Sprintf("p%d", i), "stock": i})
	}
	rows = append(rows, object{"product_id": "p7"}, object{"product_id": "wrong", "stock": "many"}, object{"name": "no key"})
	accepted := bff.call(202, "POST", path, object{"instances": rows})
	if accepted.Text("result", "instance_count") != "1203" {
		t.Errorf("accepted: %s", accepted)
	}
	r := bff.call(200, "GET", "/api/v1/commands/"+accepted.Command()+"/status", nil, client.Wait(waitSeconds))
	if r.Text("status") != "COMPLETED" || r.Text("result", "created") != "1200" || r.Text("result", "refused") != "3" || r.Text("result", "total") != "1203" {
		t.Fatalf("result: %s", r)
	}
	for i, want := range []struct{ row, field string }{{"1200", ""}, {"1201", "stock"}, {"1202", "product_id"}} {
		if r.Text("result", "errors", i, "row") != want.row || r.Text("result", "errors", i, "problem", "errors", 0, "loc", 3) != want.field {
			t.Errorf("refused row %d: %v", i, r.Get("result", "errors", i))
		}
	}
	// Each row is an instance of its own.
	bff.done("PUT", instances(db, "Product")+"/p1199/update?expected_seq=1", object{"data": object{"stock": 0}})

	// All rows refused: the command fails.
	failed := bff.write("FAILED", "POST", path, object{"instances": list{object{"product_id": "p1"}, object{"stock": "x"}}})
	if failed.Text("result", "refused") != "2" || failed.Text("error") == "" {
		t.Errorf("all refused: %s", failed)
	}
	links := bff.done("POST", instances(db, "Order")+"/bulk-create", object{"instances": list{
		object{"order_id": "o1", "products": list{"Product/p1"}}, object{"order_id": "o2", "products": list{"Product/gone"}},
	}})
	if links.Text("result", "created") != "1" || links.Text("result", "errors", 0, "row") != "1" || links.Text("result", "errors", 0, "problem", "errors", 0, "loc", 3) != "products" {
		t.Errorf("links: %s", links)
	}
	if r := bff.done("POST", path, object{"instances": list{}}); r.Text("result", "total") != "0" {
		t.Errorf("no rows: %s", r)
	}
}

func TestBulkRequestsThatAreRefused(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := instances(db, "Product") + "/bulk-create"
	if r := bff.call(422, "POST", path, object{"instances": list{object{"product_id": "a"}, 7, "x"}}); r.Text("errors", 0, "loc", 2) != "1" || r.Text("errors", 1, "loc", 2) != "2" {
		t.Errorf("rows: %s", r)
	}
	many := make(list, 10_001)
	for i := range many {
		many[i] = object{}
	}
	if r := bff.call(422, "POST", path, object{"instances": many}); r.Text("errors", 0, "loc", 1) != "instances" {
		t.Errorf("10,001 rows: %s", r)
	}
	for _, body := range []object{{}, {"instances": nil}, {"instances": object{}}, {"instances": list{}, "colour": 1}, {"instances": list{}, "metadata": 7}} {
		bff.call(422, "POST", path, body)
	}
	bff.call(404, "POST", instances(db, "Nothing")+"/bulk-create", object{"instances": list{}})
}
