package trail_test

import (
	"fmt"
	"testing"

	"spiceharvester/shared/access"
	"spiceharvester/shared/event"
)

// The creator of a database owns it as long as it exists, and a replay gives the same.
func TestTheCreatorOwnsADatabase(t *testing.T) {
	w := newWorld(t)
	fact := func(name string, lifecycle event.Lifecycle, data object) {
		w.append(event.Event{Type: "DATABASE_" + string(lifecycle), Aggregate: event.DatabaseAggregate(name), Database: name, Lifecycle: lifecycle}, data)
	}
	fact("shop", event.Creates, object{"db_name": "shop", "owner": object{"principal_type": "service", "principal_id": "etl", "principal_name": "Loader"}})
	fact("gone", event.Creates, object{"db_name": "gone"})
	fact("gone", event.Deletes, object{"db_name": "gone"})
	fact("again", event.Creates, object{"db_name": "again", "owner": object{"principal_id": "ada"}})
	fact("again", event.Deletes, object{"db_name": "again"})
	fact("again", event.Creates, object{"db_name": "again", "owner": object{"principal_id": "lee"}})
	fact("old", event.Creates, object{"db_name": "old"}) // by an actor, of a time when facts named no owner
	fact("bad", event.Creates, object{"db_name": "bad", "owner": "nonsense"})
	w.catchUp()

	store := access.Store{Pool: w.pool}
	check := func(when string) {
		t.Helper()
		grants, err := store.Grants(t.Context(), []string{"shop", "gone", "again", "old", "bad"})
		if err != nil {
			t.Fatal(err)
		}
		const want = "map[again:[{{user lee lee} Owner}] old:[{{user kim kim} Owner}] shop:[{{service etl Loader} Owner}]]"
		if got := fmt.Sprint(grants); got != want {
			t.Errorf("%s: %s\nwant %s", when, got, want)
		}
	}
	check("followed")
	if _, err := w.pool.Exec(t.Context(), `update spice_access.database_access set principal_id = 'mallory'`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sink.Rebuild(t.Context(), w.follow()); err != nil {
		t.Fatal(err)
	}
	check("replayed")
}
