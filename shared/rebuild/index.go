package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/eventlog"
)

// Index rebuilds the index of the log. It may run beside writers: they find the
// index behind and bring it up themselves.
func Index(log *eventlog.Log, pool *pgxpool.Pool) Sink {
	return Sink{Name: "index", Rebuild: func(ctx context.Context) (Report, error) {
		var r Report
		before, _, err := indexState(ctx, log, pool)
		if err != nil {
			return r, err
		}
		if err := log.Rebuild(ctx); err != nil {
			return r, err
		}
		after, rows, err := indexState(ctx, log, pool)
		if err != nil {
			return r, err
		}
		r.Rows, r.Equal = rows, true
		for chain, b := range before {
			if a := after[chain]; b.head.Next == a.head.Next && b.digest != a.digest {
				r.Equal = false
				r.Notes = append(r.Notes, fmt.Sprintf("chain %d: the rows of the aggregates were different before, at the same position", chain))
			}
		}
		return r, nil
	}}
}

// chainState is what the index holds of the aggregates of a chain.
type chainState struct {
	head   eventlog.Head
	digest string
}

func indexState(ctx context.Context, log *eventlog.Log, pool *pgxpool.Pool) (map[int]chainState, int64, error) {
	meta, err := log.Meta(ctx)
	if err != nil {
		return nil, 0, err
	}
	states, total := map[int]chainState{}, int64(0)
	for chain := range meta.Chains {
		var s chainState
		if s.head, err = log.Head(ctx, chain); err != nil {
			return nil, 0, err
		}
		var rows int64
		err := pool.QueryRow(ctx, `select count(*), coalesce(md5(string_agg(md5(a::text), '' order by type, id)), '') from spice_event_log.aggregates a where chain = $1`, chain).Scan(&rows, &s.digest)
		if err != nil {
			return nil, 0, fmt.Errorf("aggregates of chain %d: %w", chain, err)
		}
		states[chain], total = s, total+rows
	}
	return states, total, nil
}
