package e2e

import (
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/demo"
)

// The demo does what it promises, and again it adds nothing.
func TestDemo(t *testing.T) {
	w := sharedWorld(t)
	walk := func() string {
		var out strings.Builder
		if err := demo.Run(t.Context(), demo.Options{BaseURL: w.bff.Base, Token: w.bff.Token, Out: &out}); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return out.String()
	}
	first := walk()
	for _, want := range []string{
		"COMPLETED: 3376 created, 0 updated, 0 unchanged, 0 refused.", "COMPLETED: 5366 created, 0 updated, 0 unchanged, 0 refused.",
		"ORD   Chicago O'Hare International", "origin       -> Airport/ORD", "It comes from flights-airport.csv, row 3919 (line 3920), version 1",
		"Airport/ANC <-origin- Route/ANC:",
		"PARTIAL: 0 created, 0 updated, 5363 unchanged, 3 refused.", `row 10, line 11, origin "XXXX"`, `row 20, line 21, destination ""`, `row 30, line 31, count "many"`,
	} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is missing:\n%s", want, first)
		}
	}
	// The outbox may bring the end of the last job into the log a moment later.
	eventually(t, time.Minute, func() string {
		if again := walk(); !strings.Contains(again, "nothing was added") {
			return again
		}
		return ""
	})
}
