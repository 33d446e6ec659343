// Package pgregistry keeps the consumers' registry in PostgreSQL (schema
// spice_event_registry).
package pgregistry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/pgpartition"
)

// Registry implements consume.Registry.
type Registry struct {
	pool  *pgxpool.Pool
	owner string
	days  *pgpartition.Days
}

// New makes a Registry; owner names the process in processed_events. It does
// no I/O.
func New(pool *pgxpool.Pool, owner string) *Registry {
	return &Registry{pool: pool, owner: owner, days: pgpartition.New(pool, "spice_event_registry", "processed_events")}
}

var _ consume.Registry = (*Registry)(nil)

const parkedColumns = `p.handler, p.aggregate_type, p.aggregate_id, p.database, p.next_sequence, p.attempts, p.next_try, p.dead, p.reason, p.position, p.parked_at`

func scanParked(row pgx.CollectableRow) (p consume.Parked, err error) {
	var position string
	err = row.Scan(&p.Handler, &p.Aggregate.Type, &p.Aggregate.ID, &p.Database, &p.Next, &p.Attempts, &p.NextTry, &p.Dead, &p.Reason, &position, &p.Since)
	if err != nil {
		return p, err
	}
	p.NextTry, p.Since = p.NextTry.UTC(), p.Since.UTC()
	p.Position, err = event.ParsePosition(position)
	return p, err
}

func split(aggregates []event.Aggregate) (types, ids []string) {
	types, ids = make([]string, len(aggregates)), make([]string, len(aggregates))
	for i, a := range aggregates {
		types[i], ids[i] = string(a.Type), a.ID
	}
	return types, ids
}

// Load implements consume.Registry.
func (r *Registry) Load(ctx context.Context, handler string, aggregates []event.Aggregate) (map[event.Aggregate]consume.Mark, error) {
	types, ids := split(aggregates)
	rows, err := r.pool.Query(ctx, `
		select q.type, q.id, coalesce(w.last_sequence, 0), p.handler is not null,
			coalesce(p.database, ''), coalesce(p.next_sequence, 0), coalesce(p.attempts, 0), coalesce(p.next_try, 'epoch'), coalesce(p.dead, false),
			coalesce(p.reason, ''), coalesce(p.position, ''), coalesce(p.parked_at, 'epoch')
		from unnest($2::text[], $3::text[]) q(type, id)
		left join lateral (select * from spice_event_registry.watermarks w
			where w.handler = $1 and w.aggregate_type = q.type collate "C" and w.aggregate_id = q.id collate "C" limit 1) w on true
		left join lateral (select * from spice_event_registry.parked p
			where p.handler = $1 and p.aggregate_type = q.type collate "C" and p.aggregate_id = q.id collate "C" limit 1) p on true
		where w.handler is not null or p.handler is not null`, handler, types, ids)
	if err != nil {
		return nil, fmt.Errorf("pgregistry: load marks: %w", err)
	}
	marks := make(map[event.Aggregate]consume.Mark, len(aggregates))
	var a event.Aggregate
	var m consume.Mark
	var parked bool
	var p consume.Parked
	var position string
	_, err = pgx.ForEachRow(rows, []any{&a.Type, &a.ID, &m.Sequence, &parked, &p.Database, &p.Next, &p.Attempts, &p.NextTry, &p.Dead, &p.Reason, &position, &p.Since},
		func() error {
			mark := consume.Mark{Sequence: m.Sequence}
			if parked {
				row := p
				row.Handler, row.Aggregate, row.NextTry, row.Since = handler, a, p.NextTry.UTC(), p.Since.UTC()
				var err error
				if row.Position, err = event.ParsePosition(position); err != nil {
					return err
				}
				mark.Parked = &row
			}
			marks[a] = mark
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("pgregistry: load marks: %w", err)
	}
	return marks, nil
}

// RecordRaw implements consume.Registry.
func (r *Registry) RecordRaw(ctx context.Context, l consume.DeadLetter) error {
	headers, err := json.Marshal(l.Headers)
	if err != nil {
		return fmt.Errorf("pgregistry: dead letter: %w", err)
	}
	_, err = r.pool.Exec(ctx, `insert into spice_event_registry.dead_letters (handler, received_at, reason, headers, body) values ($1, $2, $3, $4, $5)`,
		l.Handler, l.Received, l.Reason, headers, append([]byte{}, l.Body...))
	if err != nil {
		return fmt.Errorf("pgregistry: dead letter: %w", err)
	}
	return nil
}

// lastFact joins the last fact of a parked aggregate of facts.
const lastFact = ` left join spice_event_log.aggregates a on p.next_sequence > 0 and p.position <> ''
	and a.chain = split_part(p.position, '.', 1)::smallint and a.type = p.aggregate_type and a.id = p.aggregate_id`

// newestPosition is where the event stands that is to be delivered again. Facts that
// came while their aggregate was parked were left alone, so it is the last of them:
// the others are found through it.
const newestPosition = `coalesce(a.chain || '.' || a.segment || '.' || a.byte_offset || '.' || a.byte_length, p.position)`

// Due implements consume.Registry.
func (r *Registry) Due(ctx context.Context, now time.Time, limit int) ([]consume.Parked, error) {
	return r.list(ctx, `select `+strings.Replace(parkedColumns, "p.position", newestPosition, 1)+` from spice_event_registry.parked p`+lastFact+`
		where not p.dead and p.next_try <= $1 order by p.next_try limit $2`, now, limit)
}

// Parked implements consume.Registry.
func (r *Registry) Parked(ctx context.Context, limit int) ([]consume.Parked, error) {
	return r.list(ctx, `select `+parkedColumns+` from spice_event_registry.parked p order by p.parked_at, p.handler, p.aggregate_id limit $1`, limit)
}

func (r *Registry) list(ctx context.Context, sql string, args ...any) ([]consume.Parked, error) {
	rows, err := r.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("pgregistry: parked: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanParked)
	if err != nil {
		return nil, fmt.Errorf("pgregistry: parked: %w", err)
	}
	return list, nil
}

// ErrNoEvent means that processed_events has no row of an event.
var ErrNoEvent = errors.New("pgregistry: event was not processed by the handler")

// Processed reads a row of processed_events.
func (r *Registry) Processed(ctx context.Context, handler string, id event.ID) (p consume.ProcessedEvent, err error) {
	var lastError *string
	err = r.pool.QueryRow(ctx, `select event_id, coalesce(sequence_number, 0), status, attempt_count, last_error
		from spice_event_registry.processed_events where handler = $1 and event_id = $2 order by day desc limit 1`, handler, string(id)).
		Scan(&p.ID, &p.Sequence, &p.Status, &p.Attempts, &lastError)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrNoEvent
	}
	if err != nil {
		return p, fmt.Errorf("pgregistry: processed event: %w", err)
	}
	if lastError != nil {
		p.Error = *lastError
	}
	return p, nil
}

// Forget drops the processed events of days before that of t.
func (r *Registry) Forget(ctx context.Context, t time.Time) error { return r.days.Drop(ctx, t) }
