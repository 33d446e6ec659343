package eventlog_test

import (
	"flag"
	"strings"
	"testing"
)

var (
	defaultSeeds uint64 = 3000

	simSeeds = flag.Uint64("sim.seeds", 0, "how many seeds the simulation of the log runs (0: a default)")
	simSeed  = flag.Uint64("sim.seed", 0, "run only this seed of the simulation and print its trace")
)

func seeds() uint64 {
	if *simSeeds > 0 {
		return *simSeeds
	}
	return defaultSeeds
}

// simulate runs one seed to its end.
func simulate(seed uint64, broken sabotage) (*world, error) {
	w := newWorld(seed, broken)
	w.run()
	if err := w.check(); err != nil {
		return w, err
	}
	return w, w.bucketLoss()
}

// TestSimulation runs the real package under thousands of seeds. Repeat a
// failure with: go test ./shared/eventlog -run TestSimulation -sim.seed N
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		w, err := simulate(*simSeed, sabotage{})
		t.Log("\n" + strings.Join(w.trace, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	events, answered := 0, 0
	for seed := range seeds() {
		w, err := simulate(seed+1, sabotage{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed+1, err)
		}
		for chain := range simChains {
			events += len(w.published[chain])
		}
		answered += len(w.history)
	}
	t.Logf("%d seeds, %d events published", seeds(), events)
	if events == 0 || answered == 0 {
		t.Fatal("the simulation did nothing")
	}
}

// TestSimulationNoticesEveryRule switches each rule off alone.
func TestSimulationNoticesEveryRule(t *testing.T) {
	for _, rule := range []struct {
		name   string
		broken sabotage
		notice string // part of what must be found
	}{
		{"conditional PUT", sabotage{unconditionalPut: true}, "does not continue"},
		{"snapshot read", sabotage{tornSnapshot: true}, "Illegal"},
		{"compare-and-set of the head", sabotage{blindApply: true}, "stored twice"},
		{"refusals ride on the PUT", sabotage{eagerRefusal: true}, "Illegal"},
		{"an unknown PUT is no success", sabotage{unknownIsStored: true}, "does not continue"},
		{"an unknown PUT is no refusal", sabotage{unknownIsRefused: true}, "Illegal"},
		{"ids are remembered", sabotage{forgottenIDs: true}, "stored twice"},
		{"a command ends once", sabotage{endsTwice: true}, "which is not open"},
		{"the database must exist", sabotage{noDatabaseCheck: true}, "Illegal"},
		{"expectations are compared", sabotage{noExpectation: true}, "Illegal"},
		{"the end is checked at first use", sabotage{noFirstUseCheck: true}, "had lost the end"},
		{"the relay waits for acknowledgements", sabotage{ackTooEarly: true}, "published were"},
		{"the relay reads to the end of the log", sabotage{relayToHead: true}, "published were"},
		{"the relay applies what the index lacks", sabotage{relayNoApply: true}, "live index differs"},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for seed := range seeds() {
				if _, err := simulate(seed+1, rule.broken); err != nil && strings.Contains(err.Error(), rule.notice) {
					t.Logf("seed %d: %.300v", seed+1, err)
					return
				}
			}
			t.Errorf("no seed of %d noticed that the rule was off", seeds())
		})
	}
}
