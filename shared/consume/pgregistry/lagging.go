package pgregistry

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/sweep"
)

var _ sweep.Store = (*Registry)(nil)

// laggingLimit bounds what one look at one chain brings.
const laggingLimit = 500

// chainSweep is how far a handler's watermarks were compared with one chain.
type chainSweep struct {
	chain      int
	next, seen uint64 // segments: done up to next, published up to seen when last looked
	published  uint64 // the relay's place now
}

// Lagging implements sweep.Store. It walks the aggregates in the order of their
// last facts, from where the last sweep ended, so an idle system costs one
// query.
func (r *Registry) Lagging(ctx context.Context, h sweep.Handler, now time.Time, grace time.Duration) ([]event.Position, error) {
	rows, err := r.pool.Query(ctx, `
		select c.chain, coalesce(s.next, 0), coalesce(s.seen, 0), coalesce(k.next, 0)
		from spice_event_log.chains c
		left join spice_event_registry.sweeps s on s.handler = $1 and s.chain = c.chain
		left join spice_event_log.cursors k on k.reader = $2 and k.chain = c.chain
		where coalesce(s.seen_at, 'epoch') <= $3 and (coalesce(s.next, 0) < coalesce(s.seen, 0) or coalesce(s.seen, 0) < coalesce(k.next, 0))`,
		h.Name, eventlog.RelayCursor, now.Add(-grace))
	if err != nil {
		return nil, fmt.Errorf("pgregistry: sweeps of %s: %w", h.Name, err)
	}
	chains, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c chainSweep, err error) {
		return c, row.Scan(&c.chain, &c.next, &c.seen, &c.published)
	})
	if err != nil {
		return nil, fmt.Errorf("pgregistry: sweeps of %s: %w", h.Name, err)
	}
	var all []event.Position
	for _, c := range chains {
		lagging, err := r.laggingIn(ctx, h, c)
		if err != nil {
			return nil, err
		}
		next := c.seen
		if len(lagging) > 0 {
			next = lagging[0].Segment
		}
		waiting, err := r.firstWaiting(ctx, h, c)
		if err != nil {
			return nil, err
		}
		next = min(next, waiting)
		_, err = r.pool.Exec(ctx, `insert into spice_event_registry.sweeps as s values ($1, $2, $3, $4, $5)
			on conflict (handler, chain) do update set next = excluded.next, seen = excluded.seen, seen_at = excluded.seen_at`,
			h.Name, c.chain, next, max(c.seen, c.published), now)
		if err != nil {
			return nil, fmt.Errorf("pgregistry: save sweep of %s: %w", h.Name, err)
		}
		all = append(all, lagging...)
	}
	return all, nil
}

// firstWaiting gives the first segment that holds the last fact of an aggregate that
// waits for another try, or the end of what is compared. The sweep does not pass it:
// a fact may come just when the aggregate is set free.
func (r *Registry) firstWaiting(ctx context.Context, h sweep.Handler, c chainSweep) (segment uint64, err error) {
	err = r.pool.QueryRow(ctx, `select coalesce(min(a.segment), $4) from spice_event_registry.parked p`+lastFact+`
		where p.handler = $1 and not p.dead and a.chain = $2 and a.segment >= $3 and a.segment < $4`, h.Name, c.chain, c.next, c.seen).Scan(&segment)
	if err != nil {
		return 0, fmt.Errorf("pgregistry: waiting aggregates of %s: %w", h.Name, err)
	}
	return segment, nil
}

func (r *Registry) laggingIn(ctx context.Context, h sweep.Handler, c chainSweep) ([]event.Position, error) {
	types := make([]string, len(h.Types))
	for i, t := range h.Types {
		types[i] = string(t)
	}
	rows, err := r.pool.Query(ctx, `
		select a.segment, a.byte_offset, a.byte_length from spice_event_log.aggregates a
		where a.chain = $1 and a.segment >= $2 and a.segment < $3 and a.type = any($4)
		and not exists (select from spice_event_registry.watermarks w
			where w.handler = $5 and w.aggregate_type = a.type and w.aggregate_id = a.id and w.last_sequence >= a.sequence)
		and not exists (select from spice_event_registry.parked p
			where p.handler = $5 and p.aggregate_type = a.type and p.aggregate_id = a.id)
		order by a.segment, a.byte_offset limit $6`, c.chain, c.next, c.seen, types, h.Name, laggingLimit)
	if err != nil {
		return nil, fmt.Errorf("pgregistry: lagging aggregates of %s: %w", h.Name, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p event.Position, err error) {
		p.Chain = c.chain
		return p, row.Scan(&p.Segment, &p.Offset, &p.Length)
	})
}
