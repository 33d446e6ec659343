package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// stored reads the instance that a write has changed, as it is after that write:
// the document without its envelope.
func stored(t *testing.T, w *world, ended *client.Response) *client.Response {
	t.Helper()
	path := instancePath(ended.Text("result", "db_name"), ended.Text("result", "class_id"), ended.Text("result", "instance_id"))
	r := w.asBFF(t).call(200, "GET", path+"?min_sequence="+ended.Text("result", "sequence"), nil)
	document, err := json.Marshal(r.Get("data"))
	if err != nil {
		t.Fatal(err)
	}
	return &client.Response{Status: r.Status, Header: r.Header, Body: document}
}

func TestInstanceLife(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")

	accepted := bff.call(202, "POST", base+"/create", object{"data": object{"product_id": "p1", "name": "Lamp", "stock": 3}, "metadata": nil})
	if accepted.Text("status") != "PENDING" || accepted.Text("result", "instance_id") != "p1" || accepted.Text("result", "class_id") != "Product" ||
		accepted.Text("result", "db_name") != db || accepted.Text("result", "branch") != "main" {
		t.Errorf("accepted: %s", accepted)
	}
	created := bff.call(200, "GET", "/api/v1/commands/"+accepted.Command()+"/status", nil, client.Wait(waitSeconds))
	if created.Text("status") != "COMPLETED" || created.Text("result", "sequence") != "1" || created.Text("result", "instance_id") != "p1" {
		t.Fatalf("created: %s", created)
	}
	if r := bff.call(409, "POST", base+"/create", object{"data": object{"product_id": "p1"}}); r.Text("context", "detail", "actual_seq") != "1" {
		t.Errorf("exists: %s", r)
	}

	// A merge patch: what is not sent stays, null removes.
	patched := bff.done("PUT", base+"/p1/update?expected_seq=1", object{"data": object{"name": "Desk lamp", "stock": nil}})
	if patched.Text("result", "sequence") != "2" {
		t.Errorf("patched: %s", patched)
	}
	if fact := stored(t, w, patched); fact.Text("data", "name") != "Desk lamp" || fact.Get("data", "stock") != nil || fact.Text("data", "product_id") != "p1" {
		t.Errorf("after the patch: %s", fact)
	}
	same := bff.done("PUT", base+"/p1/update?expected_seq=2", object{"data": object{"name": "Desk lamp"}})
	if same.Get("result", "unchanged") != true || same.Text("result", "sequence") != "2" {
		t.Errorf("unchanged: %s", same)
	}
	if r := bff.call(409, "PUT", base+"/p1/update?expected_seq=1", object{"data": object{"name": "x"}}); r.Text("context", "detail", "expected_seq") != "1" || r.Text("context", "detail", "actual_seq") != "2" {
		t.Errorf("conflict: %s", r)
	}
	if r := bff.call(422, "PUT", base+"/p1/update?expected_seq=2", object{"data": object{"product_id": "p2"}}); r.Text("errors", 0, "type") != "frozen_field" {
		t.Errorf("the key: %s", r)
	}
	bff.call(422, "PUT", base+"/p1/update", object{"data": object{"name": "x"}})
	bff.call(404, "PUT", base+"/p9/update?expected_seq=1", object{"data": object{"name": "x"}})

	bff.call(409, "DELETE", base+"/p1/delete?expected_seq=1", nil)
	bff.call(422, "DELETE", base+"/p1/delete", nil)
	if r := bff.done("DELETE", base+"/p1/delete?expected_seq=2", nil); r.Text("result", "sequence") != "3" {
		t.Errorf("deleted: %s", r)
	}
	bff.call(404, "PUT", base+"/p1/update?expected_seq=3", object{"data": object{"name": "x"}})
	bff.call(404, "DELETE", base+"/p1/delete?expected_seq=3", nil)
	again := bff.done("POST", base+"/create", object{"data": object{"product_id": "p1"}})
	if again.Text("result", "sequence") != "4" {
		t.Errorf("sequences go on: %s", again)
	}
	if fact := stored(t, w, again); fact.Get("data", "name") != nil {
		t.Errorf("the new one has what the old one had: %s", fact)
	}
	if n := findings(t, w, "", `select last_sequence::text from spice_event_registry.aggregate_versions where handler = 'write_side:Instance' and aggregate_id = $1`, db+":main:Product:p1"); n != "\n: 4" {
		t.Errorf("aggregate_versions: %s", n)
	}
}

func TestOMSWritesInstances(t *testing.T) {
	w := sharedWorld(t)
	oms, db := w.asOMS(t), w.database(t)
	product(w.asBFF(t), db)
	base := "/api/v1/instances/" + db + "/async/Product"
	oms.done("POST", base+"/create", object{"data": object{"product_id": "p1"}})
	oms.done("PUT", base+"/p1/update?expected_seq=1", object{"data": object{"name": "x"}})
	r := oms.call(202, "POST", base+"/bulk-create", object{"instances": list{object{"product_id": "p2"}}})
	ended := oms.call(200, "GET", "/api/v1/instances/"+db+"/async/command/"+r.Command()+"/status", nil, client.Wait(waitSeconds))
	if ended.Text("status") != "COMPLETED" || ended.Text("result", "created") != "1" {
		t.Errorf("bulk: %s", ended)
	}
	oms.done("DELETE", base+"/p1/delete?expected_seq=2", nil)
}

// difficult are ids that a careless layer splices, cuts or decodes twice.
var difficult = []string{
	"서울 강남구", "a b", "a/b", "../up", "a#b", `it's "quoted"`, "100%", "%41", "a:b", "a::b", "?x=1&y=2", "+", "\\", "<b>&amp;", "'; drop table x; --", "😀", strings.Repeat("한", 170),
}

func TestAnyTextIsAnID(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	for _, id := range difficult {
		r := bff.done("POST", base+"/create", object{"data": object{"product_id": id, "name": id}})
		if r.Text("result", "instance_id") != id || r.Text("result", "aggregate_id") != db+":main:Product:"+id {
			t.Errorf("%q: created %s", id, r)
		}
		path := base + "/" + url.PathEscape(id)
		if r := bff.done("PUT", path+"/update?expected_seq=1", object{"data": object{"stock": 1}}); r.Text("result", "sequence") != "2" {
			t.Errorf("%q: updated %s", id, r)
		}
		if r := bff.call(200, "GET", instancePath(db, "Product", id)+"?min_sequence=2", nil); r.Text("data", "instance_id") != id || r.Text("data", "data", "name") != id {
			t.Errorf("%q: read %s", id, r)
		}
		if r := bff.done("DELETE", path+"/delete?expected_seq=2", nil); r.Text("result", "sequence") != "3" {
			t.Errorf("%q: deleted %s", id, r)
		}
	}
	for name, id := range map[string]any{"control character": "a\tb", "too long": strings.Repeat("x", 513), "empty": ""} {
		if r := bff.call(422, "POST", base+"/create", object{"data": object{"product_id": id}}); r.Text("errors", 0, "loc", 2) != "product_id" {
			t.Errorf("%s: %s", name, r)
		}
	}
	bff.call(400, "DELETE", base+"/a%09b/delete?expected_seq=1", nil)
}

func TestCompositeKeys(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bff.done("POST", ontology(db), object{"id": "Line", "label": "Line", "properties": list{
		object{"name": "order", "type": "string", "label": "Order", "primary_key": true},
		object{"name": "number", "type": "integer", "label": "Number", "primary_key": true},
	}})
	base := instances(db, "Line")
	r := bff.done("POST", base+"/create", object{"data": object{"order": "a:1%", "number": 7}})
	if r.Text("result", "instance_id") != "a%3A1%25:7" {
		t.Errorf("id: %s", r)
	}
	bff.done("DELETE", base+"/"+url.PathEscape("a%3A1%25:7")+"/delete?expected_seq=1", nil)
	if r := bff.call(422, "POST", base+"/create", object{"data": object{"order": "a"}}); r.Text("errors", 0, "loc", 2) != "number" || r.Text("errors", 0, "type") != "missing" {
		t.Errorf("a part is missing: %s", r)
	}
}

func TestNumbersKeepTheirText(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	const long = "1234567890123456789012345678901234567890"
	r := bff.done("POST", instances(db, "Product")+"/create", `{"data":{"product_id":"p1","price":0.1000000000000000055511151231257827,"stock":`+long+`,"sizes":{"a":`+long+`,"b":1.50}}}`)
	fact := stored(t, w, r)
	if fact.Text("data", "stock") != long || fact.Text("data", "sizes", "a") != long || fact.Text("data", "sizes", "b") != "1.50" ||
		fact.Text("data", "price") != "0.1000000000000000055511151231257827" {
		t.Errorf("stored: %s", fact)
	}
	patched := bff.done("PUT", instances(db, "Product")+"/p1/update?expected_seq=1", `{"data":{"sizes":{"a":null,"c":1e2}}}`)
	if fact := stored(t, w, patched); fact.Get("data", "sizes", "a") != nil || fact.Text("data", "sizes", "b") != "1.50" || fact.Text("data", "sizes", "c") != "1e2" {
		t.Errorf("merged: %s", fact)
	}
}

func TestRefusedPayloads(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	product(bff, db)
	for name, c := range map[string]struct {
		data  object
		field string
	}{
		"integer":  {object{"product_id": "p1", "stock": "many"}, "stock"},
		"decimal":  {object{"product_id": "p1", "price": true}, "price"},
		"below 0":  {object{"product_id": "p1", "price": -1}, "price"},
		"string":   {object{"product_id": "p1", "name": list{1}}, "name"},
		"no key":   {object{"name": "x"}, "product_id"},
		"null key": {object{"product_id": nil}, "product_id"},
	} {
		body := object{"data": c.data}
		for lang, message := range map[string]string{"en": "Request validation failed", "ko": "입력값 검증에 실패했습니다."} {
			r := bff.call(422, "POST", instances(db, "Product")+"/create", body, client.Lang(lang))
			if r.Text("errors", 0, "loc", 0) != "body" || r.Text("errors", 0, "loc", 1) != "data" || r.Text("errors", 0, "loc", 2) != c.field ||
				r.Text("errors", 0, "msg") == "" || r.Text("message") != message || r.Text("code") != "REQUEST_VALIDATION_FAILED" {
				t.Errorf("%s: %s", name, r)
			}
		}
		if r := oms.call(400, "POST", "/api/v1/instances/"+db+"/async/Product/create", body); r.Text("errors", 0, "loc", 2) != c.field {
			t.Errorf("OMS: %s: %s", name, r)
		}
	}
	several := bff.call(422, "POST", instances(db, "Product")+"/create", object{"data": object{"stock": "x", "price": "x"}})
	if errs, _ := several.Get("errors").(list); len(errs) != 3 {
		t.Errorf("every mistake is named: %s", several)
	}
	for _, body := range []any{object{}, object{"data": nil}, object{"data": list{}}, object{"data": object{"product_id": "x"}, "colour": 1}, list{}, "7"} {
		bff.call(422, "POST", instances(db, "Product")+"/create", body)
	}
	bff.call(404, "POST", instances(db, "Nothing")+"/create", object{"data": object{}})
	bff.call(400, "POST", instances(db, "Product")+"/create?branch=HEAD", object{"data": object{}})
}

func TestLabelsAreKeys(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	r := bff.done("POST", base+"/create", object{"data": object{"제품 번호": "p1", "Name": "Lamp", "stock": 3}})
	if fact := stored(t, w, r); fact.Text("data", "product_id") != "p1" || fact.Text("data", "name") != "Lamp" || fact.Text("data", "stock") != "3" {
		t.Errorf("stored: %s", fact)
	}
	bff.done("PUT", base+"/p1/update?expected_seq=1", object{"data": object{"가격": 12.5}})
	unknown := bff.call(400, "POST", base+"/create", object{"data": object{"product_id": "p2", "색": "red", "Colour": "red"}})
	if unknown.Text("context", "detail", "error") != "unknown_label_keys" || unknown.Text("context", "detail", "class_id") != "Product" ||
		unknown.Text("context", "detail", "labels", 0) != "Colour" || unknown.Text("context", "detail", "labels", 1) != "색" || unknown.Text("context", "detail", "hint") == "" {
		t.Errorf("unknown: %s", unknown)
	}
	oms := w.asOMS(t)
	if r := oms.call(400, "POST", "/api/v1/instances/"+db+"/async/Product/create", object{"data": object{"제품 번호": "p2", "product_id": "p2"}}); r.Text("errors", 0, "loc", 2) != "제품 번호" {
		t.Errorf("OMS knows no labels: %s", r)
	}
}
