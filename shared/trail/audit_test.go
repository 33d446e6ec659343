package trail_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/audit"
	"spiceharvester/shared/event"
)

func (w *world) entries(f audit.Filter) []audit.Entry {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 1000
	}
	list, err := w.audit.List(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestTheTrailOfAnImport(t *testing.T) {
	w := newWorld(t)
	w.imported(3)
	w.catchUp()
	var actions []string
	for _, e := range w.entries(audit.Filter{Partition: "db:shop"}) {
		actions = append(actions, e.Action)
	}
	want := "COMMAND_FAILED UPDATE_INSTANCE_REQUESTED INSTANCE_UPDATED UPDATE_INSTANCE_REQUESTED OBJECTIFY_JOB_COMPLETED INSTANCES_BULK_UPSERTED " +
		"BULK_UPSERT_INSTANCES_REQUESTED OBJECTIFY_JOB_STARTED MAPPING_SPEC_CREATED DATASET_VERSION_CREATED DATASET_CREATED ONTOLOGY_CLASS_CREATED DATABASE_CREATED"
	if got := strings.Join(actions, " "); got != want {
		t.Errorf("the trail, newest first:\n%s\nwant\n%s", got, want)
	}
	failed := w.entries(audit.Filter{Status: audit.Failure})
	if len(failed) != 1 || failed[0].Error == nil || *failed[0].Error != "price is no number" || *failed[0].CommandID != failedID {
		t.Errorf("failures: %+v", failed)
	}
	bulk := w.entries(audit.Filter{CommandID: bulkID})
	if len(bulk) != 2 || !strings.Contains(string(bulk[0].Metadata), `"created":3`) || *bulk[1].CommandID != bulkID {
		t.Errorf("the bulk command: %+v", bulk)
	}
	single := w.entries(audit.Filter{EventID: singleID})
	if len(single) != 1 || *single[0].TraceID != "0af7651916cd43dd8448eb211c80319c" || !strings.Contains(string(single[0].Metadata), `"change_reason":"price"`) {
		t.Errorf("one event: %+v", single)
	}
	all := w.entries(audit.Filter{})
	middle := all[5].Time
	for name, check := range map[string]struct {
		filter audit.Filter
		want   int
	}{
		"actor":         {audit.Filter{Actor: "lee"}, 2},
		"action":        {audit.Filter{Action: "DATASET_CREATED"}, 1},
		"resource type": {audit.Filter{ResourceType: "Database"}, 2},
		"resource":      {audit.Filter{ResourceType: "Instance", ResourceID: "shop:main:Product:p1"}, 2},
		"since":         {audit.Filter{Since: middle}, 6},
		"until":         {audit.Filter{Until: middle}, len(all) - 5},
		"a window":      {audit.Filter{Since: middle, Until: middle.Add(time.Second)}, 2},
		"limit":         {audit.Filter{Limit: 3}, 3},
		"offset":        {audit.Filter{Offset: int64(len(all) - 1)}, 1},
		"other":         {audit.Filter{Partition: "db:other"}, 1},
		"nobody":        {audit.Filter{Actor: "' or true --"}, 0},
		"success":       {audit.Filter{Status: audit.Success, Partition: "db:shop"}, 12},
	} {
		if got := w.entries(check.filter); len(got) != check.want {
			t.Errorf("%s: %d entries, want %d", name, len(got), check.want)
		}
	}
}

// The hash is computed here from what clients read, as the contract says it.
func TestEntriesAreHashedAsTheContractSays(t *testing.T) {
	w := newWorld(t)
	w.imported(2)
	w.catchUp()
	previous := ""
	list := w.entries(audit.Filter{Partition: "db:shop"})
	for i := len(list) - 1; i >= 0; i-- {
		body, err := json.Marshal(list[i])
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		if err := decoder.Decode(&fields); err != nil {
			t.Fatal(err)
		}
		if fields["prev_hash"] != previous {
			t.Fatalf("entry %d names %v, want %s", i, fields["prev_hash"], previous)
		}
		hash := fields["entry_hash"].(string)
		delete(fields, "prev_hash")
		delete(fields, "entry_hash")
		delete(fields, "ordinal")
		canonical, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(append([]byte(previous+"\n"), canonical...))
		if hex.EncodeToString(sum[:]) != hash {
			t.Fatalf("entry %d: hash %s does not belong to %s", i, hash, canonical)
		}
		previous = hash
	}
	head, err := w.audit.Head(t.Context(), "db:shop")
	if err != nil || *head.Hash != previous || *head.ID != list[0].ID {
		t.Errorf("head %+v, %v", head, err)
	}
	if none, err := w.audit.Head(t.Context(), "db:none"); err != nil || none.Hash != nil || none.ID != nil || none.UpdatedAt != nil {
		t.Errorf("an empty chain: %+v, %v", none, err)
	}
}

func TestATamperedRowIsFound(t *testing.T) {
	w := newWorld(t)
	w.imported(2)
	w.catchUp()
	verify := func() audit.Verification {
		t.Helper()
		r, err := w.audit.Verify(t.Context(), "db:shop")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := verify(); !r.Valid || r.Entries != 13 {
		t.Fatalf("untouched: %+v", r)
	}
	for name, c := range map[string]struct {
		sql string
		at  int64
	}{
		"changed actor":    {`update spice_audit.audit_logs set actor = 'mallory' where partition_key = 'db:shop' and ordinal = 4`, 4},
		"changed metadata": {`update spice_audit.audit_logs set metadata = metadata || '{"x": 1}' where partition_key = 'db:shop' and ordinal = 5`, 5},
		"changed time":     {`update spice_audit.audit_logs set occurred_at = occurred_at + interval '1 microsecond' where partition_key = 'db:shop' and ordinal = 6`, 6},
		"removed":          {`delete from spice_audit.audit_logs where partition_key = 'db:shop' and ordinal = 7`, 7},
		"cut off":          {`delete from spice_audit.audit_logs where partition_key = 'db:shop' and ordinal > 9`, 10},
		"swapped hash":     {`update spice_audit.audit_logs set prev_hash = entry_hash where partition_key = 'db:shop' and ordinal = 8`, 8},
		"moved away":       {`update spice_audit.audit_logs set partition_key = 'db:x' where partition_key = 'db:shop' and ordinal = 3`, 3},
	} {
		if _, err := w.pool.Exec(t.Context(), c.sql); err != nil {
			t.Fatal(err)
		}
		if r := verify(); r.Valid || r.BrokenAt == nil || *r.BrokenAt != c.at {
			t.Errorf("%s: %+v", name, r)
		}
		if _, err := w.sink.Rebuild(t.Context(), w.follow()); err != nil {
			t.Fatal(err)
		}
		if r := verify(); !r.Valid {
			t.Fatalf("%s: not mended by a replay: %+v", name, r)
		}
	}
}

func TestACancelledCommandIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.imported(1)
	const id = "99999999-9999-4999-8999-999999999999"
	w.append(event.Event{ID: id, Kind: event.Command, Type: "DELETE_INSTANCE_REQUESTED", Aggregate: product("p1")}, object{})
	w.append(event.Event{Type: "COMMAND_CANCELLED", Aggregate: product("p1"), Command: id, Outcome: event.Cancelled, Actor: "lee"}, object{})
	w.catchUp()
	list := w.entries(audit.Filter{CommandID: id})
	if len(list) != 2 || list[0].Action != "COMMAND_CANCELLED" || list[0].Status != audit.Success || list[0].Actor != "lee" || !strings.Contains(string(list[0].Metadata), `"outcome":"CANCELLED"`) {
		t.Errorf("%+v", list)
	}
}
