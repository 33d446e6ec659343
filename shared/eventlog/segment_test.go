package eventlog_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

func sealed(tb testing.TB, number uint64, events ...event.Event) *eventlog.Segment {
	s := &eventlog.Segment{Log: "log", Chain: 3, Number: number, Writer: "w.1", Written: noon}
	if number > 0 {
		s.Previous = eventlog.Digest{1, 2, 3}
	}
	var add []func(*eventlog.Segment) error
	for i := range events {
		add = append(add, func(s *eventlog.Segment) error { return eventlog.Add(s, &events[i]) })
	}
	if err := eventlog.NewSegment(s, add...); err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSegmentRoundTrip(t *testing.T) {
	for _, s := range []*eventlog.Segment{
		sealed(t, 0), sealed(t, 7), sealed(t, 7, create("a").Event, request("b", event.Absent).Event),
	} {
		back, err := eventlog.DecodeSegment("log", 3, s.Number, s.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Events {
			s.Events[i].Schema = event.SchemaVersion
		}
		if !reflect.DeepEqual(back, s) {
			t.Errorf("events: got %+v\nwant %+v", back.Events, s.Events)
		}
		for _, e := range back.Events {
			p := e.Position
			line, err := event.ParseLine(s.Bytes()[p.Offset : p.Offset+p.Length])
			if err != nil || line.ID != e.ID {
				t.Errorf("the position of %s leads to %v, %v", e.ID, line, err)
			}
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	s := sealed(t, 7, create("a").Event)
	body := s.Bytes()
	for name, bad := range map[string][]byte{
		"empty":         {},
		"cut off":       body[:len(body)-1],
		"header only":   bytes.SplitAfter(body, []byte("\n"))[0][:20],
		"no header":     []byte("{}\n"),
		"other number":  sealed(t, 8).Bytes(),
		"broken digest": bytes.Replace(body, []byte(`"previous":"01`), []byte(`"previous":"zz`), 1),
	} {
		if _, err := eventlog.DecodeSegment("log", 3, 7, bad); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	if _, err := eventlog.DecodeSegment("other", 3, 7, body); !errors.Is(err, eventlog.ErrDamaged) {
		t.Errorf("segment of another log: %v", err)
	}
	if _, err := eventlog.DecodeSegment("log", 3, 7, bytes.Replace(body, []byte(`"format":1`), []byte(`"format":2`), 1)); !errors.Is(err, event.ErrNewerSchema) {
		t.Errorf("newer format: %v", err)
	}
}

func FuzzDecodeSegment(f *testing.F) {
	f.Add(sealed(f, 7, create("a").Event).Bytes())
	f.Add(sealed(f, 7).Bytes())
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := eventlog.DecodeSegment("log", 3, 7, body)
		if err == nil && !bytes.Equal(s.Bytes(), body) {
			t.Error("a decoded segment has other bytes")
		}
	})
}
