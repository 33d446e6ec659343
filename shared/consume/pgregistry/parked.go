package pgregistry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
)

// The states of a parked aggregate.
const (
	Waiting = "waiting" // is tried again
	Dead    = "dead"    // refused for good: only an operator goes on
)

// Filter chooses parked aggregates; what is empty chooses all.
type Filter struct {
	Handler, Database, State string
	Aggregate                event.Aggregate
}

const chosen = ` where ($1 = '' or p.handler = $1) and ($2 = '' or p.database = $2) and ($3 = '' or p.dead = ($3 = 'dead'))
	and ($4 = '' or p.aggregate_type = $4) and ($5 = '' or p.aggregate_id = $5)`

func (f Filter) args(more ...any) []any {
	return append([]any{f.Handler, f.Database, f.State, string(f.Aggregate.Type), f.Aggregate.ID}, more...)
}

// List gives a page of parked aggregates, oldest first, and how many there are.
func (r *Registry) List(ctx context.Context, f Filter, offset, limit int) (list []consume.Parked, total int, err error) {
	if err := r.pool.QueryRow(ctx, `select count(*) from spice_event_registry.parked p`+chosen, f.args()...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("pgregistry: parked: %w", err)
	}
	list, err = r.list(ctx, `select `+parkedColumns+` from spice_event_registry.parked p`+chosen+`
		order by p.parked_at, p.handler, p.aggregate_type, p.aggregate_id offset $6 limit $7`, f.args(offset, limit)...)
	return list, total, err
}

// Count is how many aggregates of a handler are parked.
type Count struct {
	Handler string `json:"handler"`
	Waiting int    `json:"waiting"`
	Dead    int    `json:"dead"`
}

// Counts counts the parked aggregates of each handler that has some.
func (r *Registry) Counts(ctx context.Context) ([]Count, error) {
	rows, err := r.pool.Query(ctx, `select handler, count(*) filter (where not dead), count(*) filter (where dead) from spice_event_registry.parked group by 1 order by 1`)
	if err != nil {
		return nil, fmt.Errorf("pgregistry: count parked: %w", err)
	}
	counts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Count])
	if err != nil {
		return nil, fmt.Errorf("pgregistry: count parked: %w", err)
	}
	return counts, nil
}

// Requeue lets the chosen aggregates be tried at once, as if for the first time,
// except those of a handler that has its own way, and reports how many these are.
func (r *Registry) Requeue(ctx context.Context, now time.Time, f Filter, except string) (int, error) {
	tag, err := r.pool.Exec(ctx, `update spice_event_registry.parked p set dead = false, attempts = 0, next_try = $6`+chosen+` and p.handler <> $7`, f.args(now, except)...)
	if err != nil {
		return 0, fmt.Errorf("pgregistry: requeue: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// Hold makes an aggregate dead that is parked at a sequence, so that its handler
// leaves it alone. ok is false if it is not parked there.
func (r *Registry) Hold(ctx context.Context, handler string, a event.Aggregate, sequence uint64) (ok bool, err error) {
	tag, err := r.pool.Exec(ctx, `update spice_event_registry.parked set dead = true where handler = $1 and aggregate_type = $2 and aggregate_id = $3 and next_sequence = $4`,
		handler, string(a.Type), a.ID, int64(sequence))
	if err != nil {
		return false, fmt.Errorf("pgregistry: hold: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// PassOver moves a handler past the fact that an aggregate is parked at: its
// watermark, and the parked row, which goes on with the next fact at once or, if
// there is none, goes away.
func (r *Registry) PassOver(ctx context.Context, now time.Time, handler string, a event.Aggregate, sequence uint64) error {
	_, err := r.pool.Exec(ctx, `
		with here as (
			select p.handler, p.aggregate_type, p.aggregate_id, coalesce(a.sequence, 0) > $4 as more from spice_event_registry.parked p`+lastFact+`
			where p.handler = $1 and p.aggregate_type = $2 and p.aggregate_id = $3 and p.next_sequence = $4
		), mark as (
			insert into spice_event_registry.watermarks as w (handler, aggregate_type, aggregate_id, last_sequence, updated_at)
			select handler, aggregate_type, aggregate_id, $4, $5 from here
			on conflict (handler, aggregate_type, aggregate_id) do update set last_sequence = excluded.last_sequence, updated_at = excluded.updated_at
			where w.last_sequence < excluded.last_sequence
		), gone as (
			delete from spice_event_registry.parked p using here h
			where not h.more and p.handler = h.handler and p.aggregate_type = h.aggregate_type and p.aggregate_id = h.aggregate_id
		)
		update spice_event_registry.parked p set next_sequence = $4 + 1, attempts = 0, dead = false, next_try = $5, reason = 'goes on behind a discarded fact'
		from here h where h.more and p.handler = h.handler and p.aggregate_type = h.aggregate_type and p.aggregate_id = h.aggregate_id`,
		handler, string(a.Type), a.ID, int64(sequence), now)
	if err != nil {
		return fmt.Errorf("pgregistry: pass over: %w", err)
	}
	return nil
}

// Letter is a dead letter as it is kept; of a list, its body is left out.
type Letter struct {
	ID   int64
	Size int64 // of the whole body, in bytes
	consume.DeadLetter
}

// ErrNoLetter means that there is no dead letter of a number.
var ErrNoLetter = errors.New("pgregistry: no such dead letter")

const letterColumns = `id, handler, received_at, reason, headers, octet_length(body)`

func scanLetter(row pgx.CollectableRow) (l Letter, err error) {
	err = row.Scan(&l.ID, &l.Handler, &l.Received, &l.Reason, &l.Headers, &l.Size)
	l.Received = l.Received.UTC()
	return l, err
}

// Letters gives a page of dead letters, newest first, and how many there are.
func (r *Registry) Letters(ctx context.Context, handler string, offset, limit int) (list []Letter, total int, err error) {
	if err := r.pool.QueryRow(ctx, `select count(*) from spice_event_registry.dead_letters where $1 = '' or handler = $1`, handler).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("pgregistry: dead letters: %w", err)
	}
	rows, err := r.pool.Query(ctx, `select `+letterColumns+` from spice_event_registry.dead_letters where $1 = '' or handler = $1 order by id desc offset $2 limit $3`, handler, offset, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("pgregistry: dead letters: %w", err)
	}
	if list, err = pgx.CollectRows(rows, scanLetter); err != nil {
		return nil, 0, fmt.Errorf("pgregistry: dead letters: %w", err)
	}
	return list, total, nil
}

// Letter reads one dead letter, with at most limit bytes of its body.
func (r *Registry) Letter(ctx context.Context, id int64, limit int) (Letter, error) {
	rows, err := r.pool.Query(ctx, `select `+letterColumns+`, substring(body from 1 for $2) from spice_event_registry.dead_letters where id = $1`, id, limit)
	if err != nil {
		return Letter{}, fmt.Errorf("pgregistry: dead letter: %w", err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (l Letter, err error) {
		err = row.Scan(&l.ID, &l.Handler, &l.Received, &l.Reason, &l.Headers, &l.Size, &l.Body)
		l.Received = l.Received.UTC()
		return l, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return l, ErrNoLetter
	}
	if err != nil {
		return l, fmt.Errorf("pgregistry: dead letter: %w", err)
	}
	return l, nil
}
