package lineage

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
)

// Coverage tells how complete lineage is.
type Coverage struct {
	Database *string `json:"db_name"`
	Window   int64   `json:"window_minutes"`
	Appended int64   `json:"events_appended"`
	Edges    int64   `json:"lineage_edges_recorded"`
	Missing  int64   `json:"missing_lineage_estimate"`
	Ratio    float64 `json:"missing_lineage_ratio_estimate"`
	Queue    Backlog `json:"backfill_queue"`
	At       string  `json:"timestamp"`
}

// Backlog is the part of the log that is not recorded yet: what the follower has
// before it.
type Backlog struct {
	Pending    int64   `json:"pending_count"` // events
	Segments   int64   `json:"pending_segments"`
	OldestAt   *string `json:"oldest_created_at"`
	LagSeconds float64 `json:"lineage_lag_seconds"`
}

// Metrics counts what was recorded in the last minutes, of one database or ("") of
// all. What is pending is counted by chain, whatever database it belongs to.
func (r *Reader) Metrics(ctx context.Context, database string, minutes int64) (*Coverage, error) {
	now := r.Now()
	m := &Coverage{Window: minutes, At: problem.Timestamp(now)}
	if database != "" {
		m.Database = &database
	}
	since := now.Add(-time.Duration(minutes) * time.Minute)
	err := r.Pool.QueryRow(ctx, `select count(*), coalesce(sum(edges), 0) + (select count(*) from spice_lineage.lineage_edges where occurred_at >= $2 and ($1 = '' or db_name = $1))
		from spice_lineage.events where occurred_at >= $2 and ($1 = '' or database = $1)`, database, since).Scan(&m.Appended, &m.Edges)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "lineage store", err)
	}
	if m.Queue, err = r.backlog(ctx, database, now); err != nil {
		return nil, err
	}
	m.Missing = m.Queue.Pending
	if m.Appended += m.Missing; m.Appended > 0 {
		m.Ratio = float64(m.Missing) / float64(m.Appended)
	}
	return m, nil
}

// place is where the follower stands in a chain, behind the log's head.
type place struct {
	chain int
	at    eventlog.Head
	head  uint64
}

func (r *Reader) backlog(ctx context.Context, database string, now time.Time) (b Backlog, err error) {
	only := -1
	if database != "" {
		if only, err = r.Log.ChainOf(ctx, database); err != nil {
			return b, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
	}
	rows, err := r.Pool.Query(ctx, `select c.chain, c.next, coalesce(p.next, 0), coalesce(p.digest, '')
		from spice_event_log.chains c left join spice_lineage.places p on p.chain = c.chain
		where c.next > coalesce(p.next, 0) and ($1 = -1 or c.chain = $1) order by c.chain`, only)
	if err != nil {
		return b, problem.Unavailable(problem.DBUnavailable, "lineage store", err)
	}
	places, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p place, err error) {
		var head, next int64
		var digest []byte
		err = row.Scan(&p.chain, &head, &next, &digest)
		p.head, p.at.Next = uint64(head), uint64(next)
		copy(p.at.Digest[:], digest)
		return p, err
	})
	if err != nil {
		return b, problem.Unavailable(problem.DBUnavailable, "lineage store", err)
	}
	var oldest time.Time
	for _, p := range places {
		b.Segments += int64(p.head - p.at.Next)
		var events int64
		err := r.Pool.QueryRow(ctx, `select count(*) from spice_event_log.events where chain = $1 and segment >= $2`, p.chain, int64(p.at.Next)).Scan(&events)
		if err != nil {
			return b, problem.Unavailable(problem.DBUnavailable, "event log index", err)
		}
		b.Pending += events
		for segment, err := range r.Log.Read(ctx, p.chain, p.at) {
			if err != nil {
				return b, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
			}
			if oldest.IsZero() || segment.Written.Before(oldest) {
				oldest = segment.Written
			}
			break
		}
	}
	if !oldest.IsZero() {
		text := problem.Timestamp(oldest)
		b.OldestAt, b.LagSeconds = &text, max(0, now.Sub(oldest).Seconds())
	}
	return b, nil
}
