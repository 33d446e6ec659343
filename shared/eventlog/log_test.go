package eventlog_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

func refused(t *testing.T, err error, reason eventlog.Reason) *eventlog.Refusal {
	t.Helper()
	var r *eventlog.Refusal
	if !errors.As(err, &r) || r.Reason != reason {
		t.Fatalf("got %v, want a refusal for %s", err, reason)
	}
	return r
}

func TestFactsAreNumberedAndLinked(t *testing.T) {
	l := memoryLog(t)
	results := mustAppend(t, l, create("a"), change("a", 1), change("a", 2), create("b"))
	for i, want := range []uint64{1, 2, 3, 1} {
		if results[i].Sequence != want {
			t.Errorf("append %d: sequence %d, want %d", i, results[i].Sequence, want)
		}
	}
	var found []event.ID
	for e, err := range l.History(t.Context(), results[2].Position) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, e.ID)
	}
	if len(found) != 3 || found[0] != "change-a-2" || found[2] != "create-a" {
		t.Errorf("history %v", found)
	}
	states, head, err := l.States(t.Context(), "", event.Aggregate{Type: "Instance", ID: "a"}, event.Aggregate{Type: "Instance", ID: "none"})
	if err != nil || len(states) != 1 || head.Next == 0 {
		t.Fatalf("states %v at %v, %v", states, head, err)
	}
	for _, s := range states {
		if !s.Exists || s.Sequence != 3 || s.Position != results[2].Position {
			t.Errorf("state %+v", s)
		}
	}
}

func TestARepeatedAppendHasOneEffect(t *testing.T) {
	l := memoryLog(t)
	first := mustAppend(t, l, create("a"))[0]
	again := create("a")
	again.Event.Time, again.Event.TraceParent, again.Event.Actor = noon.Add(1), "00-1", "retry"
	second := mustAppend(t, l, again)[0]
	if !second.Duplicate || second.Position != first.Position || second.Sequence != 1 {
		t.Errorf("repeated: %+v, first %+v", second, first)
	}
	other := create("a")
	other.Event.Data = []byte(`{"n":2}`)
	_, err := l.Append(t.Context(), other)
	refused(t, err, eventlog.IDReused)
}

func TestExpectations(t *testing.T) {
	l := memoryLog(t)
	_, err := l.Append(t.Context(), change("a", 1))
	refused(t, err, eventlog.Conflict)
	mustAppend(t, l, create("a"))
	late := change("a", 5)
	_, err = l.Append(t.Context(), late)
	if r := refused(t, err, eventlog.Conflict); r.Sequence != 1 || !r.Exists || r.Expect != event.At(5) {
		t.Errorf("refusal %+v", r)
	}
	needy := create("b")
	needy.Require = []eventlog.Require{{Aggregate: late.Event.Aggregate, Expect: event.At(2)}}
	_, err = l.Append(t.Context(), needy)
	refused(t, err, eventlog.RequireConflict)
	needy.Require[0].Expect = event.Present
	mustAppend(t, l, needy)
}

func TestANameCanBeCreatedAgain(t *testing.T) {
	l := memoryLog(t)
	mustAppend(t, l, create("a"))
	remove := change("a", 1)
	remove.Event.Lifecycle = event.Deletes
	mustAppend(t, l, remove)
	again := create("a")
	again.Event.ID, again.Expect = "create-again", event.Absent
	if r := mustAppend(t, l, again)[0]; r.Sequence != 3 {
		t.Errorf("sequences go on after a deletion, got %d", r.Sequence)
	}
}

func TestOneCommandWaitsPerExpectation(t *testing.T) {
	l := memoryLog(t)
	mustAppend(t, l, request("a", event.Absent))
	second := request("a", event.Absent)
	second.Event.ID = "command-a2"
	_, err := l.Append(t.Context(), second)
	if r := refused(t, err, eventlog.PendingCommand); r.Command.ID != "command-a" {
		t.Errorf("pending command %s", r.Command.ID)
	}
	mustAppend(t, l, end("a", event.Failed))
	mustAppend(t, l, second) // a failed command leaves no trace in the way
}

// The refusal tells where the aggregate is, though the expectation is met.
func TestAPendingCommandTellsTheSequence(t *testing.T) {
	l := memoryLog(t)
	mustAppend(t, l, create("a"))
	mustAppend(t, l, change("a", 1))
	mustAppend(t, l, request("a", event.At(2)))
	second := request("a", event.At(2))
	second.Event.ID = "command-a2"
	_, err := l.Append(t.Context(), second)
	if r := refused(t, err, eventlog.PendingCommand); r.Sequence != 2 || !r.Exists {
		t.Errorf("%+v", r)
	}
}

func TestACommandEndsOnce(t *testing.T) {
	l := memoryLog(t)
	_, err := l.Append(t.Context(), end("a", event.Failed))
	refused(t, err, eventlog.CommandUnknown)
	mustAppend(t, l, request("a", event.Absent))
	if c, ok, err := l.Command(t.Context(), "command-a"); !ok || err != nil || !c.Open() {
		t.Errorf("command %+v, %t, %v", c, ok, err)
	}
	first := mustAppend(t, l, end("a", event.Failed))[0]
	late := create("a")
	late.Event.Command, late.Event.Outcome = "command-a", event.Completed
	r := mustAppend(t, l, late)[0]
	if r.Ended == nil || r.Ended.Outcome != event.Failed || r.Ended.End != first.Position {
		t.Errorf("second outcome: %+v", r)
	}
	row := create("row")
	row.Event.Command = "command-a"
	_, err = l.Append(t.Context(), row)
	refused(t, err, eventlog.CommandEnded)
	if c, _, _ := l.Command(t.Context(), "command-a"); c.Outcome != event.Failed || c.Type != "CREATE_INSTANCE_REQUESTED" {
		t.Errorf("command %+v", c)
	}
}

func database(lifecycle event.Lifecycle, id string) eventlog.Entry {
	en := create("shop")
	en.Event.ID, en.Event.Aggregate.Type, en.Event.Database, en.Event.Lifecycle = event.ID(id), event.Database, "shop", lifecycle
	return en
}

func TestNothingLivesInAMissingDatabase(t *testing.T) {
	l := memoryLog(t)
	in := create("a")
	in.Event.Database = "shop"
	_, err := l.Append(t.Context(), in)
	refused(t, err, eventlog.DatabaseMissing)
	mustAppend(t, l, database(event.Creates, "d1"), in)
	cmd := request("b", event.Absent)
	cmd.Event.Database = "shop"
	mustAppend(t, l, cmd, database(event.Deletes, "d2"))
	failed := end("b", event.Failed)
	failed.Event.Database = "shop"
	mustAppend(t, l, failed) // the command still gets its outcome
	mustAppend(t, l, database(event.Creates, "d3"))
	again := in
	again.Event.ID, again.Expect = "create-a2", event.Absent
	if r := mustAppend(t, l, again)[0]; r.Sequence != 2 {
		t.Errorf("in a new database the name is free and its sequences go on, got %d", r.Sequence)
	}
}

func TestEventsHaveALimit(t *testing.T) {
	l := memoryLog(t)
	big := create("a")
	big.Event.Data = []byte(`{"text":"` + strings.Repeat("x", event.MaxSize) + `"}`)
	if _, err := l.Append(t.Context(), big); !errors.Is(err, eventlog.ErrTooLarge) {
		t.Fatal(err)
	}
	data := big.Event.Data
	for range 2 {
		ref, err := l.PutData(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		big.Event.Data, big.Event.DataRef = nil, ref
	}
	r := mustAppend(t, l, big)[0]
	e, err := l.Event(t.Context(), r.Position)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := l.Data(t.Context(), &e); err != nil || !bytes.Equal(back, data) {
		t.Errorf("data of %d bytes, %v", len(back), err)
	}
}

func TestOtherLog(t *testing.T) {
	objects, index := eventlogtest.NewObjects(), eventlogtest.NewIndex()
	mustAppend(t, newLog(t, objects, index), create("a"))
	config := eventlog.Config{Objects: objects, Index: index, Writer: "w", NewID: func() string { return "new" }, Chains: 3}
	if _, err := eventlog.New(config).Append(t.Context(), create("b")); !errors.Is(err, eventlog.ErrOtherLog) {
		t.Errorf("another number of chains: %v", err)
	}
	config.Objects, config.Chains = eventlogtest.NewObjects(), 0
	if _, err := eventlog.New(config).Append(t.Context(), create("b")); !errors.Is(err, eventlog.ErrOtherLog) {
		t.Errorf("an empty bucket beside a full index: %v", err)
	}
}

func TestAClosedLogRefuses(t *testing.T) {
	l := memoryLog(t)
	mustAppend(t, l, create("a"))
	l.Close()
	if _, err := l.Append(t.Context(), create("b")); !errors.Is(err, eventlog.ErrUnknown) {
		t.Error(err)
	}
}

func TestRebuildFromTheSegments(t *testing.T) {
	objects, index := eventlogtest.NewObjects(), eventlogtest.NewIndex()
	l := newLog(t, objects, index)
	mustAppend(t, l, database(event.Creates, "d1"), create("a"), change("a", 1), request("b", event.Absent))
	empty := newLog(t, objects, eventlogtest.NewIndex())
	if r := mustAppend(t, empty, create("a"))[0]; !r.Duplicate {
		t.Error("an empty index is brought up to the log before it decides")
	}
	before := index.Dump()
	if err := l.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := index.Dump(); after != before {
		t.Errorf("rebuilt index differs\nbefore:\n%s\nafter:\n%s", before, after)
	}
}
