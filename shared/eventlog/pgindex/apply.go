package pgindex

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/eventlog"
)

// applySQL is the whole of Apply: only if the head moves do the other parts
// find a row in "moved". All parts see one snapshot, and the head can only be
// moved by a statement that saw the segment before it applied.
const applySQL = `
with moved as (
	update spice_event_log.chains set next = $2::bigint + 1, digest = $3 where chain = $1::smallint and next = $2::bigint returning 1
), remembered as (
	insert into spice_event_log.events (chain, id, day, content, sequence, segment, byte_offset, byte_length)
	select $1::smallint, e.id, $4::date, e.content, e.sequence, $2::bigint, e.o, e.l
	from unnest($5::text[], $6::bytea[], $7::bigint[], $8::int[], $9::int[]) e(id, content, sequence, o, l)
	where exists (select from moved)
), facts as (
	insert into spice_event_log.aggregates as a
	select $1::smallint, f.type, f.id, f.database, f.sequence, $2::bigint, f.o, f.l, f.deleted, $2::bigint, f.bo, f.bl, f.created, f.content
	from unnest($10::text[], $11::text[], $12::text[], $13::bigint[], $14::int[], $15::int[], $16::bool[], $17::int[], $18::int[], $43::timestamptz[], $44::bytea[])
		f(type, id, database, sequence, o, l, deleted, bo, bl, created, content)
	where exists (select from moved)
	on conflict (chain, type, id) do update set
		created = excluded.created, content = excluded.content, database = excluded.database, sequence = excluded.sequence, deleted = excluded.deleted,
		segment = excluded.segment, byte_offset = excluded.byte_offset, byte_length = excluded.byte_length,
		born_segment = case when excluded.born_offset = 0 then a.born_segment else excluded.born_segment end,
		born_length = case when excluded.born_offset = 0 then a.born_length else excluded.born_length end,
		born_offset = case when excluded.born_offset = 0 then a.born_offset else excluded.born_offset end
), closed as (
	delete from spice_event_log.open_commands o
	where o.chain = $1::smallint and o.id = any($19::text[]) and exists (select from moved)
	returning o.*
), ended as (
	insert into spice_event_log.outcomes
	select $1::smallint, e.id, $4::date,
		coalesce(c.type, e.type), coalesce(c.aggregate_type, e.atype), coalesce(c.aggregate_id, e.aid), coalesce(c.database, e.database),
		coalesce(c.expect, e.expect), coalesce(c.content, e.content),
		coalesce(c.segment, $2::bigint), coalesce(c.byte_offset, e.o), coalesce(c.byte_length, e.l), $20::timestamptz,
		e.outcome, e.end_id, $2::bigint, e.eo, e.el, coalesce(c.actor, e.actor)
	from unnest($19::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::bytea[], $27::int[], $28::int[],
		$29::text[], $30::text[], $31::int[], $32::int[], $45::text[])
		e(id, type, atype, aid, database, expect, content, o, l, outcome, end_id, eo, el, actor)
	left join closed c on c.id = e.id
	where exists (select from moved) and not $33::bool
), opened as (
	insert into spice_event_log.open_commands (chain, id, type, aggregate_type, aggregate_id, database, expect, content, segment, byte_offset, byte_length, written, actor)
	select $1::smallint, o.id, o.type, o.atype, o.aid, o.database, o.expect, o.content, $2::bigint, o.o, o.l, $20::timestamptz, o.actor
	from unnest($34::text[], $35::text[], $36::text[], $37::text[], $38::text[], $39::text[], $40::bytea[], $41::int[], $42::int[], $46::text[])
		o(id, type, atype, aid, database, expect, content, o, l, actor)
	where exists (select from moved)
)
select count(*) from moved`

// Apply implements eventlog.Index.
func (x *Index) Apply(ctx context.Context, d eventlog.Delta) (bool, error) {
	if len(d.Events)+len(d.Ended) > 0 && !d.Forgotten {
		if err := x.days.Ensure(ctx, d.Written); err != nil {
			return false, err
		}
	}
	moved, err := apply(ctx, x.pool, d)
	if err != nil {
		x.days.Missing(err, d.Written)
	}
	return moved, err
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func apply(ctx context.Context, q querier, d eventlog.Delta) (bool, error) {
	events := d.Events
	if d.Forgotten {
		events = nil
	}
	args := []any{d.Chain, d.Number, d.Digest[:], d.Written.UTC().Truncate(24 * time.Hour)}
	args = append(args, eventArgs(events)...)
	args = append(args, factArgs(d.Facts)...)
	ended := commandArgs(d.Ended)
	args = append(args, ended[0], d.Written)
	args = append(args, ended[1:]...)
	args = append(args, endArgs(d.Ended)...)
	args = append(args, d.Forgotten)
	args = append(args, commandArgs(d.Opened)...)
	args = append(args,
		column(d.Facts, func(r *eventlog.AggregateRow) time.Time { return r.Created }),
		column(d.Facts, func(r *eventlog.AggregateRow) []byte { return r.Content[:] }),
		column(d.Ended, actorOf), column(d.Opened, actorOf))
	var moved int
	if err := q.QueryRow(ctx, applySQL, args...).Scan(&moved); err != nil {
		return false, fmt.Errorf("pgindex: apply chain %d, segment %d: %w", d.Chain, d.Number, err)
	}
	return moved == 1, nil
}

// column turns rows into the array of one column, the form that unnest takes.
func column[R, V any](rows []R, value func(*R) V) []V {
	list := make([]V, len(rows))
	for i := range rows {
		list[i] = value(&rows[i])
	}
	return list
}

func eventArgs(rows []eventlog.EventRow) []any {
	type row = eventlog.EventRow
	return []any{
		column(rows, func(r *row) string { return string(r.ID) }),
		column(rows, func(r *row) []byte { return r.Content[:] }),
		column(rows, func(r *row) int64 { return int64(r.Sequence) }),
		column(rows, func(r *row) int32 { return int32(r.Position.Offset) }),
		column(rows, func(r *row) int32 { return int32(r.Position.Length) }),
	}
}

func factArgs(rows []eventlog.AggregateRow) []any {
	type row = eventlog.AggregateRow
	return []any{
		column(rows, func(r *row) string { return string(r.Aggregate.Type) }),
		column(rows, func(r *row) string { return r.Aggregate.ID }),
		column(rows, func(r *row) string { return r.Database }),
		column(rows, func(r *row) int64 { return int64(r.Sequence) }),
		column(rows, func(r *row) int32 { return int32(r.Position.Offset) }),
		column(rows, func(r *row) int32 { return int32(r.Position.Length) }),
		column(rows, func(r *row) bool { return r.Deleted }),
		column(rows, func(r *row) int32 { return int32(r.Born.Offset) }),
		column(rows, func(r *row) int32 { return int32(r.Born.Length) }),
	}
}

func commandArgs(rows []eventlog.CommandRow) []any {
	type row = eventlog.CommandRow
	return []any{
		column(rows, func(r *row) string { return string(r.ID) }),
		column(rows, func(r *row) string { return r.Type }),
		column(rows, func(r *row) string { return string(r.Aggregate.Type) }),
		column(rows, func(r *row) string { return r.Aggregate.ID }),
		column(rows, func(r *row) string { return r.Database }),
		column(rows, func(r *row) string { return string(r.Expect) }),
		column(rows, func(r *row) []byte { return r.Content[:] }),
		column(rows, func(r *row) int32 { return int32(r.Position.Offset) }),
		column(rows, func(r *row) int32 { return int32(r.Position.Length) }),
	}
}

func actorOf(r *eventlog.CommandRow) string { return r.Actor }

func endArgs(rows []eventlog.CommandRow) []any {
	type row = eventlog.CommandRow
	return []any{
		column(rows, func(r *row) string { return string(r.Outcome) }),
		column(rows, func(r *row) string { return string(r.EndID) }),
		column(rows, func(r *row) int32 { return int32(r.End.Offset) }),
		column(rows, func(r *row) int32 { return int32(r.End.Length) }),
	}
}
