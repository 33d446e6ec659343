package status

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
)

// How long a reader waits for the board, and for how long it is left alone after it
// failed.
const (
	patience  = 50 * time.Millisecond
	leftAlone = 5 * time.Second
)

// Quick looks commands up on the board first and in the log else. What ended is final
// wherever it stands.
type Quick struct {
	Board  Board // nil is none
	Log    *command.Reader
	Logger *slog.Logger

	mu    sync.Mutex
	until time.Time
}

// Status looks a command up. Errors are problems.
func (q *Quick) Status(ctx context.Context, id event.ID) (command.Status, error) {
	known, ok := q.look(ctx, id)
	if ok && known.Ended() {
		return known.Status, nil
	}
	s, err := q.Log.Status(ctx, id)
	if err == nil && ok && known.Order() > s.Order() {
		return known.Status, nil // a worker has taken it up
	}
	return s, err
}

func (q *Quick) look(ctx context.Context, id event.ID) (Record, bool) {
	if q.Board == nil {
		return Record{}, false
	}
	q.mu.Lock()
	alone := time.Now().Before(q.until)
	q.mu.Unlock()
	if alone {
		return Record{}, false
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, ok, err := q.Board.Get(limited, id)
	if err != nil && ctx.Err() == nil {
		q.mu.Lock()
		q.until = time.Now().Add(leftAlone)
		q.mu.Unlock()
		q.Logger.WarnContext(ctx, "statuses are read from the log: Redis is away", "error", err)
	}
	return r, ok && err == nil
}
