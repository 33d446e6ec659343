//go:build race

package process

// raceFlag makes the host of the tests find races as they do.
var raceFlag = []string{"-race"}
