package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestBulkUpdateAndDelete(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	rows := list{}
	for i := range 1100 {
		rows = append(rows, object{"product_id": fmt.Sprintf("p%d", i), "재고": i})
	}
	bff.done("POST", base+"/bulk-create", object{"instances": rows}, client.Lang("ko")) // labels are taken for ids here too

	updates := list{}
	for i := range 1100 {
		updates = append(updates, object{"instance_id": fmt.Sprintf("p%d", i), "data": object{"Stock": i + 1}})
	}
	updates = append(updates, object{"instance_id": "p3", "data": object{}}, object{"instance_id": "none", "data": object{}})
	updates[7].(object)["expected_seq"] = 1
	updates[8].(object)["expected_seq"] = 5
	updates[9].(object)["data"] = object{"stock": "many"}
	r := bff.done("POST", base+"/bulk-update", object{"instances": updates}, client.Lang("en"), client.Key("u"))
	if r.Text("result", "updated") != "1098" || r.Text("result", "refused") != "4" || r.Text("result", "total") != "1102" {
		t.Errorf("updated: %s", r)
	}
	for i, want := range []string{"8 p8 409", "9 p9 422", "1100 p3 422", "1101 none 404"} {
		e := []any{"result", "errors", i}
		got := r.Text(append(e, "row")...) + " " + r.Text(append(e, "instance_id")...) + " " + r.Text(append(e, "problem", "status")...)
		if got != want || !isASCII(r.Text(append(e, "problem", "message")...)) {
			t.Errorf("want %s, got %s: %v", want, got, r.Get(e...))
		}
	}
	if r := bff.call(200, "GET", "/api/v1/commands/"+r.Command()+"/status", nil, client.Lang("ko")); isASCII(r.Text("result", "errors", 3, "problem", "message")) {
		t.Errorf("in Korean: %v", r.Get("result", "errors", 3))
	}
	if again := bff.done("POST", base+"/bulk-update", object{"instances": updates}, client.Lang("en"), client.Key("u")); again.Command() != r.Command() {
		t.Errorf("repeated: %s", again)
	}

	// An upsert.
	upsert := bff.done("POST", base+"/bulk-create", object{"upsert": true, "instances": list{
		object{"product_id": "p1", "stock": 2}, object{"product_id": "p2", "stock": 99}, object{"product_id": "new"}, object{"product_id": "new"},
	}})
	if upsert.Text("result", "created") != "1" || upsert.Text("result", "updated") != "1" || upsert.Text("result", "unchanged") != "1" || upsert.Text("result", "refused") != "1" {
		t.Errorf("upsert: %s", upsert)
	}

	async := "/api/v1/instances/" + db + "/async/Product"
	if r := oms.done("POST", async+"/bulk-update", object{"instances": list{object{"instance_id": "new", "data": object{"name": "x"}}}}); r.Text("result", "updated") != "1" {
		t.Errorf("OMS: %s", r)
	}
	deleted := oms.done("POST", async+"/bulk-delete", object{"instances": list{"p1", object{"instance_id": "p2", "expected_seq": 3}, object{"instance_id": "p4", "expected_seq": 1}, "p1"}})
	if deleted.Text("result", "deleted") != "2" || deleted.Text("result", "refused") != "2" {
		t.Errorf("deleted: %s", deleted)
	}
	bff.call(404, "PUT", base+"/p1/update?expected_seq=2", object{"data": object{"stock": 1}})
	if r := bff.done("POST", base+"/bulk-delete", object{"instances": list{}}); r.Text("result", "total") != "0" {
		t.Errorf("no rows: %s", r)
	}
	if r := bff.write("FAILED", "POST", base+"/bulk-delete", object{"instances": list{"p1"}}); r.Text("result", "refused") != "1" || r.Text("error") == "" {
		t.Errorf("all refused: %s", r)
	}
}

func TestBulkChangesThatAreRefused(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	many := make(list, 10_001)
	for i := range many {
		many[i] = "p"
	}
	for _, body := range []object{
		{}, {"instances": nil}, {"instances": object{}}, {"instances": many}, {"instances": list{7}}, {"instances": list{object{}}}, {"instances": list{""}}, {"instances": list{"a\u0007"}},
		{"instances": list{strings.Repeat("x", 513)}}, {"instances": list{object{"instance_id": "a", "expected_seq": 0}}}, {"instances": list{object{"instance_id": "a", "data": object{}}}},
		{"instances": list{}, "upsert": true}, {"instances": list{}, "metadata": 1},
	} {
		if r := bff.call(422, "POST", base+"/bulk-delete", body); r.Get("errors", 0, "loc") == nil {
			t.Errorf("%s", r)
		}
	}
	bff.call(422, "POST", base+"/bulk-create", object{"instances": list{}, "upsert": "yes"})
	bff.call(404, "POST", instances(db, "None")+"/bulk-delete", object{"instances": list{}})
	w.asOMS(t).call(400, "POST", "/api/v1/instances/"+db+"/async/Product/bulk-delete", object{"instances": list{7}})
}

// Ids at the limit go through every new path; one byte more is refused everywhere.
func TestIDsAtTheLimitInEveryPath(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	long := strings.Repeat("한", 170) + "ab" // 512 bytes
	odd := "e\u0301 \u202e\u200b\U0001F469\u200d\U0001F4BB \ufffd %00"
	for _, id := range []string{long, odd} {
		created := bff.done("POST", base+"/bulk-create", object{"instances": list{object{"product_id": id}}})
		if created.Text("result", "created") != "1" {
			t.Fatalf("%q: %s", id, created)
		}
		bff.done("POST", base+"/bulk-update", object{"instances": list{object{"instance_id": id, "data": object{"name": id}}}})
		last := bff.done("POST", base+"/"+url.PathEscape(id)+"/restore?expected_seq=2", object{"sequence": 1})
		at := instancePath(db, "Product", id)
		if r := bff.call(200, "GET", at+"/history", nil); r.Text("data", "entries", 0, "sequence") != "3" || r.Text("data", "instance_id") != id {
			t.Errorf("%q: %s", id, r)
		}
		if r := bff.call(200, "GET", at+"?as_of_sequence=2", nil); r.Text("data", "data", "name") != id {
			t.Errorf("%q: %s", id, r)
		}
		if found := ids(bff, listPath(db)+"?sort=instance_id&limit=1&filter.product_id="+url.QueryEscape(id)+"&min_position="+last.Text("result", "position")); len(found) != 1 || found[0] != id {
			t.Errorf("%q: listed %q", id, found)
		}
	}
	if found := ids(bff, listPath(db)+"?sort=instance_id&limit=1"); len(found) != 2 {
		t.Errorf("pages of one: %q", found)
	}
	for _, bad := range []string{long + "x", "a\x00", "a\n", "\u0085", "%FF"} {
		path := "/api/v1/databases/" + db + "/class/Product/instance/" + strings.ReplaceAll(url.PathEscape(bad), "%25FF", "%FF")
		for _, rest := range []string{"/history", "?as_of_sequence=1", "/expected-seq"} {
			bff.call(400, "GET", path+rest, nil)
		}
		bff.call(400, "POST", base+"/"+strings.ReplaceAll(url.PathEscape(bad), "%25FF", "%FF")+"/restore?expected_seq=1", object{"sequence": 1})
	}
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for _, path := range []string{"/bulk-update", "/bulk-delete", "/x/restore?expected_seq=1"} {
		if r, err := bff.Do(t.Context(), "POST", base+path, `{"instances":[`+deep+`],"sequence":`+deep+`}`); err != nil || r.Status < 400 || r.Status > 422 {
			t.Errorf("%s: %s, %v", path, r, err)
		}
	}
}
