package objectify

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// JobCounts counts jobs by their state.
func (st *Store) JobCounts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{Queued: 0, Running: 0, Completed: 0, Partial: 0, Failed: 0}
	rows, err := st.Pool.Query(ctx, `select status, count(*) from spice_objectify.jobs group by status`)
	if err != nil {
		return nil, unavailable(err)
	}
	var status string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error { counts[status] = n; return nil }); err != nil {
		return nil, unavailable(err)
	}
	return counts, nil
}
