package e2e

import (
	"fmt"
	"testing"
	"time"
)

func TestSummary(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bare := bff.call(200, "GET", "/api/v1/summary", nil)
	if bare.Get("data", "context", "db_name") != nil || bare.Get("data", "terminus") != nil || bare.Get("data", "policy", "is_protected_branch") != true ||
		fmt.Sprint(bare.Get("data", "policy", "protected_branches")) != "[main master prod production]" || bare.Get("data", "services", "elasticsearch", "ok") != true {
		t.Errorf("bare: %s", bare)
	}
	if bare.Get("data", "services", "redis", "ok") != true {
		t.Errorf("Redis is not there: %s", bare)
	}
	r := bff.call(200, "GET", "/api/v1/summary?db="+db, nil)
	if r.Text("data", "context", "db_name") != db || r.Text("data", "terminus", "name") != "main" || r.Get("data", "terminus", "protected") != true {
		t.Errorf("with a database: %s", r)
	}
	for query, status := range map[string]int{"db=X": 400, "branch=a%20b": 400, "db=nothing-there": 404, "branch=feature": 200} {
		bff.call(status, "GET", "/api/v1/summary?"+query, nil)
	}
}

func TestOpsStatus(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.imported("a", "airports", "iata,name,city,latitude\nA,a,X,1\n", "Airport", airportMappings, object{})
	eventually(t, time.Minute, func() string {
		r := im.call(200, "GET", "/api/v1/ops/status", nil)
		for _, path := range [][]any{{"ingest_outbox", "counts", "published"}, {"objectify", "outbox", "counts", "published"}, {"objectify", "jobs", "counts", "COMPLETED"}} {
			if n := r.Text(append([]any{"data"}, path...)...); n == "" || n == "0" {
				return fmt.Sprint(path, " in ", r)
			}
		}
		if r.Text("data", "ingest_outbox", "backlog") == "" {
			return r.String()
		}
		return ""
	})
}
