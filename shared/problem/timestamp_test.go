package problem_test

import (
	"testing"
	"time"

	"spiceharvester/shared/problem"
)

func TestTimestamp(t *testing.T) {
	for text, want := range map[string]string{
		"2026-05-06T07:08:09Z":           "2026-05-06T07:08:09+00:00",
		"2026-05-06T07:08:09.123456789Z": "2026-05-06T07:08:09.123456+00:00",
		"2026-05-06T16:08:09.5+09:00":    "2026-05-06T07:08:09.5+00:00",
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := problem.Timestamp(at); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
