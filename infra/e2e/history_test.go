package e2e

import (
	"net/url"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestHistoryAsOfAndRestore(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base, id := instances(db, "Product"), `p/1 "한"#`
	path, at := base+"/"+url.PathEscape(id), instancePath(db, "Product", id)
	bff.done("POST", base+"/create", object{"data": object{"product_id": id, "name": "Lamp", "price": 1}}, client.Header("X-Actor", "kim"))
	second := bff.done("PUT", path+"/update?expected_seq=1", object{"data": object{"name": "Desk", "price": nil, "stock": 3}})
	bff.done("DELETE", path+"/delete?expected_seq=2", nil)
	if r := bff.call(200, "GET", at+"/expected-seq", nil); r.Text("data", "expected_seq") != "3" {
		t.Errorf("expected: %s", r)
	}

	// The history of what is deleted, newest first, in pages.
	page := bff.call(200, "GET", at+"/history?limit=2", nil)
	if page.Text("data", "entries", 0, "sequence") != "3" || page.Get("data", "entries", 0, "deleted") != true || page.Text("data", "entries", 0, "event_type") != "INSTANCE_DELETED" {
		t.Errorf("newest: %s", page)
	}
	if page.Text("data", "entries", 1, "changes", 0, "field") != "name" || page.Text("data", "entries", 1, "changes", 0, "old") != "Lamp" || page.Text("data", "entries", 1, "changes", 0, "new") != "Desk" ||
		page.Text("data", "entries", 1, "changes", 1, "old") != "1" || page.Get("data", "entries", 1, "changes", 1, "new") != nil {
		t.Errorf("changes: %s", page)
	}
	cursor := page.Text("data", "next_cursor")
	rest := bff.call(200, "GET", at+"/history?limit=2&cursor="+cursor, nil)
	if rest.Text("data", "entries", 0, "sequence") != "1" || rest.Text("data", "entries", 0, "actor") != "kim" || rest.Get("data", "entries", 1) != nil || rest.Get("data", "next_cursor") != nil {
		t.Errorf("the rest: %s", rest)
	}
	for _, bad := range []string{"x", "!!", "AAAA", cursor[:len(cursor)-3], "MC4xLjEuMQ", "OTkuMS4xLjE"} {
		bff.call(400, "GET", at+"/history?cursor="+url.QueryEscape(bad), nil)
	}
	bff.call(404, "GET", instancePath(db, "Product", "never")+"/history", nil)
	bff.call(422, "GET", at+"/history?limit=0", nil)

	// As it was.
	if r := bff.call(200, "GET", at+"?as_of_sequence=1", nil); r.Text("data", "data", "name") != "Lamp" || r.Text("data", "version") != "1" {
		t.Errorf("sequence 1: %s", r)
	}
	position := second.Text("result", "position")
	if r := bff.call(200, "GET", at+"?as_of_position="+position, nil); r.Text("data", "data", "name") != "Desk" {
		t.Errorf("position: %s", r)
	}
	then := rest.Text("data", "entries", 0, "recorded_at")
	if r := bff.call(200, "GET", at+"?as_of="+url.QueryEscape(then), nil); r.Text("data", "version") != "1" {
		t.Errorf("at %s: %s", then, r)
	}
	if r := bff.call(404, "GET", at+"?as_of_sequence=3", nil, client.Lang("en")); !strings.Contains(string(r.Body), "deleted with sequence 3") {
		t.Errorf("deleted: %s", r)
	}
	for _, query := range []string{"as_of=2001-01-01T00:00:00Z", "as_of_sequence=4", "as_of=2999-01-01T00:00:00Z"} {
		bff.call(404, "GET", at+"?"+query, nil)
	}
	for _, query := range []string{
		"as_of=yesterday", "as_of=", "as_of_sequence=0", "as_of_sequence=-1", "as_of_sequence=x", "as_of_sequence=99999999999999999999", "as_of_position=1", "as_of_position=",
		"as_of_position=99.1.1.1", "as_of_sequence=1&as_of=2001-01-01T00:00:00Z", "as_of_sequence=1&min_sequence=1", "as_of=2026-01-01T00:00:00+09:00",
		"as_of_position=" + position[:strings.Index(position, ".")] + ".999999999.70.70",
	} {
		if r := bff.call(400, "GET", at+"?"+query, nil); r.Get("errors", 0, "loc") == nil {
			t.Errorf("%s: %s", query, r)
		}
	}

	// Back again, as a creation.
	bff.call(409, "POST", path+"/restore?expected_seq=2", object{"sequence": 1})
	back := bff.done("POST", path+"/restore?expected_seq=3", object{"sequence": 1}, client.Key("back"))
	if again := bff.done("POST", path+"/restore?expected_seq=3", object{"sequence": 1}, client.Key("back")); again.Command() != back.Command() {
		t.Errorf("repeated: %s and %s", back, again)
	}
	if fact := stored(t, w, back); fact.Text("data", "name") != "Lamp" || fact.Text("event_sequence") != "4" {
		t.Errorf("restored: %s", fact)
	}
	if r := bff.call(200, "GET", at+"/history?limit=1", nil); r.Text("data", "entries", 0, "restored_from_sequence") != "1" {
		t.Errorf("history: %s", r)
	}
	forward := bff.done("POST", path+"/restore?expected_seq=4", object{"position": position})
	if fact := stored(t, w, forward); fact.Text("data", "name") != "Desk" {
		t.Errorf("restored by position: %s", fact)
	}
	if r := bff.done("POST", path+"/restore?expected_seq=5", object{"position": position}); r.Get("result", "unchanged") != true {
		t.Errorf("unchanged: %s", r)
	}
	for _, body := range []object{{}, {"sequence": 1, "position": position}, {"sequence": "1"}, {"sequence": 0}, {"sequence": 1.5}, {"position": "x"}, {"sequence": 1, "colour": 2}} {
		bff.call(422, "POST", path+"/restore?expected_seq=5", body)
	}
	bff.call(404, "POST", path+"/restore?expected_seq=5", object{"sequence": 3})
	bff.call(404, "POST", path+"/restore?expected_seq=5", object{"sequence": 77})
	bff.call(422, "POST", path+"/restore", object{"sequence": 1})

	// The OMS restores too.
	w.asOMS(t).done("POST", "/api/v1/instances/"+db+"/async/Product/"+url.PathEscape(id)+"/restore?expected_seq=5", object{"sequence": 1})
}

// A database that is created again shows nothing of the one before.
func TestHistoryEndsWhereTheDatabaseBegins(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1", "name": "old"}})
	bff.done("DELETE", "/api/v1/databases/"+db, nil)
	bff.done("POST", "/api/v1/databases", object{"name": db})
	product(bff, db)
	bff.call(404, "GET", instancePath(db, "Product", "p1")+"/history", nil)
	bff.call(404, "GET", instancePath(db, "Product", "p1")+"?as_of_sequence=1", nil)
	bff.call(404, "POST", instances(db, "Product")+"/p1/restore?expected_seq=1", object{"sequence": 1})
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1", "name": "new"}})
	r := bff.call(200, "GET", instancePath(db, "Product", "p1")+"/history", nil)
	if strings.Contains(string(r.Body), `"old":"old"`) || r.Get("data", "entries", 1) != nil || r.Text("data", "entries", 0, "sequence") != "2" {
		t.Errorf("history: %s", r)
	}
	bff.call(404, "GET", instancePath(db, "Product", "p1")+"?as_of_sequence=1", nil)
}

func TestRestoreOfWhatDoesNotFitAnyMore(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	base := instances(db, "Product")
	bff.done("POST", base+"/create", object{"data": object{"product_id": "p1", "stock": 3}})
	bff.done("PUT", base+"/p1/update?expected_seq=1", object{"data": object{"stock": nil}})
	bff.done("PUT", ontology(db)+"/Product?expected_seq=1", object{"properties": list{
		object{"name": "product_id", "type": "string", "label": "Id", "primary_key": true}, object{"name": "stock", "type": "boolean", "label": "Stock"},
	}}, client.Header("X-Change-Reason", "test"))
	r := bff.call(422, "POST", base+"/p1/restore?expected_seq=2", object{"sequence": 1}, client.Lang("en"))
	if r.Text("errors", 0, "loc", 2) != "stock" || r.Text("errors", 0, "msg") == "" {
		t.Errorf("refused: %s", r)
	}
}
