package search

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// startLimit is how long a read waits for the shards of an index that was just
// made, or whose node has just started: they are there a moment later.
const startLimit = 5 * time.Second

// isStarting reports whether no copy of a shard serves yet. A search says so as
// "all shards failed", a get by the name of the reason; both with 503.
func isStarting(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusServiceUnavailable &&
		(e.Type == "no_shard_available_action_exception" || e.Type == "search_phase_execution_exception")
}

// started repeats a read while its shards start.
func started(ctx context.Context, read func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := read()
		if !isStarting(err) {
			return err
		}
		pause := time.NewTimer(50 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
