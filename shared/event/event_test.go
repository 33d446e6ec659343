package event_test

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	ce "github.com/cloudevents/sdk-go/v2/event"
	"pgregory.net/rapid"

	"spiceharvester/shared/event"
)

// full has every attribute, with text that headers and JSON find awkward.
func full() event.Event {
	return event.Event{
		ID: "d1aeedbe-547f-5836-80aa-fe4057d98f79", Type: "INSTANCE_UPDATED", Source: "/functions/instance-worker",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Kind: event.Domain,
		Aggregate: event.Aggregate{Type: "Instance", ID: `demo:main:Class%3AA:키 50% "x"\y#`},
		Created:   time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC),
		Sequence:  3, Lifecycle: event.Changes, Command: "11111111-1111-1111-1111-111111111111", Outcome: event.Completed,
		Previous: event.Position{Chain: 3, Segment: 17, Offset: 200, Length: 300},
		Database: "demo", Branch: "feature/what-if", Actor: "Zoë", Correlation: "r-1", Origin: "/datasets/d/versions/v?row=17&line=18",
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Schema: 1,
		Data:     []byte(`{"price":12345678901234567890.10,"name":"사과 <&> \"q\""}`),
		Position: event.Position{Chain: 3, Segment: 18, Offset: 201, Length: 301},
	}
}

func TestEncodingsKeepEverything(t *testing.T) {
	e := full()
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	fromLine, err := event.ParseLine(line)
	fromLine.Position = e.Position // a line does not say where it stands
	check(t, "line", fromLine, err, e)

	fromRecord, err := event.FromRecord(event.ToRecord("instance_events", &e))
	check(t, "Kafka record", fromRecord, err, e)

	req, err := event.NewHTTPRequest(t.Context(), "http://localhost/", &e)
	if err != nil {
		t.Fatal(err)
	}
	events, err := event.ReadHTTP(req)
	check(t, "HTTP request", one(events), err, e)

	batch, err := event.NewHTTPBatchRequest(t.Context(), "http://localhost/", []event.Event{e, e})
	if err != nil {
		t.Fatal(err)
	}
	events, err = event.ReadHTTP(batch)
	if err != nil || !reflect.DeepEqual(events, []event.Event{e, e}) {
		t.Errorf("batch: %+v, %v", events, err)
	}
}

func one(list []event.Event) event.Event {
	if len(list) != 1 {
		return event.Event{}
	}
	return list[0]
}

func check(t *testing.T, what string, got event.Event, err error, want event.Event) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v\n got %+v\nwant %+v", what, err, got, want)
	}
}

// TestAnyTextSurvives draws attribute texts without control characters.
func TestAnyTextSurvives(t *testing.T) {
	text := rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r >= ' ' && (r < 0x7f || r > 0x9f) && r != '\ufffd' }), 1, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		e := full()
		e.Aggregate.ID, e.Actor, e.Branch = text.Draw(t, "id"), text.Draw(t, "actor"), text.Draw(t, "branch")
		line, err := event.AppendLine(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("line holds a newline: %q", line)
		}
		back, err := event.ParseLine(line)
		back.Position = e.Position
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("line: %+v, %v", back, err)
		}
		req, err := event.NewHTTPRequest(t.Context(), "http://localhost/", &e)
		if err != nil {
			t.Fatal(err)
		}
		if events, err := event.ReadHTTP(req); err != nil || !reflect.DeepEqual(one(events), e) {
			t.Fatalf("HTTP: %+v, %v", events, err)
		}
	})
}

// TestLineIsACloudEvent lets the official SDK read a line.
func TestLineIsACloudEvent(t *testing.T) {
	e := full()
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	var sdk ce.Event
	if err := sdk.UnmarshalJSON(line); err != nil {
		t.Fatal(err)
	}
	if err := sdk.Validate(); err != nil {
		t.Fatal(err)
	}
	if sdk.Subject() != e.Aggregate.ID || sdk.Extensions()["sequence"] != "3" || !bytes.Equal(sdk.Data(), e.Data) {
		t.Errorf("the SDK reads %v", sdk)
	}
}

func TestStructuredModeIsRead(t *testing.T) {
	e := full()
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("POST", "/", bytes.NewReader(line))
	req.Header.Set("Content-Type", "application/cloudevents+json")
	events, err := event.ReadHTTP(req)
	e.Position = event.Position{}
	check(t, "structured", one(events), err, e)
}

func TestBadRequests(t *testing.T) {
	for name, request := range map[string]struct{ contentType, body string }{
		"no CloudEvent":    {"application/json", `{}`},
		"no batch":         {"application/cloudevents-batch+json", `{"id":"1"}`},
		"cut-off batch":    {"application/cloudevents-batch+json", `[{"id":"1"`},
		"two batches":      {"application/cloudevents-batch+json", `[][]`},
		"empty event":      {"application/cloudevents-batch+json", `[{}]`},
		"null event":       {"application/cloudevents-batch+json", `[null]`},
		"number attribute": {"application/cloudevents-batch+json", `[{"id":1}]`},
	} {
		req := httptest.NewRequest("POST", "/", strings.NewReader(request.body))
		req.Header.Set("Content-Type", request.contentType)
		if events, err := event.ReadHTTP(req); err == nil {
			t.Errorf("%s: read as %v", name, events)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(*event.Event){
		"id is empty":           func(e *event.Event) { e.ID = "" },
		"subject is empty":      func(e *event.Event) { e.Aggregate.ID = "" },
		"time is empty":         func(e *event.Event) { e.Time = time.Time{} },
		"control character":     func(e *event.Event) { e.Actor = "a\x00b" },
		"not valid UTF-8":       func(e *event.Event) { e.Branch = "\xff" },
		"kind":                  func(e *event.Event) { e.Kind = "wish" },
		"lifecycle":             func(e *event.Event) { e.Lifecycle = "rests" },
		"outcome":               func(e *event.Event) { e.Outcome = "MAYBE" },
		"outcome without":       func(e *event.Event) { e.Command = "" },
		"a fact (lifecycle) or": func(e *event.Event) { e.Lifecycle, e.Outcome = "", "" },
		"only a command":        func(e *event.Event) { e.Expect = event.Absent },
		"expect": func(e *event.Event) {
			*e = event.Event{ID: "1", Type: "T", Source: "/", Time: e.Time, Kind: event.Command, Aggregate: e.Aggregate, Expect: "-1"}
		},
		"a command has no":       func(e *event.Event) { e.Kind = event.Command },
		"both data and dataref":  func(e *event.Event) { e.DataRef.Key = "log/v1/data/00" },
		"data of":                func(e *event.Event) { e.Data = []byte("{") },
		"attribute traceparent:": func(e *event.Event) { e.TraceParent = "a\nb" },
	} {
		e := full()
		spoil(&e)
		if _, err := event.AppendLine(nil, &e); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewerSchemaStopsTheReader(t *testing.T) {
	e := full()
	e.Schema = event.SchemaVersion + 1
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := event.ParseLine(line); !errors.Is(err, event.ErrNewerSchema) {
		t.Error(err)
	}
	if _, err := event.FromRecord(event.ToRecord("t", &e)); !errors.Is(err, event.ErrNewerSchema) {
		t.Error(err)
	}
}

func TestDataRefTravels(t *testing.T) {
	e := full()
	e.Data, e.DataRef = nil, event.Ref{Key: "log/v1/data/ab", Size: 1 << 40, SHA256: "ab"}
	req, err := event.NewHTTPRequest(t.Context(), "http://localhost/", &e)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(req.Body); len(body) > 0 {
		t.Errorf("body %q", body)
	}
	events, err := event.ReadHTTP(req)
	check(t, "dataref", one(events), err, e)
}

// TestDomainID holds the check value of the ids that retries rely on.
func TestDomainID(t *testing.T) {
	got := event.DomainID("11111111-1111-1111-1111-111111111111", "INSTANCE_CREATED", "demo:main:Product:PROD-1")
	if got != "d1aeedbe-547f-5836-80aa-fe4057d98f79" {
		t.Error(got)
	}
	if event.IdempotentCommandID("db", "create", "k") == event.IdempotentCommandID("db", "create", "l") {
		t.Error("different keys give one id")
	}
}

// TestOtherJSONIsReadToo: what the quick reader does not know, the full one does.
func TestOtherJSONIsReadToo(t *testing.T) {
	e := full()
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	spaced := bytes.ReplaceAll(line, []byte(`","`), []byte(`", "`))
	first := append([]byte(`{"data":{},`), bytes.TrimSuffix(line, []byte("\n"))[1:]...)
	first = append(bytes.Split(first, []byte(`,"datacontenttype"`))[0], '}')
	for name, other := range map[string][]byte{"spaces": spaced, "data first": first, "unicode escape": bytes.Replace(line, []byte("demo"), []byte(`\u0064emo`), 1)} {
		back, err := event.ParseLine(other)
		if err != nil || back.ID != e.ID || back.Aggregate != e.Aggregate {
			t.Errorf("%s: %+v, %v", name, back, err)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	e := full()
	line, err := event.AppendLine(nil, &e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"data":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := event.ParseLine(line)
		if err != nil {
			return
		}
		again, err := event.AppendLine(nil, &e)
		if err != nil {
			t.Fatalf("parsed but not encoded: %v", err)
		}
		back, err := event.ParseLine(again)
		spaced, err2 := event.ParseLine(append([]byte{' '}, again...)) // takes the other reader
		if err != nil || err2 != nil || back.Aggregate != e.Aggregate || !reflect.DeepEqual(back, spaced) {
			t.Fatalf("%+v, %+v, %v, %v", back, spaced, err, err2)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	e := full()
	line, _ := event.AppendLine(nil, &e)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			line, _ = event.AppendLine(line[:0], &e)
		}
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := event.ParseLine(line); err != nil {
				b.Fatal(err)
			}
		}
	})
}
