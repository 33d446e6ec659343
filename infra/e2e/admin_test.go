package e2e

import (
	"testing"

	"spiceharvester/infra/e2e/client"
)

// result waits for a task of an admin route and gives what it found.
func (a api) result(route string, started *client.Response) *client.Response {
	a.t.Helper()
	task := started.Text("task_id")
	eventually(a.t, settleLimit, func() string {
		if r := a.call(200, "GET", started.Text("status_url"), nil); r.Text("status") == "PROCESSING" {
			return r.String()
		}
		return ""
	})
	return a.call(200, "GET", route+"/"+task+"/result", nil)
}

// An instance is read from its facts, and each fact leads on.
func TestReplayOfAnInstance(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1", "stock": 1}})
	updated := bff.done("PUT", instances(db, "Product")+"/p1/update?expected_seq=1", object{"data": object{"stock": 2}})
	const route = "/api/v1/admin/replay-instance-state"
	replay := func(id string) *client.Response {
		return bff.result(route, bff.call(200, "POST", route, object{"db_name": db, "class_id": "Product", "instance_id": id}))
	}
	r := replay("p1")
	if r.Text("status") != "completed" || r.Text("instance_state", "stock") != "2" || r.Text("command_count") != "2" || r.Get("is_deleted") != false {
		t.Errorf("%s", r)
	}
	trace := bff.call(200, "GET", route+"/"+r.Text("task_id")+"/trace?timeline_limit=1", nil)
	if trace.Text("selected", "command_id") != updated.Command() || trace.Text("timeline", 0, "sequence") != "2" {
		t.Errorf("%s", trace)
	}
	bff.call(404, "GET", route+"/"+r.Text("task_id")+"/trace?command_id=none", nil)
	bff.done("DELETE", instances(db, "Product")+"/p1/delete?expected_seq=2", nil)
	if r := replay("p1"); r.Get("is_deleted") != true || r.Text("deletion_info", "sequence") != "3" || r.Get("instance_state") != nil {
		t.Errorf("%s", r)
	}
	if r := replay("never"); r.Text("status") != "failed" || r.Text("error") == "" {
		t.Errorf("%s", r)
	}
	bff.call(422, "POST", route, object{"db_name": db})
}

// A new index beside the one in use takes its place only if it is complete.
func TestRecomputedProjection(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	const route = "/api/v1/admin/recompute-projection"
	recompute := func(more object) *client.Response {
		body := object{"db_name": db, "projection": "instances", "from_ts": "2020-01-01T00:00:00Z"}
		for name, value := range more {
			body[name] = value
		}
		return bff.result(route, bff.call(202, "POST", route, body))
	}
	if r := recompute(object{"promote": true}); r.Get("promoted") != true || r.Text("indexed_docs") != "1" || r.Text("skipped_events") != "0" {
		t.Errorf("%s", r)
	}
	if r := recompute(object{"promote": true, "to_ts": "2020-01-02T00:00:00Z"}); r.Get("promoted") != false || r.Text("promote_error") == "" || r.Text("skipped_events") != "1" {
		t.Errorf("a part of the time: %s", r)
	}
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p2"}})
	assertHealthy(t, w, db)
	bff.call(422, "POST", route, object{"db_name": db, "projection": "both", "from_ts": "2020-01-01T00:00:00Z"})
	bff.call(422, "POST", route, object{"db_name": db, "projection": "instances", "from_ts": "yesterday"})
	bff.call(404, "POST", route, object{"db_name": "nowhere", "projection": "instances", "from_ts": "2020-01-01T00:00:00Z"})
}
