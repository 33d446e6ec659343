package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/follow"
	"spiceharvester/shared/trail"
)

// trailTables are the tables of lineage, audit and roles.
var trailTables = []string{
	"spice_lineage.events", "spice_lineage.lineage_nodes", "spice_lineage.lineage_edges", "spice_audit.audit_logs", "spice_audit.audit_chain_heads",
	"spice_access.database_access",
}

// Trail rebuilds lineage, audit and roles. They are empty at first and grow while the log
// is read; a follower that is at work helps.
func Trail(sink *trail.Sink, follower *follow.Follower, pool *pgxpool.Pool) Sink {
	return Sink{Name: "trail", Rebuild: func(ctx context.Context) (Report, error) {
		var r Report
		before, _, err := trailState(ctx, pool)
		if err != nil {
			return r, err
		}
		events, err := sink.Rebuild(ctx, follower)
		if err != nil {
			return r, err
		}
		after, rows, err := trailState(ctx, pool)
		if err != nil {
			return r, err
		}
		r.Rows, r.Events, r.Equal = rows, int64(events), true
		if before["places"] != after["places"] {
			return r, nil // the log went on, so the rows may differ
		}
		for table, digest := range after {
			if before[table] != digest {
				r.Equal = false
				r.Notes = append(r.Notes, fmt.Sprintf("the rows of %s were different before, at the same position", table))
			}
		}
		return r, nil
	}}
}

// trailState digests the tables, and the places up to which the log was read. The
// sum of the rows' hashes needs no order and no memory.
func trailState(ctx context.Context, pool *pgxpool.Pool) (digests map[string]string, rows int64, err error) {
	digests = map[string]string{}
	for _, table := range trailTables {
		var n int64
		var digest string
		err := pool.QueryRow(ctx, `select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from `+table+` t`).Scan(&n, &digest)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", table, err)
		}
		digests[table], rows = digest, rows+n
	}
	var places string
	if err := pool.QueryRow(ctx, `select coalesce(string_agg(p::text, ' ' order by chain), '') from spice_lineage.places p`).Scan(&places); err != nil {
		return nil, 0, fmt.Errorf("places: %w", err)
	}
	digests["places"] = places
	return digests, rows, nil
}
