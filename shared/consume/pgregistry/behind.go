package pgregistry

import (
	"context"
	"fmt"

	"spiceharvester/shared/event"
	"spiceharvester/shared/sweep"
)

// Behind reports whether a handler has yet to apply the last fact of an
// aggregate of a database that stands at or before a position. What the sweep
// has found done is not looked at again.
func (r *Registry) Behind(ctx context.Context, h sweep.Handler, database string, upTo event.Position) (behind bool, err error) {
	types := make([]string, len(h.Types))
	for i, t := range h.Types {
		types[i] = string(t)
	}
	err = r.pool.QueryRow(ctx, `select exists (
		select from spice_event_log.aggregates a
		where a.chain = $1 and a.segment >= coalesce((select next from spice_event_registry.sweeps where handler = $2 and chain = $1), 0)
		and (a.segment, a.byte_offset) <= ($3, $4) and a.database = $5 and a.type = any($6)
		and not exists (select from spice_event_registry.watermarks w
			where w.handler = $2 and w.aggregate_type = a.type and w.aggregate_id = a.id and w.last_sequence >= a.sequence))`,
		upTo.Chain, h.Name, upTo.Segment, upTo.Offset, database, types).Scan(&behind)
	if err != nil {
		return false, fmt.Errorf("pgregistry: progress of %s: %w", h.Name, err)
	}
	return behind, nil
}
