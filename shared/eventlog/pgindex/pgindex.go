// Package pgindex keeps the event log's index in PostgreSQL (schema
// spice_event_log). A snapshot is one statement and an application of a segment
// is one statement, so each is one round trip and one transaction.
package pgindex

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/pgpartition"
)

// Index implements eventlog.Index.
type Index struct {
	pool *pgxpool.Pool
	days *pgpartition.Days
}

// New makes an Index on a pool of PoolConfig. It does no I/O.
func New(pool *pgxpool.Pool) *Index {
	return &Index{pool: pool, days: pgpartition.New(pool, "spice_event_log", "events", "outcomes")}
}

// PoolConfig configures connections for the index. A commit does not wait for
// the disk, because the index may lag behind the log; every statement looks up
// keys, so plans that read whole tables are never right.
func PoolConfig(dsn string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("pgindex: POSTGRES_URL: %w", err)
	}
	for name, value := range map[string]string{
		"synchronous_commit": "off", "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "enable_material": "off", "plan_cache_mode": "force_generic_plan", "jit": "off", "timezone": "UTC",
	} {
		c.ConnConfig.RuntimeParams[name] = value
	}
	return c, nil
}

// Bind implements eventlog.Index.
func (x *Index) Bind(ctx context.Context, log eventlog.Meta) error {
	var found eventlog.Meta
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into spice_event_log.log (id, chains) values ($1, $2) on conflict do nothing`, log.ID, log.Chains); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select id, chains from spice_event_log.log`).Scan(&found.ID, &found.Chains); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into spice_event_log.chains select n, 0, '' from generate_series(0, $1 - 1) n on conflict do nothing`, found.Chains)
		return err
	})
	if err != nil {
		return fmt.Errorf("pgindex: bind: %w", err)
	}
	if found.ID != log.ID || found.Chains != log.Chains {
		return fmt.Errorf("%w: the index belongs to log %s with %d chains, the bucket holds log %s with %d; "+
			"point POSTGRES_URL and EVENT_STORE_BUCKET at the same installation", eventlog.ErrOtherLog, found.ID, found.Chains, log.ID, log.Chains)
	}
	return nil
}

// Rebuild implements eventlog.Index: in one transaction, so that others read the
// old rows until it is done. Who applies meanwhile waits for the head's row.
func (x *Index) Rebuild(ctx context.Context, chain int, fill func(apply func(eventlog.Delta) (bool, error)) error) error {
	// A partition cannot be made beside the transaction, which holds its parent.
	now := time.Now()
	for day := time.Duration(0); day <= eventlog.Remembered; day += 24 * time.Hour {
		if err := x.days.Ensure(ctx, now.Add(-day)); err != nil {
			return err
		}
	}
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		for _, sql := range []string{
			`insert into spice_event_log.chains (chain, next, digest) values ($1, 0, '') on conflict (chain) do update set next = 0, digest = ''`,
			`delete from spice_event_log.aggregates where chain = $1`,
			`delete from spice_event_log.events where chain = $1`,
			`delete from spice_event_log.open_commands where chain = $1`,
			`delete from spice_event_log.outcomes where chain = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, chain); err != nil {
				return fmt.Errorf("pgindex: rebuild chain %d: %w", chain, err)
			}
		}
		return fill(func(d eventlog.Delta) (bool, error) { return apply(ctx, tx, d) })
	})
}

// Databases implements eventlog.Index.
func (x *Index) Databases(ctx context.Context) ([]eventlog.AggregateRow, error) {
	rows, err := x.pool.Query(ctx, `select `+aggregateColumns+` from spice_event_log.aggregates where type = 'Database' and not deleted order by id`)
	if err != nil {
		return nil, fmt.Errorf("pgindex: databases: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a eventlog.AggregateRow, err error) {
		return scanAggregate(row)
	})
}

// under selects what Under and CountUnder speak of. No text of UTF-8 stands behind the
// prefix with the highest code point, so the primary key answers.
const under = ` from spice_event_log.aggregates where chain = $1 and type = $2 and id >= $3 and id < $3 || U&'\+10FFFF'
	and not deleted and (segment, byte_offset) > ($4, $5)`

// Under implements eventlog.Index.
func (x *Index) Under(ctx context.Context, chain int, t event.AggregateType, prefix string, since event.Position) ([]eventlog.AggregateRow, error) {
	rows, err := x.pool.Query(ctx, `select `+aggregateColumns+under+` order by id`, chain, t, prefix, since.Segment, since.Offset)
	if err != nil {
		return nil, fmt.Errorf("pgindex: aggregates under %s %s: %w", t, prefix, err)
	}
	return pgx.CollectRows(rows, scanAggregate)
}

// CountUnder implements eventlog.Index.
func (x *Index) CountUnder(ctx context.Context, chain int, t event.AggregateType, prefix string, since event.Position) (n int, err error) {
	if err = x.pool.QueryRow(ctx, `select count(*)`+under, chain, t, prefix, since.Segment, since.Offset).Scan(&n); err != nil {
		return 0, fmt.Errorf("pgindex: count under %s %s: %w", t, prefix, err)
	}
	return n, nil
}

const aggregateColumns = `chain, type, id, database, sequence, segment, byte_offset, byte_length, deleted, born_segment, born_offset, born_length, created, content`

func scanAggregate(row pgx.CollectableRow) (a eventlog.AggregateRow, err error) {
	var content []byte
	err = row.Scan(&a.Position.Chain, &a.Aggregate.Type, &a.Aggregate.ID, &a.Database, &a.Sequence,
		&a.Position.Segment, &a.Position.Offset, &a.Position.Length, &a.Deleted, &a.Born.Segment, &a.Born.Offset, &a.Born.Length, &a.Created, &content)
	copy(a.Content[:], content)
	a.Created = a.Created.UTC()
	a.Born.Chain = a.Position.Chain
	return a, err
}

// Cursor implements eventlog.Index.
func (x *Index) Cursor(ctx context.Context, reader string, chain int) (h eventlog.Head, err error) {
	var digest []byte
	err = x.pool.QueryRow(ctx, `select next, digest from spice_event_log.cursors where reader = $1 and chain = $2`, reader, chain).Scan(&h.Next, &digest)
	if errors.Is(err, pgx.ErrNoRows) {
		return eventlog.Head{}, nil
	}
	if err != nil {
		return eventlog.Head{}, fmt.Errorf("pgindex: cursor %s/%d: %w", reader, chain, err)
	}
	copy(h.Digest[:], digest)
	return h, nil
}

// MoveCursor implements eventlog.Index.
func (x *Index) MoveCursor(ctx context.Context, reader string, chain int, to eventlog.Head) error {
	_, err := x.pool.Exec(ctx, `insert into spice_event_log.cursors values ($1, $2, $3, $4)
		on conflict (reader, chain) do update set next = excluded.next, digest = excluded.digest where cursors.next < excluded.next`,
		reader, chain, to.Next, to.Digest[:])
	if err != nil {
		return fmt.Errorf("pgindex: move cursor %s/%d: %w", reader, chain, err)
	}
	return nil
}

// Pressure counts open commands, up to a limit, and the segments that the relay
// has yet to publish.
func (x *Index) Pressure(ctx context.Context, limit int) (open int, lag int64, err error) {
	err = x.pool.QueryRow(ctx, `select (select count(*) from (select from spice_event_log.open_commands limit $1) o),
		(select coalesce(sum(c.next - coalesce(k.next, 0)), 0) from spice_event_log.chains c left join spice_event_log.cursors k on k.reader = $2 and k.chain = c.chain)`,
		limit, eventlog.RelayCursor).Scan(&open, &lag)
	if err != nil {
		return 0, 0, fmt.Errorf("pgindex: pressure: %w", err)
	}
	return open, lag, nil
}

// Forget implements eventlog.Index by dropping day partitions.
func (x *Index) Forget(ctx context.Context, t time.Time) error { return x.days.Drop(ctx, t) }

var _ eventlog.Index = (*Index)(nil)

func position(chain int, segment uint64, offset, length uint32) event.Position {
	return event.Position{Chain: chain, Segment: segment, Offset: offset, Length: length}
}
