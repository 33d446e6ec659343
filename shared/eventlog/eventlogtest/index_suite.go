package eventlogtest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

var written = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// IndexSuite checks an implementation of eventlog.Index. open gives an empty
// index, which the suite binds to a log of four chains.
func IndexSuite(t *testing.T, open func(*testing.T) eventlog.Index) {
	bound := func(t *testing.T) eventlog.Index {
		x := open(t)
		if err := x.Bind(t.Context(), eventlog.Meta{ID: "log", Chains: 4}); err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, eventlog.Index)
	}{
		{"it belongs to one log", bindsOnce},
		{"the head moves once per segment", movesOnce},
		{"of many appliers one moves the head", oneApplierMoves},
		{"rows come back as they were applied", rowsComeBack},
		{"a creation is remembered until the next", bornIsKept},
		{"a command is open until it ends", commandEnds},
		{"commands that wait for a fact are found by aggregate", pendingByAggregate},
		{"old ids and outcomes are forgotten, open commands are not", forgets},
		{"a forgotten segment still closes its commands", forgottenSegment},
		{"chains are apart", chainsAreApart},
		{"a rebuilt chain takes the place of the old one", rebuilds},
		{"commands are found by their actor", commandsOfAnActor},
		{"existing databases are listed", listsDatabases},
		{"aggregates are listed and counted by the beginning of their id", listsUnder},
		{"a cursor never moves back", cursors},
		{"a snapshot is one moment", snapshotIsOneMoment},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, bound(t)) })
	}
}

func apply(t *testing.T, x eventlog.Index, d eventlog.Delta) {
	t.Helper()
	if d.Written.IsZero() {
		d.Written = written
	}
	if moved, err := x.Apply(t.Context(), d); err != nil || !moved {
		t.Fatalf("apply %d/%d: moved %t, %v", d.Chain, d.Number, moved, err)
	}
}

func snapshot(t *testing.T, x eventlog.Index, chain int, q eventlog.Query) eventlog.View {
	t.Helper()
	v, err := x.Snapshot(t.Context(), chain, q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func at(chain int, segment uint64, offset uint32) event.Position {
	return event.Position{Chain: chain, Segment: segment, Offset: offset, Length: 7}
}

func instance(id string) event.Aggregate { return event.Aggregate{Type: "Instance", ID: id} }

func fact(a event.Aggregate, sequence uint64, p event.Position, born bool) eventlog.AggregateRow {
	row := eventlog.AggregateRow{Aggregate: a, Database: "db", Sequence: sequence, Position: p, Created: written, Content: eventlog.Content{7, 8}}
	if born {
		row.Born = p
	}
	return row
}

func command(id string, a event.Aggregate, x event.Expect, p event.Position) eventlog.CommandRow {
	return eventlog.CommandRow{
		ID: event.ID(id), Type: "CREATE_INSTANCE_REQUESTED", Aggregate: a, Database: "db", Actor: "ada", Expect: x,
		Content: eventlog.Content{1, 2, 3}, Position: p, Written: written,
	}
}

func ended(c eventlog.CommandRow, p event.Position) eventlog.CommandRow {
	c.Outcome, c.EndID, c.End = event.Completed, "end-of-"+c.ID, p
	return c
}

func bindsOnce(t *testing.T, x eventlog.Index) {
	if err := x.Bind(t.Context(), eventlog.Meta{ID: "log", Chains: 4}); err != nil {
		t.Error("the same log again:", err)
	}
	for _, other := range []eventlog.Meta{{ID: "other", Chains: 4}, {ID: "log", Chains: 5}} {
		if err := x.Bind(t.Context(), other); !errors.Is(err, eventlog.ErrOtherLog) {
			t.Errorf("%v: %v, want ErrOtherLog", other, err)
		}
	}
}

func movesOnce(t *testing.T, x eventlog.Index) {
	equal(t, "empty head", snapshot(t, x, 1, eventlog.Query{}).Head, eventlog.Head{})
	apply(t, x, eventlog.Delta{Chain: 1, Number: 0, Digest: eventlog.Digest{9}})
	for _, number := range []uint64{0, 2} {
		d := eventlog.Delta{Chain: 1, Number: number, Written: written, Events: []eventlog.EventRow{{ID: "late", Position: at(1, number, 100)}}}
		if moved, err := x.Apply(t.Context(), d); err != nil || moved {
			t.Errorf("apply %d at head 1: moved %t, %v", number, moved, err)
		}
	}
	v := snapshot(t, x, 1, eventlog.Query{Events: []event.ID{"late"}})
	equal(t, "head", v.Head, eventlog.Head{Next: 1, Digest: eventlog.Digest{9}})
	equal(t, "rows of a delta that did not move", len(v.Events), 0)
}

func oneApplierMoves(t *testing.T, x eventlog.Index) {
	for number := range uint64(5) {
		var moves atomic.Int32
		var appliers sync.WaitGroup
		for range 8 {
			appliers.Go(func() {
				d := eventlog.Delta{Chain: 0, Number: number, Written: written, Events: []eventlog.EventRow{{ID: event.ID(fmt.Sprint(number)), Position: at(0, number, 100)}}}
				moved, err := x.Apply(t.Context(), d)
				if err != nil {
					t.Error(err)
				}
				if moved {
					moves.Add(1)
				}
			})
		}
		appliers.Wait()
		equal(t, "appliers that moved the head", moves.Load(), int32(1))
	}
}

func rowsComeBack(t *testing.T, x eventlog.Index) {
	name := instance("db:main:Class%3AA:키 '#\"")
	e := eventlog.EventRow{ID: "e1", Content: eventlog.Content{4, 5}, Sequence: 1, Position: at(2, 0, 100)}
	f := fact(name, 1, at(2, 0, 100), true)
	gone := fact(instance("b"), 2, at(2, 0, 200), false)
	gone.Deleted = true
	c := command("c1", name, event.Any, at(2, 0, 300))
	apply(t, x, eventlog.Delta{Chain: 2, Events: []eventlog.EventRow{e}, Facts: []eventlog.AggregateRow{f, gone}, Opened: []eventlog.CommandRow{c}})
	v := snapshot(t, x, 2, eventlog.Query{
		Events: []event.ID{"e1", "unknown"}, Commands: []event.ID{"c1", "unknown"},
		Aggregates: []event.Aggregate{name, instance("b"), instance("unknown")},
	})
	equal(t, "events", v.Events, map[event.ID]eventlog.EventRow{"e1": e})
	equal(t, "commands", v.Commands, map[event.ID]eventlog.CommandRow{"c1": c})
	gone.Born = v.Aggregates[instance("b")].Born // never created: no position
	if !gone.Born.IsZero() {
		t.Error("an aggregate without a creation has a birth:", gone.Born)
	}
	equal(t, "aggregates", v.Aggregates, map[event.Aggregate]eventlog.AggregateRow{name: f, instance("b"): gone})
}

func bornIsKept(t *testing.T, x eventlog.Index) {
	a := instance("a")
	apply(t, x, eventlog.Delta{Number: 0, Facts: []eventlog.AggregateRow{fact(a, 1, at(0, 0, 100), true)}})
	apply(t, x, eventlog.Delta{Number: 1, Facts: []eventlog.AggregateRow{fact(a, 2, at(0, 1, 100), false)}})
	row := snapshot(t, x, 0, eventlog.Query{Aggregates: []event.Aggregate{a}}).Aggregates[a]
	equal(t, "sequence", row.Sequence, uint64(2))
	equal(t, "born", row.Born, at(0, 0, 100))
	apply(t, x, eventlog.Delta{Number: 2, Facts: []eventlog.AggregateRow{fact(a, 4, at(0, 2, 300), true)}})
	equal(t, "born again", snapshot(t, x, 0, eventlog.Query{Aggregates: []event.Aggregate{a}}).Aggregates[a].Born, at(0, 2, 300))
}

func commandEnds(t *testing.T, x eventlog.Index) {
	c := command("c1", instance("a"), event.Absent, at(0, 0, 100))
	apply(t, x, eventlog.Delta{Number: 0, Opened: []eventlog.CommandRow{c}})
	found, ok, err := x.FindCommand(t.Context(), "c1")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	equal(t, "open command", found, c)
	overdue := func(before time.Time) []eventlog.CommandRow {
		t.Helper()
		list, err := x.OverdueCommands(t.Context(), before, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	equal(t, "overdue commands", overdue(written.Add(time.Second)), []eventlog.CommandRow{c})
	equal(t, "overdue commands a moment earlier", len(overdue(written)), 0)

	// The delta of a later segment knows only the end.
	end := eventlog.CommandRow{ID: "c1", Outcome: event.Failed, EndID: "x1", End: at(0, 1, 100), Written: written.Add(time.Hour)}
	apply(t, x, eventlog.Delta{Number: 1, Ended: []eventlog.CommandRow{end}, Written: written.Add(time.Hour)})
	c.Outcome, c.EndID, c.End, c.Written = event.Failed, "x1", at(0, 1, 100), written.Add(time.Hour)
	found, ok, err = x.FindCommand(t.Context(), "c1")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	equal(t, "ended command", found, c)
	equal(t, "ended command in a snapshot", snapshot(t, x, 0, eventlog.Query{Commands: []event.ID{"c1"}}).Commands["c1"], c)
	equal(t, "overdue commands after the end", len(overdue(written.Add(time.Hour))), 0)
	if _, ok, _ := x.FindCommand(t.Context(), "unknown"); ok {
		t.Error("found a command that never was")
	}
}

func pendingByAggregate(t *testing.T, x eventlog.Index) {
	a := instance("a")
	first, second := command("c1", a, event.At(3), at(0, 0, 100)), command("c2", a, event.Absent, at(0, 0, 200))
	apply(t, x, eventlog.Delta{Opened: []eventlog.CommandRow{
		first, second, command("c3", a, event.Any, at(0, 0, 300)), command("c4", instance("b"), event.Absent, at(0, 0, 400)),
	}})
	v := snapshot(t, x, 0, eventlog.Query{Aggregates: []event.Aggregate{a, instance("none")}})
	equal(t, "pending", v.Pending, map[event.Aggregate][]eventlog.CommandRow{a: {first, second}})
	list, err := x.OverdueCommands(t.Context(), written.Add(time.Second), 3)
	if err != nil || len(list) != 3 || list[0].ID != "c1" || list[2].ID != "c3" {
		t.Errorf("the first three open commands: %v, %v", list, err)
	}
}

func forgets(t *testing.T, x eventlog.Index) {
	open := command("open", instance("a"), event.Absent, at(0, 0, 300))
	apply(t, x, eventlog.Delta{
		Events: []eventlog.EventRow{{ID: "old", Position: at(0, 0, 100)}},
		Ended:  []eventlog.CommandRow{ended(command("gone", instance("b"), event.Absent, at(0, 0, 200)), at(0, 0, 250))},
		Opened: []eventlog.CommandRow{open},
	})
	apply(t, x, eventlog.Delta{Number: 1, Written: written.AddDate(0, 0, 1), Events: []eventlog.EventRow{{ID: "new", Position: at(0, 1, 100)}}})
	look := func() (ids int, gone, stillOpen bool) {
		v := snapshot(t, x, 0, eventlog.Query{Events: []event.ID{"old", "new"}, Commands: []event.ID{"gone", "open"}})
		_, gone = v.Commands["gone"]
		_, stillOpen = v.Commands["open"]
		return len(v.Events), !gone, stillOpen
	}
	if err := x.Forget(t.Context(), written); err != nil {
		t.Fatal(err)
	}
	if ids, gone, open := look(); ids != 2 || gone || !open {
		t.Errorf("the day of the limit itself is kept: %d ids, outcome gone %t, open %t", ids, gone, open)
	}
	if err := x.Forget(t.Context(), written.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if ids, gone, open := look(); ids != 1 || !gone || !open {
		t.Errorf("after the day: %d ids, outcome gone %t, open %t", ids, gone, open)
	}
	// The day can come back, with a slow clock.
	apply(t, x, eventlog.Delta{Number: 2, Events: []eventlog.EventRow{{ID: "old", Position: at(0, 2, 100)}}})
}

func forgottenSegment(t *testing.T, x eventlog.Index) {
	c := command("c1", instance("a"), event.Absent, at(0, 0, 100))
	apply(t, x, eventlog.Delta{Opened: []eventlog.CommandRow{c}, Forgotten: true, Events: []eventlog.EventRow{{ID: "c1", Position: c.Position}}})
	v := snapshot(t, x, 0, eventlog.Query{Events: []event.ID{"c1"}, Commands: []event.ID{"c1"}})
	equal(t, "ids of a forgotten segment", len(v.Events), 0)
	equal(t, "its open command", v.Commands["c1"], c)
	apply(t, x, eventlog.Delta{Number: 1, Ended: []eventlog.CommandRow{ended(c, at(0, 1, 100))}, Forgotten: true})
	if _, ok, err := x.FindCommand(t.Context(), "c1"); ok || err != nil {
		t.Errorf("the command that ended long ago: known %t, %v", ok, err)
	}
}

func chainsAreApart(t *testing.T, x eventlog.Index) {
	a := instance("a")
	apply(t, x, eventlog.Delta{Chain: 0, Events: []eventlog.EventRow{{ID: "e", Position: at(0, 0, 100)}}, Facts: []eventlog.AggregateRow{fact(a, 1, at(0, 0, 100), true)}})
	v := snapshot(t, x, 1, eventlog.Query{Events: []event.ID{"e"}, Aggregates: []event.Aggregate{a}})
	if v.Head.Next != 0 || len(v.Events) > 0 || len(v.Aggregates) > 0 {
		t.Errorf("chain 1 shows rows of chain 0: %+v", v)
	}
}

func rebuilds(t *testing.T, x eventlog.Index) {
	a := instance("a")
	full := eventlog.Delta{
		Written: time.Now().UTC(), // ids of segments from long ago are not rebuilt
		Events:  []eventlog.EventRow{{ID: "e", Position: at(0, 0, 100)}}, Facts: []eventlog.AggregateRow{fact(a, 1, at(0, 0, 100), true)},
		Opened: []eventlog.CommandRow{command("c1", a, event.Absent, at(0, 0, 200))},
		Ended:  []eventlog.CommandRow{ended(command("c2", a, event.Absent, at(0, 0, 300)), at(0, 0, 400))},
	}
	apply(t, x, full)
	all := eventlog.Query{Events: []event.ID{"e"}, Commands: []event.ID{"c1", "c2"}, Aggregates: []event.Aggregate{a}}
	before := snapshot(t, x, 0, all)

	broken := errors.New("the bucket is away")
	err := x.Rebuild(t.Context(), 0, func(fill func(eventlog.Delta) (bool, error)) error {
		if moved, err := fill(full); !moved || err != nil {
			t.Errorf("the first segment: %t, %v", moved, err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("a rebuild that fails: %v", err)
	}
	equal(t, "after a rebuild that failed", snapshot(t, x, 0, all), before)

	err = x.Rebuild(t.Context(), 0, func(fill func(eventlog.Delta) (bool, error)) error {
		moved, err := fill(eventlog.Delta{Written: full.Written, Facts: []eventlog.AggregateRow{fact(a, 7, at(0, 0, 100), true)}})
		if !moved || err != nil {
			t.Errorf("the first segment: %t, %v", moved, err)
		}
		equal(t, "while it is rebuilt", snapshot(t, x, 0, all), before)
		if moved, err := fill(full); moved || err != nil {
			t.Errorf("the same segment again: %t, %v", moved, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v := snapshot(t, x, 0, all)
	if v.Head.Next != 1 || len(v.Events)+len(v.Commands) > 0 || v.Aggregates[a].Sequence != 7 {
		t.Errorf("rebuilt: %+v", v)
	}
}

func commandsOfAnActor(t *testing.T, x eventlog.Index) {
	at0 := func(id, actor string, chain int, offset uint32, after time.Duration) eventlog.CommandRow {
		c := command(id, instance(id), event.Absent, at(chain, 0, offset))
		c.Actor, c.Written = actor, written.Add(after)
		return c
	}
	early, open, another, nobody := at0("early", "ada", 0, 100, 0), at0("open", "ada", 0, 200, 0), at0("another", "eve", 0, 300, 0), at0("nobody", "", 0, 400, 0)
	late := ended(at0("late", "ada", 1, 100, time.Hour), at(1, 0, 200))
	apply(t, x, eventlog.Delta{Chain: 0, Opened: []eventlog.CommandRow{early, open, another, nobody}})
	apply(t, x, eventlog.Delta{Chain: 1, Ended: []eventlog.CommandRow{late}, Written: late.Written})
	// The delta of a later segment knows only the end.
	end := eventlog.CommandRow{ID: "early", Outcome: event.Failed, EndID: "x1", End: at(0, 1, 100), Written: written.Add(time.Minute)}
	apply(t, x, eventlog.Delta{Chain: 0, Number: 1, Ended: []eventlog.CommandRow{end}, Written: end.Written})
	early.Outcome, early.EndID, early.End, early.Written = end.Outcome, end.EndID, end.End, end.Written
	for _, c := range []struct {
		actor string
		since time.Duration
		limit int
		want  []eventlog.CommandRow
	}{
		{"ada", 0, 10, []eventlog.CommandRow{open, early, late}},
		{"ada", time.Minute, 10, []eventlog.CommandRow{open, early, late}},
		{"ada", time.Minute + time.Second, 10, []eventlog.CommandRow{open, late}},
		{"ada", 48 * time.Hour, 10, []eventlog.CommandRow{open}},
		{"ada", 0, 2, []eventlog.CommandRow{early, late}},
		{"eve", 0, 10, []eventlog.CommandRow{another}},
		{"", 0, 10, nil},
	} {
		got, err := x.CommandsOf(t.Context(), c.actor, written.Add(c.since), c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(got)+len(c.want) > 0 {
			equal(t, fmt.Sprintf("of %q since %s, at most %d", c.actor, c.since, c.limit), got, c.want)
		}
	}
}

func listsDatabases(t *testing.T, x eventlog.Index) {
	db := func(name string, chain int, offset uint32) eventlog.AggregateRow {
		row := fact(event.DatabaseAggregate(name), 1, at(chain, 0, offset), true)
		row.Database = name
		return row
	}
	zoo, shop, gone := db("zoo", 0, 100), db("shop", 1, 100), db("gone", 1, 200)
	gone.Deleted = true
	apply(t, x, eventlog.Delta{Chain: 0, Facts: []eventlog.AggregateRow{zoo, fact(instance("a"), 1, at(0, 0, 300), true)}})
	apply(t, x, eventlog.Delta{Chain: 1, Facts: []eventlog.AggregateRow{gone, shop}})
	list, err := x.Databases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "databases", list, []eventlog.AggregateRow{shop, zoo})
}

func listsUnder(t *testing.T, x eventlog.Index) {
	row := func(id string, chain int, offset uint32) eventlog.AggregateRow {
		return fact(instance(id), 1, at(chain, 0, offset), true)
	}
	old, one, two, gone, last, other, far := row("a:old", 0, 100), row("a:1", 0, 300), row("a:2", 0, 400), row("a:3", 0, 500), row("a:한", 0, 600), row("b:1", 0, 700), row("a:4", 1, 800)
	gone.Deleted = true
	apply(t, x, eventlog.Delta{Chain: 0, Facts: []eventlog.AggregateRow{other, last, gone, two, one, old}})
	apply(t, x, eventlog.Delta{Chain: 1, Facts: []eventlog.AggregateRow{far}})
	for _, c := range []struct {
		prefix string
		since  event.Position
		want   []eventlog.AggregateRow
	}{
		{"a:", at(0, 0, 200), []eventlog.AggregateRow{one, two, last}},
		{"a:", event.Position{}, []eventlog.AggregateRow{one, two, old, last}},
		{"a:2", event.Position{}, []eventlog.AggregateRow{two}},
		{"c", event.Position{}, nil},
	} {
		list, err := x.Under(t.Context(), 0, one.Aggregate.Type, c.prefix, c.since)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 || len(c.want) > 0 {
			equal(t, "under "+c.prefix, list, c.want)
		}
		n, err := x.CountUnder(t.Context(), 0, one.Aggregate.Type, c.prefix, c.since)
		if err != nil || n != len(c.want) {
			t.Errorf("count under %s: %d, %v, want %d", c.prefix, n, err, len(c.want))
		}
	}
}

func cursors(t *testing.T, x eventlog.Index) {
	read := func() eventlog.Head {
		t.Helper()
		h, err := x.Cursor(t.Context(), "reader", 3)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	equal(t, "no cursor", read(), eventlog.Head{})
	there := eventlog.Head{Next: 5, Digest: eventlog.Digest{5}}
	for _, to := range []eventlog.Head{there, {Next: 4, Digest: eventlog.Digest{4}}, {Next: 5, Digest: eventlog.Digest{6}}} {
		if err := x.MoveCursor(t.Context(), "reader", 3, to); err != nil {
			t.Fatal(err)
		}
		equal(t, "cursor", read(), there)
	}
	if h, err := x.Cursor(t.Context(), "other", 3); err != nil || h != (eventlog.Head{}) {
		t.Errorf("another reader: %v, %v", h, err)
	}
}

func snapshotIsOneMoment(t *testing.T, x eventlog.Index) {
	a := instance("a")
	done := make(chan error, 1)
	go func() {
		for n := range uint64(60) {
			d := eventlog.Delta{Number: n, Written: written, Facts: []eventlog.AggregateRow{fact(a, n+1, at(0, n, 100), n == 0)}}
			if _, err := x.Apply(t.Context(), d); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		v := snapshot(t, x, 0, eventlog.Query{Aggregates: []event.Aggregate{a}})
		if v.Head.Next != v.Aggregates[a].Sequence {
			t.Errorf("head %d and sequence %d in one snapshot", v.Head.Next, v.Aggregates[a].Sequence)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
