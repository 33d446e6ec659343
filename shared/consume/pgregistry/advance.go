package pgregistry

import (
	"context"
	"fmt"

	"spiceharvester/shared/event"
	"spiceharvester/shared/sweep"
)

// Advance moves a handler's watermarks for the aggregates of a database whose last
// fact stands at or before a position, never back: a rebuild has applied all that
// stands there. What waited parked for another try is done with it; what was refused
// for good may have been refused again, so it stays where it is until an operator
// replays or discards it.
func (r *Registry) Advance(ctx context.Context, h sweep.Handler, database string, upTo event.Position) error {
	_, err := r.pool.Exec(ctx, `with reached as (
			select type, id, sequence from spice_event_log.aggregates
			where chain = $2 and database = $3 and type = any($4) and (segment, byte_offset) <= ($5, $6)
			and not exists (select from spice_event_registry.parked p where p.handler = $1 and p.aggregate_type = type and p.aggregate_id = id and p.dead)
		), unparked as (
			delete from spice_event_registry.parked p using reached a
			where p.handler = $1 and p.aggregate_type = a.type and p.aggregate_id = a.id and p.next_sequence <= a.sequence
		)
		insert into spice_event_registry.watermarks as w (handler, aggregate_type, aggregate_id, last_sequence, updated_at)
		select $1, type, id, sequence, now() from reached
		on conflict (handler, aggregate_type, aggregate_id) do update set last_sequence = excluded.last_sequence, updated_at = excluded.updated_at
		where w.last_sequence < excluded.last_sequence`,
		h.Name, upTo.Chain, database, h.Types, int64(upTo.Segment), int64(upTo.Offset))
	if err != nil {
		return fmt.Errorf("pgregistry: advance %s: %w", h.Name, err)
	}
	return nil
}
