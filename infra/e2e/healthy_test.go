package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// settleLimit bounds how long what a test did may need to come to its end.
const settleLimit = 60 * time.Second

// unhealthy are the checks after each test: queries whose rows tell what is
// wrong with a database ($1).
var unhealthy = []struct{ what, query string }{
	{"command without an outcome", `select type || ' ' || aggregate_id || ' since ' || written from spice_event_log.open_commands where database = $1`},
	{"parked", `select handler || ' ' || aggregate_id || ': ' || reason from spice_event_registry.parked where database = $1`},
	{"dead letter", `select handler || ': ' || reason from spice_event_registry.dead_letters where headers::text like '%' || $1 || '%'`},
}

// assertHealthy waits until nothing is left to do for a database and fails the
// test if something stays. It is for the end of a test: its context may be over.
func assertHealthy(t *testing.T, w *world, database string) {
	t.Helper()
	if t.Failed() {
		return // what is left of a failed test is no news
	}
	for _, check := range unhealthy {
		eventually(t, settleLimit, func() string { return findings(t, w, check.what, check.query, database) })
	}
	eventually(t, settleLimit, func() string { return projections(t, w, database) })
}

// projections tells how the read model and the graph differ from the fold of the
// log.
func projections(t *testing.T, w *world, database string) string {
	t.Helper()
	r, err := w.bff.Do(context.WithoutCancel(t.Context()), "GET", "/api/v1/monitoring/projections?db_name="+database, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status == 200 && r.Get("databases", 0, "equal") == true && r.Get("databases", 0, "graph", "equal") == true {
		return ""
	}
	return "projections: " + r.String()
}

// findings gives the rows of a query as text, "" for none.
func findings(t *testing.T, w *world, what, query string, arguments ...any) string {
	t.Helper()
	rows, err := w.index.Query(context.WithoutCancel(t.Context()), query, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	text := ""
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("\n%s: %s", what, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}
