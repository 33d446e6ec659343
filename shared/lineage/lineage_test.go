package lineage

import (
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/writes"
)

const token = "6f1d9c0e-5f0a-4b8a-9a51-4f8a1c0b7d11"

func TestRoots(t *testing.T) {
	for root, want := range map[string]string{
		token: "event:" + token, " " + token + "\n": "event:" + token, strings.Repeat("a_", 16): "event:" + strings.Repeat("a_", 16),
		"event:x": "event:x", "agg:Instance:a:b": "agg:Instance:a:b", "artifact:es:i:d": "artifact:es:i:d",
		"short": "short", token + "!": token + "!", "": "", "a\x00b": "a\ufffdb", "\xff": "\ufffd",
	} {
		if got := rootID(root); got != want {
			t.Errorf("%q: %q, want %q", root, got, want)
		}
	}
}

// What names a document leads back to the aggregate that it shows.
func TestNamesOfDocumentsLeadBack(t *testing.T) {
	r := &Reader{Bucket: "events"}
	for _, a := range []event.Aggregate{
		writes.InstanceAggregate(instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: "p1"}),
		writes.InstanceAggregate(instance.Ref{Database: "shop_instances", Branch: "main", Class: "a:b%", ID: "x/y:z ü\"'"}),
		writes.InstanceAggregate(instance.Ref{Database: "shop", Branch: "main", Class: "P", ID: strings.Repeat("i", 512)}),
		classes.Aggregate("shop", "main", "Product"), classes.Aggregate("shop", "main", "a:b"),
	} {
		database, _, _ := strings.Cut(a.ID, ":")
		es, graph, ok := documents(a, database, "main")
		if !ok {
			t.Errorf("%s has no documents", a)
		}
		for _, id := range []string{es, graph} {
			if got := r.parse(id).document; got != a {
				t.Errorf("%s leads to %s, not to %s", id, got, a)
			}
		}
	}
	for _, a := range []event.Aggregate{{Type: "Instance", ID: "shop:main:Product"}, event.DatabaseAggregate("shop"), {Type: "ObjectifyJob", ID: token}} {
		if es, graph, ok := documents(a, "shop", "main"); ok {
			t.Errorf("%s has documents %s and %s", a, es, graph)
		}
	}
}

func TestNamesOfOtherNodes(t *testing.T) {
	r := &Reader{Bucket: "events"}
	if n := r.parse(RowID(token, 7)); n.version != token || n.row != 7 {
		t.Errorf("a row: %+v", n)
	}
	if n := r.parse(ObjectID("events", eventlog.SegmentKey(3, 99))); !n.isSegment || n.chain != 3 || n.segment != 99 {
		t.Errorf("a segment: %+v", n)
	}
	for _, id := range []string{ObjectID("raw", eventlog.SegmentKey(3, 99)), ObjectID("events", "log/v1/3/99"), "artifact:", "artifact:s3", "x", ""} {
		if n := r.parse(id); n != (name{}) {
			t.Errorf("%q: %+v", id, n)
		}
	}
	a := event.Aggregate{Type: "Instance", ID: "shop:main:Product:a:b"}
	if n := r.parse(AggregateID(a)); n.aggregate != a {
		t.Errorf("an aggregate: %+v", n)
	}
}

func TestRecords(t *testing.T) {
	fact := event.Event{
		ID: "f", Type: "INSTANCE_CREATED", Kind: event.Domain, Lifecycle: event.Creates, Command: "c", Sequence: 1, Time: time.Unix(1, 0),
		Aggregate: event.Aggregate{Type: writes.Instances, ID: "shop:main:P:1"}, Correlation: token, Origin: "/datasets/d/versions/" + token + "?row=7&line=9",
	}
	if r := RecordOf(&fact); r.Version != token || r.Row != 7 || r.Line != 9 || r.Job != "" || r.edges() != 7 {
		t.Errorf("a fact: %+v, %d edges", r, r.edges())
	}
	fact.Origin = "https://elsewhere/x"
	if r := RecordOf(&fact); r.Version != "" || r.Row != 0 {
		t.Errorf("another origin: %+v", r)
	}
	bulk := event.Event{ID: "c", Type: "BULK_UPSERT_INSTANCES_REQUESTED", Kind: event.Command, Source: jobSource, Correlation: token}
	if r := RecordOf(&bulk); r.Job != token || r.edges() != 3 {
		t.Errorf("a job's command: %+v", r)
	}
	bulk.Source = "/functions/bff" // a client may upsert too, and names its request as it likes
	if r := RecordOf(&bulk); r.Job != "" {
		t.Errorf("no job's command: %+v", r)
	}
}

// Data that is not what its type promises tells nothing and breaks nothing.
func TestDataThatDoesNotRead(t *testing.T) {
	for _, kind := range []event.AggregateType{datasetType, versionType, specType, jobType} {
		e := event.Event{ID: "e", Type: "X", Kind: event.Domain, Aggregate: event.Aggregate{Type: kind, ID: "1"}, Database: "shop", Branch: "main"}
		if !NeedsData(&e) {
			t.Errorf("%s needs no data", kind)
		}
		for _, data := range []string{"", "[]", `{"name": 7, "job": [], "version": "x", "source": 1}`} {
			if c, err := ControlOf(&e, []byte(data)); err == nil || len(c.Nodes)+len(c.Edges) > 0 {
				t.Errorf("%s of %q: %+v, %v", kind, data, c, err)
			}
		}
		if c, err := ControlOf(&e, []byte("{}")); err != nil || len(c.Nodes) == 0 {
			t.Errorf("%s of {}: %+v, %v", kind, c, err)
		}
	}
}
