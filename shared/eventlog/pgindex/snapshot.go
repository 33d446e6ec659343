package pgindex

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// The kinds of rows that snapshotSQL returns.
const (
	kindHead = iota
	kindEvent
	kindOpen
	kindEnded
	kindAggregate
	kindPending
)

const openColumns = `id, type, aggregate_type, aggregate_id, database, actor, expect, content, 0::bigint, segment, byte_offset, byte_length, written,
	''::text, ''::text, 0::bigint, 0, 0, false`

const endedColumns = `id, type, aggregate_type, aggregate_id, database, actor, expect, content, 0::bigint, segment, byte_offset, byte_length, written,
	outcome, end_id, end_segment, end_offset, end_length, false`

// snapshotSQL reads everything in one statement, which in PostgreSQL means at
// one moment. $1 chain, $2 event ids, $3 command ids, $4 and $5 aggregates. The
// columns sort by bytes: without the collation no index would serve. The lateral
// joins with limit or offset keep the planner, whose statistics lag behind a
// growing table, from reading a whole chain instead of looking up keys.
const snapshotSQL = `
select 0, ''::text, ''::text, ''::text, ''::text, ''::text, ''::text, ''::text, digest, next, 0::bigint, 0, 0, to_timestamp(0),
	''::text, ''::text, 0::bigint, 0, 0, false
from spice_event_log.chains where chain = $1
union all
select 1, e.id, '', '', '', '', '', '', e.content, e.sequence, e.segment, e.byte_offset, e.byte_length, to_timestamp(0), '', '', 0, 0, 0, false
from unnest($2::text[]) q(id) cross join lateral (
	select * from spice_event_log.events e where e.chain = $1 and e.id = q.id collate "C" limit 1) e
union all
select 2, ` + openColumns + ` from unnest($3::text[]) q(key) cross join lateral (
	select * from spice_event_log.open_commands c where c.chain = $1 and c.id = q.key collate "C" limit 1) c
union all
select 3, ` + endedColumns + ` from unnest($3::text[]) q(key) cross join lateral (
	select * from spice_event_log.outcomes c where c.chain = $1 and c.id = q.key collate "C" limit 1) c
union all
select 4, '', '', a.type, a.id, a.database, '', '', a.content, a.sequence, a.segment, a.byte_offset, a.byte_length, a.created,
	'', '', a.born_segment, a.born_offset, a.born_length, a.deleted
from unnest($4::text[], $5::text[]) q(type, id) cross join lateral (
	select * from spice_event_log.aggregates a where a.chain = $1 and a.type = q.type collate "C" and a.id = q.id collate "C" limit 1) a
union all
(select 5, o.id, o.type, o.aggregate_type, o.aggregate_id, o.database, o.actor, o.expect, o.content, 0, o.segment, o.byte_offset, o.byte_length, o.written,
	'', '', 0, 0, 0, false
from unnest($4::text[], $5::text[]) q(type, id) cross join lateral (
	select * from spice_event_log.open_commands o
	where o.chain = $1 and o.aggregate_type = q.type collate "C" and o.aggregate_id = q.id collate "C" and o.expect not in ('', 'present') offset 0) o
order by o.segment, o.byte_offset)`

// wide is one row of snapshotSQL; which fields count depends on its kind.
type wide struct {
	id, typ, atype, aid, database, actor, expect string
	content                                      []byte
	sequence, segment                            uint64
	offset, length                               uint32
	written                                      time.Time
	outcome, endID                               string
	segment2                                     uint64
	offset2, length2                             uint32
	flag                                         bool
}

func (w *wide) targets() []any {
	return []any{&w.id, &w.typ, &w.atype, &w.aid, &w.database, &w.actor, &w.expect, &w.content, &w.sequence, &w.segment, &w.offset, &w.length, &w.written,
		&w.outcome, &w.endID, &w.segment2, &w.offset2, &w.length2, &w.flag}
}

func (w *wide) command(chain int) eventlog.CommandRow {
	c := eventlog.CommandRow{
		ID: event.ID(w.id), Type: w.typ, Database: w.database, Actor: w.actor, Expect: event.Expect(w.expect),
		Aggregate: event.Aggregate{Type: event.AggregateType(w.atype), ID: w.aid},
		Position:  position(chain, w.segment, w.offset, w.length), Written: w.written.UTC(),
		Outcome: event.Outcome(w.outcome), EndID: event.ID(w.endID),
	}
	copy(c.Content[:], w.content)
	if w.offset2 != 0 {
		c.End = position(chain, w.segment2, w.offset2, w.length2)
	}
	return c
}

// Snapshot implements eventlog.Index.
func (x *Index) Snapshot(ctx context.Context, chain int, q eventlog.Query) (eventlog.View, error) {
	v := eventlog.NewView(eventlog.Head{})
	rows, err := x.pool.Query(ctx, snapshotSQL, chain, texts(q.Events), texts(q.Commands),
		column(q.Aggregates, func(a *event.Aggregate) string { return string(a.Type) }),
		column(q.Aggregates, func(a *event.Aggregate) string { return a.ID }))
	if err != nil {
		return v, fmt.Errorf("pgindex: snapshot of chain %d: %w", chain, err)
	}
	var kind int
	var w wide
	_, err = pgx.ForEachRow(rows, append([]any{&kind}, w.targets()...), func() error {
		switch kind {
		case kindHead:
			v.Head.Next = w.sequence
			copy(v.Head.Digest[:], w.content)
		case kindEvent:
			row := eventlog.EventRow{ID: event.ID(w.id), Sequence: w.sequence, Position: position(chain, w.segment, w.offset, w.length)}
			copy(row.Content[:], w.content)
			v.Events[row.ID] = row
		case kindOpen, kindEnded:
			c := w.command(chain)
			v.Commands[c.ID] = c
		case kindAggregate:
			a := event.Aggregate{Type: event.AggregateType(w.atype), ID: w.aid}
			row := eventlog.AggregateRow{
				Aggregate: a, Database: w.database, Sequence: w.sequence, Deleted: w.flag, Created: w.written.UTC(),
				Position: position(chain, w.segment, w.offset, w.length), Born: position(chain, w.segment2, w.offset2, w.length2),
			}
			copy(row.Content[:], w.content)
			v.Aggregates[a] = row
		case kindPending:
			c := w.command(chain)
			v.Pending[c.Aggregate] = append(v.Pending[c.Aggregate], c)
		}
		return nil
	})
	if err != nil {
		return v, fmt.Errorf("pgindex: snapshot of chain %d: %w", chain, err)
	}
	return v, nil
}

func texts[S ~string](list []S) []string {
	return column(list, func(s *S) string { return string(*s) })
}

// FindCommand implements eventlog.Index.
func (x *Index) FindCommand(ctx context.Context, id event.ID) (eventlog.CommandRow, bool, error) {
	var chain int
	var w wide
	err := x.pool.QueryRow(ctx, `select chain, `+openColumns+` from spice_event_log.open_commands where id = $1
		union all select chain, `+endedColumns+` from spice_event_log.outcomes where id = $1 limit 1`, string(id)).
		Scan(append([]any{&chain}, w.targets()...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return eventlog.CommandRow{}, false, nil
	}
	if err != nil {
		return eventlog.CommandRow{}, false, fmt.Errorf("pgindex: command %s: %w", id, err)
	}
	return w.command(chain), true, nil
}

// OverdueCommands implements eventlog.Index.
func (x *Index) OverdueCommands(ctx context.Context, before time.Time, limit int) ([]eventlog.CommandRow, error) {
	rows, err := x.pool.Query(ctx, `select chain, `+openColumns+` from spice_event_log.open_commands
		where written < $1 order by chain, segment, byte_offset limit $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("pgindex: overdue commands: %w", err)
	}
	return pgx.CollectRows(rows, scanCommand)
}

// scanCommand reads a chain and openColumns or endedColumns.
func scanCommand(row pgx.CollectableRow) (eventlog.CommandRow, error) {
	var chain int
	var w wide
	err := row.Scan(append([]any{&chain}, w.targets()...)...)
	return w.command(chain), err
}

// commandsOfSQL takes the newest of each table from its index by actor. $1 actor,
// $2 since, $3 limit. The day leaves the partitions out that are too old.
const commandsOfSQL = `
select * from (
	select chain, ` + openColumns + ` from (
		select * from spice_event_log.open_commands where actor = $1 and actor <> '' order by written desc limit $3) o
	union all
	select chain, ` + endedColumns + ` from (
		select * from spice_event_log.outcomes where actor = $1 and actor <> '' and written >= $2 and day >= ($2::timestamptz at time zone 'UTC')::date
		order by written desc limit $3) e
	order by written desc, id desc limit $3
) newest order by written, id`

// CommandsOf implements eventlog.Index.
func (x *Index) CommandsOf(ctx context.Context, actor string, since time.Time, limit int) ([]eventlog.CommandRow, error) {
	rows, err := x.pool.Query(ctx, commandsOfSQL, actor, since, limit)
	if err != nil {
		return nil, fmt.Errorf("pgindex: commands of %s: %w", actor, err)
	}
	list, err := pgx.CollectRows(rows, scanCommand)
	if err != nil {
		return nil, fmt.Errorf("pgindex: commands of %s: %w", actor, err)
	}
	return list, nil
}
