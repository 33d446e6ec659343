package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

func TestATrackedBulkIsATask(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	product(bff, db)
	rows := list{object{"product_id": "wrong", "stock": "many"}}
	for i := range 1500 {
		rows = append(rows, object{"product_id": fmt.Sprintf("p%d", i), "stock": i})
	}
	path := "/api/v1/instances/" + db + "/async/Product/bulk-create-tracked"
	accepted := oms.call(202, "POST", path, object{"instances": rows}, client.Key("t1"))
	id := accepted.Text("task_id")
	if accepted.Text("status") != "accepted" || accepted.Text("status_url") != "/api/v1/tasks/"+id+"/status" || accepted.Text("instance_count") != "1501" {
		t.Fatalf("accepted: %s", accepted)
	}
	if again := oms.call(202, "POST", path, object{"instances": rows}, client.Key("t1")); again.Text("task_id") != id {
		t.Errorf("repeated: %s", again)
	}
	var task *client.Response
	eventually(t, waitSeconds*time.Second, func() string {
		if task = oms.call(200, "GET", accepted.Text("status_url"), nil); task.Text("status") != "COMPLETED" {
			return task.String()
		}
		return ""
	})
	if task.Text("task_id") != id || task.Text("task_type") != "BULK_CREATE_INSTANCES" || task.Text("progress", "current") != "1501" || task.Text("progress", "percentage") != "100" ||
		task.Get("result", "success") != true || task.Text("result", "data", "created") != "1500" || task.Text("completed_at") == "" || task.Text("duration") == "" {
		t.Errorf("task: %s", task)
	}
	for _, lang := range []string{"en", "ko"} {
		r := bff.call(200, "GET", "/api/v1/tasks/"+id+"/result", nil, client.Lang(lang))
		told := r.Text("data", "errors", 0, "problem", "errors", 0, "msg")
		if r.Text("data", "errors", 0, "row") != "0" || told == "" || (lang == "ko") == isASCII(told) {
			t.Errorf("result in %s: %s", lang, r)
		}
	}
	for _, path := range []string{"/api/v1/tasks/?limit=1000", "/api/v1/tasks?limit=1000&status=COMPLETED&task_type=BULK_CREATE_INSTANCES"} {
		if r := bff.call(200, "GET", path, nil); !strings.Contains(string(r.Body), id) || r.Text("total") == "" {
			t.Errorf("%s: %s", path, r)
		}
	}
	if r := bff.call(200, "GET", "/api/v1/tasks/metrics/summary", nil); r.Text("metrics", "total_tasks") == "0" || r.Text("metrics", "completed_tasks") == "0" || r.Text("timestamp") == "" {
		t.Errorf("metrics: %s", r)
	}
	if r := bff.call(200, "DELETE", "/api/v1/tasks/"+id, nil); r.Get("cancelled") != false || r.Text("message") == "" {
		t.Errorf("cancelled after its end: %s", r)
	}
	bff.call(400, "POST", "/api/v1/tasks/"+id+"/retry", nil)

	// All rows refused: the task failed, and can be tried again.
	failed := oms.call(202, "POST", path, object{"instances": list{object{"product_id": "p1"}}}).Text("task_id")
	eventually(t, waitSeconds*time.Second, func() string { return isTask(bff, failed, "FAILED") })
	bff.done("DELETE", instances(db, "Product")+"/p1/delete?expected_seq=1", nil)
	retry := bff.call(202, "POST", "/api/v1/tasks/"+failed+"/retry", nil)
	if again := bff.call(202, "POST", "/api/v1/tasks/"+failed+"/retry", nil); again.Text("task_id") != retry.Text("task_id") || retry.Text("retries") != failed {
		t.Errorf("retried: %s, %s", retry, again)
	}
	eventually(t, waitSeconds*time.Second, func() string { return isTask(bff, retry.Text("task_id"), "COMPLETED") })

	for path, want := range map[string]int{
		"/api/v1/tasks/00000000-0000-4000-8000-000000000000": 404, "/api/v1/tasks/00000000-0000-4000-8000-000000000000/result": 404, "/api/v1/tasks/x": 400,
		"/api/v1/tasks/?status=DONE": 400, "/api/v1/tasks/?limit=1001": 422, "/api/v1/tasks/" + retry.Text("task_id") + "/nothing": 404,
	} {
		bff.call(want, "GET", path, nil)
	}
	bff.call(404, "DELETE", "/api/v1/tasks/00000000-0000-4000-8000-000000000000", nil)
	oms.call(404, "POST", "/api/v1/instances/"+db+"/async/None/bulk-create-tracked", object{"instances": list{}})
}

// isTask says what a task is, unless its status is the wanted one.
func isTask(a api, id, status string) string {
	if r := a.call(200, "GET", "/api/v1/tasks/"+id, nil); r.Text("status") != status {
		return r.String()
	}
	return ""
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0 }

// A task is cancelled while it runs, or has been done before.
func TestACancelledTask(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	product(bff, db)
	rows := list{}
	for i := range 9000 {
		rows = append(rows, object{"product_id": fmt.Sprintf("p%d", i)})
	}
	id := oms.call(202, "POST", "/api/v1/instances/"+db+"/async/Product/bulk-create-tracked", object{"instances": rows}).Text("task_id")
	r := bff.call(200, "DELETE", "/api/v1/tasks/"+id, nil)
	want := "CANCELLED"
	if r.Get("cancelled") != true {
		want = "COMPLETED" // the worker was faster
	}
	eventually(t, waitSeconds*time.Second, func() string { return isTask(bff, id, want) })
	if r := bff.call(200, "GET", "/api/v1/tasks/"+id+"/result", nil); r.Text("status") != want {
		t.Errorf("result: %s", r)
	}
}
