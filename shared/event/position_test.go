package event_test

import (
	"testing"

	"spiceharvester/shared/event"
)

func TestPositionText(t *testing.T) {
	for _, p := range []event.Position{{}, {Chain: 7, Segment: 1 << 62, Offset: 1, Length: 1<<31 - 1}, {Offset: 9}} {
		if back, err := event.ParsePosition(p.String()); err != nil || back != p {
			t.Errorf("%v becomes %v, %v", p, back, err)
		}
	}
	for _, s := range []string{"1", "1.2.3", "1.2.0.4", "-1.2.3.4", "a.2.3.4", "1.2.3.4.5", "1.2.3.99999999999"} {
		if p, err := event.ParsePosition(s); err == nil {
			t.Errorf("%q is read as %v", s, p)
		}
	}
}

func TestPositionOrder(t *testing.T) {
	list := []event.Position{{Segment: 0, Offset: 1}, {Segment: 0, Offset: 2}, {Segment: 1, Offset: 1}, {Chain: 1, Segment: 0, Offset: 1}}
	for i := range list {
		for j := range list {
			if got, want := list[i].Compare(list[j]), min(1, max(-1, i-j)); got != want {
				t.Errorf("%v against %v: %d, want %d", list[i], list[j], got, want)
			}
		}
	}
}
