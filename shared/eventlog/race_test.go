//go:build race

package eventlog_test

// The simulation has one thread at a time: the race detector finds nothing in
// it and slows it down thirty times. make test runs it without.
func init() { defaultSeeds = 200 }
