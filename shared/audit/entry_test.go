package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/event"
)

func ended(data string) (event.Event, []byte) {
	return event.Event{
		ID: "e1", Type: "COMMAND_FAILED", Kind: event.Domain, Outcome: event.Failed, Command: "c1", Time: time.Date(2026, 5, 6, 7, 8, 9, 120000000, time.UTC),
		Aggregate: event.Aggregate{Type: "Instance", ID: "shop:main:P:é<1>"}, Database: "shop", Branch: "main",
		Position: event.Position{Chain: 1, Segment: 2, Offset: 3, Length: 4},
	}, []byte(data)
}

// The hash is of these very bytes: another program can compute it.
func TestTheHashOfAnEntry(t *testing.T) {
	e, data := ended(`{"error": "no <such> thing"}`)
	entry, err := Of(&e, data)
	if err != nil {
		t.Fatal(err)
	}
	if err := entry.chain("abc", 7); err != nil {
		t.Fatal(err)
	}
	want := `{"action":"COMMAND_FAILED","actor":"system","audit_id":"` + entry.ID + `","command_id":"c1","correlation_id":null,"error":"no <such> thing","event_id":"e1",` +
		`"metadata":{"branch":"main","kind":"domain","outcome":"FAILED","position":"1.2.3.4"},"occurred_at":"2026-05-06T07:08:09.12+00:00","partition_key":"db:shop",` +
		`"resource_id":"shop:main:P:é<1>","resource_type":"Instance","status":"failure","trace_id":null}`
	sum := sha256.Sum256([]byte("abc\n" + want))
	if entry.Hash != hex.EncodeToString(sum[:]) || entry.Previous != "abc" || entry.Ordinal != 7 {
		t.Errorf("%+v", entry)
	}
	again, err := Of(&e, data)
	if err != nil || again.ID != entry.ID {
		t.Errorf("the same event gives %s and %s, %v", entry.ID, again.ID, err)
	}
}

func TestReasons(t *testing.T) {
	long := strings.Repeat("é", maxText)
	for data, want := range map[string]string{
		`{"error": "a"}`: "a", `{"error": "a\u0000b"}`: "a\ufffdb", `{"job": {"status": "FAILED", "error": "j"}}`: "j", `{}`: "", ``: "", `not JSON`: "",
		`{"error": "` + long + `"}`: long[:maxText],
	} {
		e, body := ended(data)
		entry, err := Of(&e, body)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if entry.Error != nil {
			got = *entry.Error
		}
		if got != want || entry.Status != Failure {
			t.Errorf("%.40s: %s with %.40q, want %.40q", data, entry.Status, got, want)
		}
	}
}

func TestWhichEventsHaveAnEntry(t *testing.T) {
	for what, c := range map[string]struct {
		e    event.Event
		want bool
	}{
		"a command":               {event.Event{Kind: event.Command}, true},
		"an outcome":              {event.Event{Kind: event.Domain, Command: "c", Outcome: event.Completed}, true},
		"a fact that is one":      {event.Event{Kind: event.Domain, Command: "c", Outcome: event.Completed, Lifecycle: event.Creates}, true},
		"a row of a bulk command": {event.Event{Kind: event.Domain, Command: "c", Lifecycle: event.Creates}, false},
		"a dataset":               {event.Event{Kind: event.Domain, Lifecycle: event.Creates}, true},
	} {
		if Wanted(&c.e) != c.want {
			t.Errorf("%s: %t", what, !c.want)
		}
	}
}

func TestPartitions(t *testing.T) {
	e, _ := ended("")
	if got := partition(&e); got != "db:shop" {
		t.Error(got)
	}
	e.Database = ""
	if got := partition(&e); got != "agg:Instance:shop:main:P:é<1>" {
		t.Error(got)
	}
}
