package pgregistry_test

import (
	"testing"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/event"
	"spiceharvester/shared/sweep"
)

// Facts that came while their aggregate was parked are found through the last of
// them, and the sweep does not pass what waits.
func TestFactsThatCameWhileParkedAreNotLost(t *testing.T) {
	r, pool := open(t)
	h, now := sweep.Instances, time.Now().UTC().Truncate(time.Millisecond)
	a := event.Aggregate{Type: "Instance", ID: "shop:main:C:1"}
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	parked := consume.Parked{Handler: h.Name, Aggregate: a, Database: "shop", Next: 3, Attempts: 2, NextTry: now, Reason: "down", Position: event.Position{Chain: 1, Segment: 5, Offset: 9, Length: 9}, Since: now}
	if err := r.Save(t.Context(), h.Name, now, []consume.Progress{{Aggregate: a, Park: &parked}}); err != nil {
		t.Fatal(err)
	}
	exec(`insert into spice_event_log.aggregates values (1, 'Instance', 'shop:main:C:1', 'shop', 4, 7, 2, 3, false, 0, 0, 0, now(), '')`)
	due, err := r.Due(t.Context(), now, 10)
	if want := (event.Position{Chain: 1, Segment: 7, Offset: 2, Length: 3}); err != nil || len(due) != 1 || due[0].Position != want {
		t.Errorf("due %+v, %v", due, err)
	}

	exec(`update spice_event_log.chains set next = 9 where chain = 1; insert into spice_event_log.chains (chain, next, digest) select 1, 9, '' where not exists (select from spice_event_log.chains where chain = 1)`)
	exec(`insert into spice_event_log.cursors (reader, chain, next, digest) values ('message-relay', 1, 9, '')`)
	look := func() []event.Position {
		t.Helper()
		now = now.Add(time.Minute)
		found, err := r.Lagging(t.Context(), h, now, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for range 3 {
		if found := look(); len(found) > 0 {
			t.Fatalf("a parked aggregate lags: %v", found)
		}
	}
	// The fact that it was parked at is applied; the one behind came just then.
	if err := r.Save(t.Context(), h.Name, now, []consume.Progress{{Aggregate: a, Sequence: 3}}); err != nil {
		t.Fatal(err)
	}
	if found := look(); len(found) != 1 || found[0].Segment != 7 {
		t.Errorf("lagging %v", found)
	}
}

func TestAnOperatorHandlesWhatIsParked(t *testing.T) {
	r, pool := open(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	ids := []event.Aggregate{{Type: "Instance", ID: "a"}, {Type: "Instance", ID: "b"}, {Type: "OntologyClass", ID: "c"}}
	for i, a := range ids {
		p := consume.Parked{Handler: "h", Aggregate: a, Database: "shop", Next: 3, Attempts: 2, NextTry: now.Add(time.Hour), Dead: i < 2, Reason: "bad", Position: event.Position{Chain: 1, Segment: 5, Offset: 9, Length: 9}, Since: now}
		if err := r.Save(t.Context(), "h", now, []consume.Progress{{Aggregate: a, Park: &p}}); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := r.Counts(t.Context())
	if err != nil || len(counts) != 1 || counts[0] != (pgregistry.Count{Handler: "h", Waiting: 1, Dead: 2}) {
		t.Errorf("counts %v, %v", counts, err)
	}
	if list, total, err := r.List(t.Context(), pgregistry.Filter{State: pgregistry.Dead}, 1, 1); err != nil || total != 2 || len(list) != 1 || list[0].Aggregate != ids[1] {
		t.Errorf("second page: %v of %d, %v", list, total, err)
	}
	if held, err := r.Hold(t.Context(), "h", ids[0], 4); err != nil || held {
		t.Errorf("held at another sequence: %t, %v", held, err)
	}
	if held, err := r.Hold(t.Context(), "h", ids[2], 3); err != nil || !held {
		t.Errorf("held: %t, %v", held, err)
	}
	// One has a later fact, one has none.
	if _, err := pool.Exec(t.Context(), `insert into spice_event_log.aggregates values (1, 'Instance', 'a', 'shop', 4, 7, 2, 3, false, 0, 0, 0, now(), '')`); err != nil {
		t.Fatal(err)
	}
	for _, a := range []event.Aggregate{ids[0], ids[2]} {
		if err := r.PassOver(t.Context(), now, "h", a, 3); err != nil {
			t.Fatal(err)
		}
	}
	marks, err := r.Load(t.Context(), "h", ids)
	if err != nil {
		t.Fatal(err)
	}
	if m := marks[ids[0]]; m.Sequence != 3 || m.Parked == nil || m.Parked.Next != 4 || m.Parked.Dead || m.Parked.Attempts != 0 || !m.Parked.NextTry.Equal(now) {
		t.Errorf("with a later fact: %d, %+v", m.Sequence, m.Parked)
	}
	if m := marks[ids[2]]; m.Sequence != 3 || m.Parked != nil {
		t.Errorf("without: %+v", m)
	}
	if n, err := r.Requeue(t.Context(), now, pgregistry.Filter{Database: "shop", State: pgregistry.Dead}, "other"); err != nil || n != 1 {
		t.Errorf("requeued %d, %v", n, err)
	}
	if n, err := r.Requeue(t.Context(), now, pgregistry.Filter{}, "h"); err != nil || n != 0 {
		t.Errorf("requeued %d, %v", n, err)
	}
}

func TestDeadLettersAreRead(t *testing.T) {
	r, _ := open(t)
	for _, body := range []string{"first", "\x00second\xff"} {
		if err := r.RecordRaw(t.Context(), consume.DeadLetter{Handler: "h", Received: time.Now(), Reason: "no event", Headers: map[string][]string{"X": {"1"}}, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	list, total, err := r.Letters(t.Context(), "h", 0, 1)
	if err != nil || total != 2 || len(list) != 1 || list[0].Size != 8 || list[0].Headers.Get("X") != "1" {
		t.Fatalf("%+v of %d, %v", list, total, err)
	}
	if l, err := r.Letter(t.Context(), list[0].ID, 4); err != nil || string(l.Body) != "\x00sec" || l.Size != 8 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := r.Letter(t.Context(), 999, 4); err != pgregistry.ErrNoLetter {
		t.Error(err)
	}
}

// A rebuild says nothing about what is refused for good: replayed, it must be applied.
func TestARebuildDoesNotPassOverTheDead(t *testing.T) {
	r, pool := open(t)
	now := time.Now().UTC()
	dead, waiting := event.Aggregate{Type: "Instance", ID: "shop:main:C:dead"}, event.Aggregate{Type: "Instance", ID: "shop:main:C:waiting"}
	for _, a := range []event.Aggregate{dead, waiting} {
		p := consume.Parked{Handler: sweep.Instances.Name, Aggregate: a, Database: "shop", Next: 2, Attempts: 1, NextTry: now, Dead: a == dead, Reason: "bad", Since: now}
		if err := r.Save(t.Context(), sweep.Instances.Name, now, []consume.Progress{{Aggregate: a, Sequence: 1, Park: &p}}); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec(t.Context(), `insert into spice_event_log.aggregates values (1, $1, $2, 'shop', 3, 7, 2, 3, false, 0, 0, 0, now(), '')`, string(a.Type), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Advance(t.Context(), sweep.Instances, "shop", event.Position{Chain: 1, Segment: 9, Offset: 1}); err != nil {
		t.Fatal(err)
	}
	marks, err := r.Load(t.Context(), sweep.Instances.Name, []event.Aggregate{dead, waiting})
	if err != nil || marks[dead].Sequence != 1 || marks[dead].Parked == nil || marks[waiting].Sequence != 3 || marks[waiting].Parked != nil {
		t.Errorf("%+v, %v", marks, err)
	}
}
