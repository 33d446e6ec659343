package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// TestOwnersOfDatabases: the creator owns a database. In production it is shown to those
// who have a role in it, and its owner alone may delete it.
func TestOwnersOfDatabases(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "ENVIRONMENT", "production")
	bff, mine, other := w.asBFF(t), databaseName(t), databaseName(t)
	ada, lee := client.Header("X-User-ID", "ada"), client.Header("X-User-ID", "lee")
	bff.done("POST", "/api/v1/databases", object{"name": mine}, ada, client.Header("X-User-Name", "Ada L."))
	bff.done("POST", "/api/v1/databases", object{"name": other}, lee)
	entry := func(database string, caller client.Option) object {
		t.Helper()
		return listed(bff.call(200, "GET", "/api/v1/databases", nil, caller), database)
	}
	check := func() {
		t.Helper()
		e := entry(mine, ada)
		if e["owner_id"] != "ada" || e["owner_name"] != "Ada L." || e["role"] != "Owner" || e["shared"] != false || entry(other, ada) != nil || entry(mine, lee) != nil {
			t.Errorf("%v, %v, %v", e, entry(other, ada), entry(mine, lee))
		}
	}
	check() // before or after the roles followed the log
	rows := func(database string) (n int) {
		if err := w.index.QueryRow(t.Context(), `select count(*) from spice_access.database_access where db_name = $1`, database).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	followed := func(database string, want int) {
		t.Helper()
		eventually(t, caughtUpWithin, func() string {
			if rows(database) != want {
				return database + " has other roles"
			}
			return ""
		})
	}
	followed(mine, 1)
	followed(other, 1)
	check()
	if _, err := w.index.Exec(t.Context(), `truncate spice_access.database_access`); err != nil {
		t.Fatal(err)
	}
	rebuilt := bff.call(202, "POST", "/api/v1/admin/rebuild", object{"sinks": list{"trail"}})
	eventually(t, settleLimit, func() string {
		if r := bff.call(200, "GET", rebuilt.Text("status_url"), nil); r.Text("status") != "COMPLETED" {
			return r.String()
		}
		return ""
	})
	if rows(mine) != 1 || rows(other) != 1 {
		t.Error("a rebuild does not bring the roles back")
	}

	// A role that was given shows, and lets its holder see the database.
	if _, err := w.index.Exec(t.Context(), `insert into spice_access.database_access values ($1, 'user', 'lee', 'lee', 'Editor', now(), now())`, mine); err != nil {
		t.Fatal(err)
	}
	if e := entry(mine, lee); e["role"] != "Editor" || e["owner_id"] != "ada" || e["shared"] != true || len(e["shared_with"].(list)) != 1 {
		t.Errorf("shared: %v", e)
	}
	r := bff.call(403, "DELETE", "/api/v1/databases/"+mine, nil, lee, client.Lang("en"))
	if !strings.Contains(r.Text("message"), "Only owners can delete projects.") {
		t.Errorf("%s", r)
	}
	bff.done("DELETE", "/api/v1/databases/"+mine, nil, ada, client.Key("delete-1"))
	followed(mine, 0)
	bff.done("DELETE", "/api/v1/databases/"+mine, nil, ada, client.Key("delete-1")) // the same command
	if entry(mine, ada) != nil {
		t.Error("the deleted database is listed")
	}
}
