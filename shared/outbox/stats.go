package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The states of a row.
const (
	Pending   = "pending"
	Failed    = "failed" // tried without success; it is tried again
	Published = "published"
	Dead      = "dead" // refused for good
)

// Stats are what a publisher has before and behind it. Published rows are kept for
// some days.
type Stats struct {
	Counts  map[string]int64
	Backlog int64      // pending and failed
	Oldest  *time.Time // of the backlog
	NextTry *time.Time // of the backlog, the earliest
}

// StatsOf counts the rows of a publisher.
func StatsOf(ctx context.Context, pool *pgxpool.Pool, publisher string) (Stats, error) {
	s := Stats{Counts: map[string]int64{Pending: 0, Failed: 0, Published: 0, Dead: 0}}
	rows, err := pool.Query(ctx, `select case when published_at is not null then 'published' when dead then 'dead' when attempts > 0 then 'failed' else 'pending' end, count(*)
		from spice_outbox.outbox where publisher = $1 group by 1`, publisher)
	if err != nil {
		return s, fmt.Errorf("outbox: count rows: %w", err)
	}
	var state string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { s.Counts[state] = n; return nil }); err != nil {
		return s, fmt.Errorf("outbox: count rows: %w", err)
	}
	s.Backlog = s.Counts[Pending] + s.Counts[Failed]
	err = pool.QueryRow(ctx, `select min(created_at), min(next_try) from spice_outbox.outbox where publisher = $1 and published_at is null and not dead`, publisher).
		Scan(&s.Oldest, &s.NextTry)
	if err != nil {
		return s, fmt.Errorf("outbox: oldest row: %w", err)
	}
	return s, nil
}
