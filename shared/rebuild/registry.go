package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/problem"
)

// compared are the columns of each registry that a rebuild must give again: not
// those of work under way.
var compared = map[string]string{
	"spice_datasets.datasets":         "dataset_id, db_name, name, description, source_type, source_ref, branch, schema_json::text, created_at, updated_at",
	"spice_datasets.dataset_versions": "version_id, dataset_id, version_number, lakefs_commit_id, artifact_key, schema_hash, row_count, sample_json::text, source_json::text, created_at",
	"spice_objectify.mapping_specs":   "mapping_spec_id, dataset_id, version, target_class_id, schema_hash, status, spec::text, created_at",
	"spice_objectify.jobs":            "job_id, dedupe_key, db_name, branch, dataset_id, dataset_version_id, mapping_spec_id, attempt, case when status = 'RUNNING' then 'QUEUED' else status end, options, actor, error, created_at",
	"spice_objectify.row_errors":      "job_id, attempt, row_number, ordinal, line, field, target, value, reason::text",
}

var textUnpublished = problem.Define("rebuild.unpublished",
	"{count} records have not reached the log yet; wait until the outbox is empty, then repeat.",
	"{count}건의 기록이 아직 로그에 기록되지 않았습니다. 아웃박스가 비워진 뒤 다시 시도하세요.")

// Registries rebuilds the registries of datasets, mapping specs and jobs, in one
// transaction that holds up their writers. It refuses while the outbox holds what
// the log does not have yet: that would vanish.
func Registries(log *eventlog.Log, pool *pgxpool.Pool) Sink {
	return Sink{Name: "registries", Rebuild: func(ctx context.Context) (r Report, err error) {
		for try := 1; ; try++ {
			err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				r, err = registries(ctx, log, tx)
				return err
			})
			if try == maxTries || !inTheWay(err) {
				return r, err
			}
			select {
			case <-ctx.Done():
				return r, ctx.Err()
			case <-time.After(time.Duration(try) * 100 * time.Millisecond):
			}
		}
	}}
}

// maxTries bounds how often the registries' locks are asked for.
const maxTries = 10

// inTheWay reports that another transaction held what this one wanted: writers of
// the registries take their rows in an order of their own.
func inTheWay(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "55P03") // deadlock_detected, lock_not_available
}

func registries(ctx context.Context, log *eventlog.Log, tx pgx.Tx) (r Report, err error) {
	tables := slices.Sorted(maps.Keys(compared))
	if _, err := tx.Exec(ctx, `set local lock_timeout = '3s'`); err != nil {
		return r, err
	}
	if _, err := tx.Exec(ctx, `lock table spice_outbox.outbox, `+strings.Join(tables, ", ")+` in exclusive mode`); err != nil {
		return r, err
	}
	var waiting int64
	if err := tx.QueryRow(ctx, `select count(*) from spice_outbox.outbox where published_at is null and not dead`).Scan(&waiting); err != nil {
		return r, err
	}
	if waiting > 0 {
		return r, problem.Conflict(textUnpublished.With("count", waiting)).WithRetryAfter(time.Second)
	}
	before, _, err := digests(ctx, tx, tables)
	if err != nil {
		return r, err
	}
	if err := objectify.Forget(ctx, tx); err != nil {
		return r, err
	}
	if err := datasets.Forget(ctx, tx); err != nil {
		return r, err
	}
	if r.Events, err = replay(ctx, log, tx); err != nil {
		return r, err
	}
	after, rows, err := digests(ctx, tx, tables)
	if err != nil {
		return r, err
	}
	r.Rows, r.Equal = rows, true
	for _, t := range tables {
		if before[t].rows > 0 && before[t] != after[t] {
			r.Equal = false
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %d rows before, %d now, and they differ", t, before[t].rows, after[t].rows))
		}
	}
	return r, nil
}

// replay reads the whole log and lets each registry take what is its own.
func replay(ctx context.Context, log *eventlog.Log, tx pgx.Tx) (events int64, err error) {
	meta, err := log.Meta(ctx)
	if err != nil {
		return 0, err
	}
	for chain := range meta.Chains {
		var all []event.Event
		for seg, err := range log.Read(ctx, chain, eventlog.Head{}) {
			if err != nil {
				return events, err
			}
			for i := range seg.Events {
				if e := &seg.Events[i]; registered[e.Aggregate.Type] > 0 && e.IsFact() {
					all = append(all, *e)
				}
			}
		}
		// Two functions publish these events, each in its own order: a mapping may
		// stand before its dataset.
		slices.SortStableFunc(all, func(a, b event.Event) int {
			return cmp.Compare(registered[a.Aggregate.Type], registered[b.Aggregate.Type])
		})
		for i := range all {
			if err := replayEvent(ctx, log, tx, &all[i]); err != nil {
				return events, err
			}
			events++
		}
	}
	return events, nil
}

// registered are the aggregates that live in a registry, each behind those that it
// refers to.
var registered = map[event.AggregateType]int{"Dataset": 1, "DatasetVersion": 2, "MappingSpec": 3, "ObjectifyJob": 4}

func replayEvent(ctx context.Context, log *eventlog.Log, tx pgx.Tx, e *event.Event) error {
	data, err := log.Data(ctx, e)
	if err != nil {
		return err
	}
	for _, take := range []func(context.Context, pgx.Tx, *event.Event, []byte) (bool, error){datasets.Replay, objectify.Replay} {
		if taken, err := take(ctx, tx, e, data); taken || err != nil {
			return err
		}
	}
	return nil
}

type digest struct {
	rows int64
	sum  string
}

func digests(ctx context.Context, tx pgx.Tx, tables []string) (map[string]digest, int64, error) {
	all, total := map[string]digest{}, int64(0)
	for _, t := range tables {
		var d digest
		err := tx.QueryRow(ctx, `select count(*), coalesce(md5(string_agg(x, '' order by x)), '') from (select md5(row(`+compared[t]+`)::text) x from `+t+`) rows`).Scan(&d.rows, &d.sum)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", t, err)
		}
		all[t], total = d, total+d.rows
	}
	return all, total, nil
}
