package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func listed(r *client.Response, database string) object {
	entries, _ := r.Get("data", "databases").(list)
	for _, entry := range entries {
		if e := entry.(object); e["name"] == database {
			return e
		}
	}
	return nil
}

func TestDatabaseLife(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), databaseName(t)
	t.Cleanup(func() { assertHealthy(t, w, db) })
	path := "/api/v1/databases/" + db

	if r := bff.call(200, "GET", path, nil); r.Get("data", "data", "exists") != false {
		t.Errorf("before its creation: %s", r)
	}
	if r := bff.call(200, "GET", path+"/expected-seq", nil); r.Text("data", "expected_seq") != "0" {
		t.Errorf("before its creation: %s", r)
	}

	r := bff.call(202, "POST", "/api/v1/databases", object{"name": db, "description": "for a test", "options": object{"x": 1}}, client.Header("X-User-ID", "ada"))
	if r.Text("status") != "accepted" || r.Text("data", "database_name") != db || r.Text("data", "mode") != "event_sourcing" || r.Text("data", "status") != "processing" {
		t.Errorf("accepted: %s", r)
	}
	if location := r.Header.Get("Location"); location != "/api/v1/commands/"+r.Command()+"/status" {
		t.Errorf("Location %q", location)
	}
	status := bff.call(200, "GET", "/api/v1/commands/"+r.Command()+"/status", nil, client.Wait(waitSeconds))
	if status.Text("status") != "COMPLETED" || status.Text("result", "sequence") != "1" || status.Text("result", "command_type") != "CREATE_DATABASE" {
		t.Fatalf("status: %s", status)
	}

	if r := bff.call(200, "GET", path, nil); r.Get("data", "data", "exists") != true {
		t.Errorf("exists: %s", r)
	}
	if r := oms.call(200, "GET", "/api/v1/database/exists/"+db, nil); r.Get("data", "exists") != true {
		t.Errorf("OMS: exists: %s", r)
	}
	entry := listed(bff.call(200, "GET", "/api/v1/databases", nil), db)
	if entry["owner_id"] != "ada" || entry["role"] != "Owner" || entry["comment"] != "for a test" || entry["shared"] != false {
		t.Errorf("list entry %v", entry)
	}
	if listed(oms.call(200, "GET", "/api/v1/database/list", nil), db) == nil {
		t.Error("OMS does not list it")
	}

	bff.call(409, "DELETE", path+"?expected_seq=7", nil)
	bff.done("DELETE", path+"?expected_seq=1", nil)
	if listed(bff.call(200, "GET", "/api/v1/databases", nil), db) != nil {
		t.Error("the deleted database is listed")
	}
	bff.call(404, "DELETE", path, nil)

	again := bff.done("POST", "/api/v1/databases", object{"name": db})
	if again.Text("result", "sequence") != "3" {
		t.Errorf("sequences do not go on: %s", again)
	}
	bff.done("DELETE", path, nil) // without expected_seq
	if r := bff.call(200, "GET", path+"/expected-seq", nil); r.Text("data", "expected_seq") != "4" {
		t.Errorf("at the end: %s", r)
	}
}

func TestWhatWasInADeletedDatabaseIsGone(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	bff.done("DELETE", "/api/v1/databases/"+db, nil)
	bff.call(404, "GET", ontology(db)+"/Product", nil)
	bff.call(404, "POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	bff.done("POST", "/api/v1/databases", object{"name": db})
	bff.call(404, "GET", ontology(db)+"/Product", nil)
	if r := product(bff, db); r.Text("result", "sequence") != "2" {
		t.Errorf("the class: %s", r) // the deletion of the database is no fact of the class
	}
	if r := bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}}); r.Text("result", "sequence") != "2" {
		t.Errorf("the instance: %s", r)
	}
}

func TestDatabaseNames(t *testing.T) {
	w := sharedWorld(t)
	for _, c := range []struct{ name, en, ko string }{
		{"ab", "Database name must be at least 3 characters long", "데이터베이스 이름은 3자 이상이어야 합니다."},
		{strings.Repeat("a", 51), "Database name must not exceed 50 characters", "데이터베이스 이름은 50자를 넘을 수 없습니다."},
		{"Shop", "Database name must start with a lowercase letter and contain only lowercase letters, numbers, underscores, and hyphens", ""},
		{"상점들", "Database name must start with a lowercase letter and contain only lowercase letters, numbers, underscores, and hyphens", ""},
		{"shop;--", "Database name must start with a lowercase letter and contain only lowercase letters, numbers, underscores, and hyphens", ""},
		{"shop_", "Database name cannot end with underscore or hyphen", ""},
		{"sh__op", "Database name cannot have consecutive special characters", ""},
	} {
		for _, a := range []struct {
			api
			path string
		}{{w.asBFF(t), "/api/v1/databases"}, {w.asOMS(t), "/api/v1/database/create"}} {
			r := a.call(400, "POST", a.path, object{"name": c.name}, client.Lang("en"))
			if r.Text("message") != c.en || r.Text("errors", 0, "loc", 1) != "name" || r.Text("errors", 0, "msg") != c.en {
				t.Errorf("%s %q: %s", a.path, c.name, r)
			}
			if r := a.call(400, "POST", a.path, object{"name": c.name}); c.ko != "" && r.Text("message") != c.ko {
				t.Errorf("%s %q in Korean: %s", a.path, c.name, r)
			}
		}
	}
	bff, oms := w.asBFF(t), w.asOMS(t)
	if r := bff.call(400, "GET", "/api/v1/databases/A", nil); r.Text("errors", 0, "loc", 0) != "path" {
		t.Errorf("in the path: %s", r)
	}
	oms.call(400, "GET", "/api/v1/database/exists/A", nil)
	r := bff.call(400, "POST", "/api/v1/databases", object{"name": "long-description", "description": strings.Repeat("가", 501)})
	if r.Text("errors", 0, "loc", 1) != "description" {
		t.Errorf("description: %s", r)
	}
	for _, body := range []object{{}, {"name": nil}, {"name": 7}, {"name": "shop", "description": 1}, {"name": "shop", "colour": "red"}} {
		bff.call(422, "POST", "/api/v1/databases", body)
		oms.call(400, "POST", "/api/v1/database/create", body)
	}
	for _, system := range []string{"_system", "_meta"} {
		bff.call(403, "DELETE", "/api/v1/databases/"+system, nil)
		oms.call(403, "DELETE", "/api/v1/database/"+system+"?expected_seq=0", nil)
	}
}

func TestADatabaseThatExistsIsAConflict(t *testing.T) {
	w := sharedWorld(t)
	db := w.database(t)
	for _, a := range []struct {
		api
		path string
	}{{w.asBFF(t), "/api/v1/databases"}, {w.asOMS(t), "/api/v1/database/create"}} {
		r := a.call(409, "POST", a.path, object{"name": db})
		conflict, _ := r.Get("context", "detail").(object)
		if conflict["error"] != "optimistic_concurrency_conflict" || conflict["aggregate_id"] != db ||
			r.Text("context", "detail", "expected_seq") != "0" || r.Text("context", "detail", "actual_seq") != "1" || r.Text("code") != "CONFLICT" {
			t.Errorf("%s: %s", a.path, r)
		}
	}
	if r := w.asOMS(t).call(400, "DELETE", "/api/v1/database/"+db, nil, client.Lang("en")); r.Text("errors", 0, "loc", 1) != "expected_seq" {
		t.Errorf("OMS needs expected_seq: %s", r)
	}
	for _, bad := range []string{"x", "-1", "1.0"} {
		w.asBFF(t).call(422, "DELETE", "/api/v1/databases/"+db+"?expected_seq="+bad, nil)
	}
	w.asOMS(t).done("DELETE", "/api/v1/database/"+db+"?expected_seq=1", nil)
}
