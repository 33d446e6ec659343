// Package outbox carries events from a control-plane transaction into the event
// log: the row is written in the transaction that changes the record, and a
// function appends it later, as often as it takes, with one effect.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// Entry is an event for the log.
type Entry struct {
	Publisher string // the function that appends it
	Event     event.Event
	Expect    event.Expect
}

// Add writes an entry inside a transaction. The same event twice is one row.
func Add(ctx context.Context, tx pgx.Tx, now time.Time, en Entry) error {
	line, err := event.AppendLine(nil, &en.Event)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into spice_outbox.outbox (publisher, event_id, aggregate, envelope, expect, created_at, next_try)
		values ($1, $2, $3, $4, $5, $6, $6) on conflict (event_id) do nothing`, en.Publisher, string(en.Event.ID), en.Event.Aggregate.String(), line, string(en.Expect), now)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// Limits of a publisher's run.
const (
	batch       = 200
	maxAttempts = 20
	maxDelay    = time.Minute
	kept        = 8 * 24 * time.Hour // how long published rows are kept
)

// Publisher appends the rows of one function.
type Publisher struct {
	Name   string
	Pool   *pgxpool.Pool
	Log    *eventlog.Log
	Now    func() time.Time
	Logger *slog.Logger

	forgot atomic.Int64 // the day, in Unix seconds, for which forget has run
}

type row struct {
	id       int64
	envelope []byte
	expect   event.Expect
	attempts int
}

// Run publishes what is due and reports how much it published; once a day it
// drops rows that were published long ago. Rows are taken
// in the order they were written; one that fails waits, holds up those of its
// aggregate and no others. Two runs at once append the same event twice, which is one event.
func (p *Publisher) Run(ctx context.Context) (published int, err error) {
	if err := p.forget(ctx); err != nil {
		return 0, err
	}
	for {
		rows, err := p.due(ctx)
		if err != nil || len(rows) == 0 {
			return published, err
		}
		entries := make([]eventlog.Entry, len(rows))
		for i, r := range rows {
			e, err := event.ParseLine(r.envelope)
			if err != nil {
				return published, fmt.Errorf("outbox: row %d: %w", r.id, err)
			}
			if err := p.Log.Outline(ctx, &e); err != nil {
				return published, fmt.Errorf("outbox: row %d: %w", r.id, err)
			}
			entries[i] = eventlog.Entry{Event: e, Expect: r.expect}
		}
		for i, o := range p.Log.AppendAll(ctx, entries) {
			if err := p.done(ctx, rows[i], o); err != nil {
				return published, err
			}
			if o.Err == nil {
				published++
			}
		}
	}
}

func (p *Publisher) due(ctx context.Context) ([]row, error) {
	rows, err := p.Pool.Query(ctx, `select id, envelope, expect, attempts from spice_outbox.outbox
		o where publisher = $1 and published_at is null and not dead and next_try <= $2 and not exists (
			select 1 from spice_outbox.outbox b where b.publisher = $1 and b.aggregate = o.aggregate and b.id < o.id and b.published_at is null and not b.dead)
		order by id limit $3`, p.Name, p.Now(), batch)
	if err != nil {
		return nil, fmt.Errorf("outbox: due rows: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (out row, err error) {
		return out, r.Scan(&out.id, &out.envelope, &out.expect, &out.attempts)
	})
}

// done records what became of a row. What the log refuses for good is dead at
// once: an operator has to look.
func (p *Publisher) done(ctx context.Context, r row, o eventlog.Outcome) error {
	now := p.Now()
	if o.Err == nil {
		_, err := p.Pool.Exec(ctx, `update spice_outbox.outbox set published_at = $2, position = $3, error = null where id = $1`, r.id, now, o.Position.String())
		if err != nil {
			return fmt.Errorf("outbox: mark row %d: %w", r.id, err)
		}
		return nil
	}
	var refusal *eventlog.Refusal
	attempts := r.attempts + 1
	dead := errors.As(o.Err, &refusal) || attempts >= maxAttempts
	level := slog.LevelWarn
	if dead {
		level = slog.LevelError
	}
	p.Logger.Log(ctx, level, "outbox row is not published", "publisher", p.Name, "row", r.id, "attempts", attempts, "dead", dead, "error", o.Err)
	delay := min(time.Second<<min(attempts, 10), maxDelay)
	_, err := p.Pool.Exec(ctx, `update spice_outbox.outbox set attempts = $2, next_try = $3, error = $4, dead = $5 where id = $1`,
		r.id, attempts, now.Add(delay), o.Err.Error(), dead)
	if err != nil {
		return fmt.Errorf("outbox: mark row %d: %w", r.id, err)
	}
	return nil
}

// forget deletes rows that were published long ago, once a day and process.
func (p *Publisher) forget(ctx context.Context) error {
	today := p.Now().UTC().Truncate(24 * time.Hour).Unix()
	if p.forgot.Load() == today {
		return nil
	}
	_, err := p.Pool.Exec(ctx, `delete from spice_outbox.outbox where publisher = $1 and published_at < $2`, p.Name, p.Now().Add(-kept))
	if err != nil {
		return fmt.Errorf("outbox: forget: %w", err)
	}
	p.forgot.Store(today)
	return nil
}
