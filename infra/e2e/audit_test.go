package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// trail reads the audit entries of a filter until there are as many as wanted.
func (a api) trail(want int, pairs ...string) (r *client.Response) {
	a.t.Helper()
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	eventually(a.t, time.Minute, func() string {
		r = a.call(200, "GET", "/api/v1/audit/logs?"+query.Encode(), nil)
		if items, _ := r.Get("data", "items").(list); len(items) != want {
			return r.String()
		}
		return ""
	})
	return r
}

func TestAuditTellsWhoDidWhat(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := "/api/v1/databases/" + db + "/instances/Product/"
	created := bff.done("POST", path+"create", object{"data": object{"product_id": "p1"}}, client.Header("X-User-ID", "ada"),
		client.Header("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	// Two at once for the same product: the second is refused when it is executed, or before.
	bff.done("POST", path+"bulk-create", object{"instances": list{object{"product_id": "p2"}, object{"product_id": "p1"}}}, client.Header("X-User-ID", "bob"))
	failed := bff.write("FAILED", "POST", path+"bulk-create", object{"instances": list{object{"product_id": "p1"}}}, client.Header("X-User-ID", "bob"))

	ada := bff.trail(2, "partition_key", "db:"+db, "actor", "ada")
	for i, want := range []string{"INSTANCE_CREATED", "CREATE_INSTANCE_REQUESTED"} {
		entry := func(name string) string { return ada.Text("data", "items", i, name) }
		if entry("action") != want || entry("command_id") != created.Command() || entry("status") != "success" || entry("resource_id") != db+":main:Product:p1" ||
			entry("resource_type") != "Instance" || entry("trace_id") != "0af7651916cd43dd8448eb211c80319c" || len(entry("entry_hash")) != 64 {
			t.Errorf("entry %d: %s", i, ada)
		}
	}
	failure := bff.trail(1, "partition_key", "db:"+db, "status", "failure")
	if failure.Text("data", "items", 0, "command_id") != failed.Command() || failure.Text("data", "items", 0, "error") == "" {
		t.Errorf("the failure: %s", failure)
	}
	bff.trail(2, "command_id", failed.Command())
	bff.trail(1, "event_id", failed.Command())
	bff.trail(2, "partition_key", "db:"+db, "resource_type", "OntologyClass")
	bff.trail(1, "partition_key", "db:"+db, "action", "DATABASE_CREATED")
	bff.trail(1, "partition_key", "db:"+db, "limit", "1", "offset", "1")
	bff.trail(0, "partition_key", "db:"+db, "since", "2999-01-01")
	bff.trail(0, "partition_key", "db:"+db, "until", "2000-01-01T00:00:00Z")
	all := bff.call(200, "GET", "/api/v1/audit/logs?limit=1000&partition_key=db:"+db, nil)

	head := bff.call(200, "GET", "/api/v1/audit/chain-head?partition_key=db:"+db, nil)
	if head.Text("data", "head_hash") != all.Text("data", "items", 0, "entry_hash") || head.Text("data", "head_audit_id") != all.Text("data", "items", 0, "audit_id") {
		t.Errorf("head %s of %s", head, all)
	}
	if r := bff.call(200, "GET", "/api/v1/audit/chain-head?partition_key=db:nothing", nil); r.Get("data", "head_hash") != nil || r.Text("data", "partition_key") != "db:nothing" {
		t.Errorf("an empty chain: %s", r)
	}
	if r := bff.call(200, "GET", "/api/v1/audit/verify?partition_key=db:"+db, nil); r.Get("data", "valid") != true || r.Text("data", "computed_hash") != head.Text("data", "head_hash") {
		t.Errorf("verify: %s", r)
	}
}

func TestAuditRefusesBadQuestions(t *testing.T) {
	w := sharedWorld(t)
	bff := w.asBFF(t)
	for query, status := range map[string]int{
		"chain-head": 422, "verify": 422, "logs?limit=0": 422, "logs?limit=1001": 422, "logs?offset=-1": 422, "logs?status=maybe": 422, "logs?since=yesterday": 400, "logs?until=1": 400,
		"logs": 200, "logs?actor=%00": 200, "logs?actor=%ff": 200, "chain-head?partition_key=%00": 200, "logs?since=2026-01-02T03:04:05%2B09:00": 200, "logs?offset=9007199254740992": 200,
	} {
		r := bff.call(status, "GET", "/api/v1/audit/"+query, nil, client.Lang("en"))
		if status >= 400 && !strings.Contains(r.String(), `"errors"`) {
			t.Errorf("%s names no parameter: %s", query, r)
		}
	}
}
