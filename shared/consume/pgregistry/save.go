package pgregistry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
)

// saveSQL stores all progress of a batch in one statement: one round trip, one
// transaction.
const saveSQL = `
with marks as (
	insert into spice_event_registry.watermarks as w (handler, aggregate_type, aggregate_id, last_sequence, updated_at)
	select $1, m.type, m.id, m.sequence, $2 from unnest($3::text[], $4::text[], $5::bigint[]) m(type, id, sequence)
	on conflict (handler, aggregate_type, aggregate_id) do update set last_sequence = excluded.last_sequence, updated_at = excluded.updated_at
	where w.last_sequence < excluded.last_sequence
), unparked as (
	delete from spice_event_registry.parked p using unnest($6::text[], $7::text[]) u(type, id)
	where p.handler = $1 and p.aggregate_type = u.type collate "C" and p.aggregate_id = u.id collate "C"
), parked as (
	insert into spice_event_registry.parked as p (handler, aggregate_type, aggregate_id, database, next_sequence, attempts, next_try, dead, reason, position, parked_at)
	select $1, n.type, n.id, n.database, n.next, n.attempts, n.next_try, n.dead, n.reason, n.position, n.since
	from unnest($8::text[], $9::text[], $10::text[], $11::bigint[], $12::int[], $13::timestamptz[], $14::bool[], $15::text[], $16::text[], $17::timestamptz[])
		n(type, id, database, next, attempts, next_try, dead, reason, position, since)
	on conflict (handler, aggregate_type, aggregate_id) do update set
		database = excluded.database, next_sequence = excluded.next_sequence, attempts = excluded.attempts, next_try = excluded.next_try,
		dead = excluded.dead, reason = excluded.reason, position = excluded.position
)
insert into spice_event_registry.processed_events as e
	(handler, event_id, day, aggregate_id, sequence_number, status, started_at, owner, heartbeat_at, processed_at, attempt_count, last_error)
select $1, n.id, $18::date, n.aggregate, nullif(n.sequence, 0), n.status, $2, $19, $2, $2, n.attempts, nullif(n.error, '')
from unnest($20::text[], $21::text[], $22::bigint[], $23::text[], $24::int[], $25::text[]) n(id, aggregate, sequence, status, attempts, error)
on conflict (handler, event_id, day) do update set
	status = excluded.status, processed_at = excluded.processed_at, heartbeat_at = excluded.heartbeat_at, owner = excluded.owner,
	attempt_count = excluded.attempt_count, last_error = excluded.last_error
where e.status <> 'done'`

// longestError is the limit of last_error, in bytes.
const longestError = 4000

// Save implements consume.Registry.
func (r *Registry) Save(ctx context.Context, handler string, now time.Time, done []consume.Progress) error {
	if err := r.days.Ensure(ctx, now); err != nil {
		return err
	}
	args := []any{handler, now}
	args = append(args, watermarkArgs(done)...)
	args = append(args, parkArgs(done)...)
	args = append(args, now.UTC().Truncate(24*time.Hour), r.owner)
	args = append(args, eventArgs(done)...)
	if _, err := r.pool.Exec(ctx, saveSQL, args...); err != nil {
		r.days.Missing(err, now)
		return fmt.Errorf("pgregistry: save progress: %w", err)
	}
	return nil
}

func watermarkArgs(done []consume.Progress) []any {
	var types, ids []string
	var sequences []int64
	last := map[event.Aggregate]int{}
	for _, p := range done {
		if p.Sequence == 0 {
			continue
		}
		at, again := last[p.Aggregate]
		if !again {
			at = len(ids)
			last[p.Aggregate] = at
			types, ids, sequences = append(types, string(p.Aggregate.Type)), append(ids, p.Aggregate.ID), append(sequences, 0)
		}
		sequences[at] = max(sequences[at], int64(p.Sequence))
	}
	return []any{types, ids, sequences}
}

// parkArgs gives what to unpark and what to park; the last word about an
// aggregate counts.
func parkArgs(done []consume.Progress) []any {
	last := map[event.Aggregate]*consume.Parked{}
	var order []event.Aggregate
	for _, p := range done {
		if _, again := last[p.Aggregate]; !again {
			order = append(order, p.Aggregate)
		}
		last[p.Aggregate] = p.Park
	}
	var freeTypes, freeIDs, types, ids, databases, reasons, positions []string
	var next []int64
	var attempts []int32
	var nextTry, since []time.Time
	var dead []bool
	for _, a := range order {
		p := last[a]
		if p == nil {
			freeTypes, freeIDs = append(freeTypes, string(a.Type)), append(freeIDs, a.ID)
			continue
		}
		types, ids, databases = append(types, string(a.Type)), append(ids, a.ID), append(databases, p.Database)
		next, attempts, nextTry = append(next, int64(p.Next)), append(attempts, int32(p.Attempts)), append(nextTry, p.NextTry)
		dead, reasons, positions, since = append(dead, p.Dead), append(reasons, clean(p.Reason)), append(positions, p.Position.String()), append(since, p.Since)
	}
	return []any{freeTypes, freeIDs, types, ids, databases, next, attempts, nextTry, dead, reasons, positions, since}
}

func eventArgs(done []consume.Progress) []any {
	var ids, aggregates, statuses, errors []string
	var sequences []int64
	var attempts []int32
	at := map[event.ID]int{}
	for _, p := range done {
		for _, e := range p.Events {
			i, again := at[e.ID]
			if !again {
				i = len(ids)
				at[e.ID] = i
				ids, aggregates, statuses, errors = append(ids, string(e.ID)), append(aggregates, p.Aggregate.ID), append(statuses, ""), append(errors, "")
				sequences, attempts = append(sequences, int64(e.Sequence)), append(attempts, 0)
			}
			statuses[i], errors[i], attempts[i] = e.Status, clean(e.Error), int32(e.Attempts)
		}
	}
	return []any{ids, aggregates, sequences, statuses, attempts, errors}
}

// clean makes a text fit: PostgreSQL stores no NUL and only valid UTF-8.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	if len(s) > longestError {
		s = strings.ToValidUTF8(s[:longestError], "")
	}
	return s
}
