// Package pgpartition keeps tables that are partitioned by day: it makes a
// day's partitions before the first row and drops old days whole.
package pgpartition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Days manages the daily partitions of some tables of one schema. A partition
// is called <table>_<yyyymmdd>; days are UTC.
type Days struct {
	pool   *pgxpool.Pool
	schema string
	tables []string

	mu   sync.Mutex
	seen map[string]bool
}

// New manages tables of a schema. It does no I/O.
func New(pool *pgxpool.Pool, schema string, tables ...string) *Days {
	return &Days{pool: pool, schema: schema, tables: tables, seen: map[string]bool{}}
}

func dayOf(t time.Time) string { return t.UTC().Format("20060102") }

// Ensure makes the partitions of a day. It is free after the first time.
func (d *Days) Ensure(ctx context.Context, t time.Time) error {
	day := dayOf(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[day] {
		return nil
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		// "if not exists" alone is not safe against two sessions at once.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(7350002)`); err != nil {
			return err
		}
		from := t.UTC().Truncate(24 * time.Hour)
		for _, table := range d.tables {
			sql := fmt.Sprintf(`create table if not exists %[1]s.%[2]s_%[3]s partition of %[1]s.%[2]s for values from ('%[4]s') to ('%[5]s')`,
				d.schema, table, day, from.Format(time.DateOnly), from.AddDate(0, 0, 1).Format(time.DateOnly))
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pgpartition: %s of %s: %w", strings.Join(d.tables, ", "), day, err)
	}
	d.seen[day] = true
	return nil
}

// Missing reports whether an insert found no partition for its day, because
// another process dropped it; the next Ensure then makes it again.
func (d *Days) Missing(err error, t time.Time) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "23514" {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.seen, dayOf(t))
	return true
}

// Drop drops every partition of a day before that of t.
func (d *Days) Drop(ctx context.Context, t time.Time) error {
	for _, table := range d.tables {
		rows, err := d.pool.Query(ctx, `select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
			where i.inhparent = ($1 || '.' || $2)::regclass and right(c.relname, 8) < $3`, d.schema, table, dayOf(t))
		if err != nil {
			return fmt.Errorf("pgpartition: list partitions of %s: %w", table, err)
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("pgpartition: list partitions of %s: %w", table, err)
		}
		for _, name := range names {
			if _, err := d.pool.Exec(ctx, `drop table if exists `+pgx.Identifier{d.schema, name}.Sanitize()); err != nil {
				return fmt.Errorf("pgpartition: drop %s: %w", name, err)
			}
			d.mu.Lock()
			delete(d.seen, name[len(name)-8:])
			d.mu.Unlock()
		}
	}
	return nil
}
