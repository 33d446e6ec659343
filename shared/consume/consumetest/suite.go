package consumetest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// Suite checks an implementation of consume.Registry. open gives an empty one.
func Suite(t *testing.T, open func(*testing.T) consume.Registry) {
	a, b := event.Aggregate{Type: "Instance", ID: "db:main:C:키 '"}, event.Aggregate{Type: "Database", ID: "db"}
	parked := func(handler string, a event.Aggregate, attempts int, next time.Duration) *consume.Parked {
		return &consume.Parked{
			Handler: handler, Aggregate: a, Database: "db", Next: 4, Attempts: attempts, NextTry: now.Add(next), Reason: "down",
			Position: event.Position{Chain: 1, Segment: 2, Offset: 3, Length: 4}, Since: now,
		}
	}
	save := func(t *testing.T, r consume.Registry, handler string, done ...consume.Progress) {
		t.Helper()
		if err := r.Save(t.Context(), handler, now, done); err != nil {
			t.Fatal(err)
		}
	}
	marks := func(t *testing.T, r consume.Registry, handler string) map[event.Aggregate]consume.Mark {
		t.Helper()
		m, err := r.Load(t.Context(), handler, []event.Aggregate{a, b})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	equal := func(t *testing.T, what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}

	t.Run("a watermark moves forward only, per handler", func(t *testing.T) {
		r := open(t)
		equal(t, "nothing yet", marks(t, r, "h"), map[event.Aggregate]consume.Mark{})
		save(t, r, "h", consume.Progress{Aggregate: a, Sequence: 5}, consume.Progress{Aggregate: b, Sequence: 1})
		save(t, r, "h", consume.Progress{Aggregate: a, Sequence: 3})
		equal(t, "marks", marks(t, r, "h"), map[event.Aggregate]consume.Mark{a: {Sequence: 5}, b: {Sequence: 1}})
		equal(t, "another handler", marks(t, r, "other"), map[event.Aggregate]consume.Mark{})
	})
	t.Run("an aggregate is parked and set free", func(t *testing.T) {
		r := open(t)
		first := parked("h", a, 1, time.Second)
		save(t, r, "h", consume.Progress{Aggregate: a, Sequence: 3, Park: first}, consume.Progress{Aggregate: b, Park: parked("h", b, 1, time.Hour)})
		equal(t, "mark", marks(t, r, "h")[a], consume.Mark{Sequence: 3, Parked: first})
		due, err := r.Due(t.Context(), now.Add(time.Minute), 10)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "due", due, []consume.Parked{*first})

		again := parked("h", a, 2, time.Minute)
		again.Since = now
		save(t, r, "h", consume.Progress{Aggregate: a, Park: again})
		equal(t, "parked again", marks(t, r, "h")[a], consume.Mark{Sequence: 3, Parked: again})
		save(t, r, "h", consume.Progress{Aggregate: a, Sequence: 4})
		equal(t, "set free", marks(t, r, "h")[a], consume.Mark{Sequence: 4})
		list, err := r.Parked(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].Aggregate != b {
			t.Errorf("still parked: %v, %v", list, err)
		}
	})
	t.Run("a dead aggregate is never due", func(t *testing.T) {
		r := open(t)
		dead := parked("h", a, 1, -time.Hour)
		dead.Dead = true
		save(t, r, "h", consume.Progress{Aggregate: a, Park: dead})
		if due, err := r.Due(t.Context(), now, 10); err != nil || len(due) > 0 {
			t.Errorf("due: %v, %v", due, err)
		}
		if list, err := r.Parked(t.Context(), 10); err != nil || len(list) != 1 || !list[0].Dead {
			t.Errorf("parked: %v, %v", list, err)
		}
	})
	t.Run("the last word about an aggregate counts", func(t *testing.T) {
		r := open(t)
		row := parked("h", a, 1, 0)
		save(t, r, "h", consume.Progress{Aggregate: a}, consume.Progress{Aggregate: a, Park: row})
		equal(t, "parked last", marks(t, r, "h")[a], consume.Mark{Parked: row})
		save(t, r, "h", consume.Progress{Aggregate: a, Park: row}, consume.Progress{Aggregate: a})
		equal(t, "freed last", marks(t, r, "h"), map[event.Aggregate]consume.Mark{})
	})
	t.Run("long and odd reasons are kept", func(t *testing.T) {
		r := open(t)
		row := parked("h", a, 1, 0)
		row.Reason = "NUL \x00, not UTF-8 \xff, long " + strings.Repeat("한", 5000)
		save(t, r, "h", consume.Progress{Aggregate: a, Park: row, Events: []consume.ProcessedEvent{{ID: "e", Status: consume.StatusFailed, Attempts: 1, Error: row.Reason}}})
		if m := marks(t, r, "h")[a]; m.Parked == nil || !strings.HasPrefix(m.Parked.Reason, "NUL ") {
			t.Errorf("parked %+v", m.Parked)
		}
	})
	t.Run("raw bytes are recorded", func(t *testing.T) {
		r := open(t)
		for _, body := range [][]byte{nil, []byte("\x00\xff")} {
			if err := r.RecordRaw(t.Context(), consume.DeadLetter{Handler: "h", Received: now, Reason: "no event", Headers: map[string][]string{"X": {"1"}}, Body: body}); err != nil {
				t.Error(err)
			}
		}
	})
}
