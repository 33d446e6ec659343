package platform

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/telemetry"
)

// WatchBacklog lets GET /metrics of this process tell what waits in the
// installation: lags, parked aggregates, open commands, outboxes. It is looked up
// when somebody asks. One function is enough; it is the relay, which never
// scales to zero.
func (p *Platform) WatchBacklog() {
	remove := telemetry.SetSource("backlog", p.backlog)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops = append(p.stops, remove)
}

func (p *Platform) backlog(ctx context.Context) error {
	for _, reset := range []func(){
		telemetry.ReaderLag.Reset, telemetry.WatermarkLag.Reset, telemetry.OpenCommands.Reset,
		telemetry.ParkedNow.Reset, telemetry.OutboxRows.Reset, telemetry.OutboxAge.Reset,
	} {
		reset() // what cannot be looked up is absent, not old
	}
	var text, state string
	var number int
	var value float64
	for _, q := range []struct {
		sql  string
		args []any
		into []any
		set  func()
	}{
		{`select r.reader, c.chain, greatest(0, c.next - coalesce(k.next, 0))::float8
			from (select distinct reader from spice_event_log.cursors) r cross join spice_event_log.chains c
			left join spice_event_log.cursors k on k.reader = r.reader and k.chain = c.chain`, nil,
			[]any{&text, &number, &value}, func() { telemetry.ReaderLag.WithLabelValues(text, strconv.Itoa(number)).Set(value) }},
		{`select h.handler, sum(greatest(0, coalesce(k.next, 0) - coalesce(s.next, 0)))::float8
			from (select distinct handler from spice_event_registry.sweeps) h cross join spice_event_log.chains c
			left join spice_event_registry.sweeps s on s.handler = h.handler and s.chain = c.chain
			left join spice_event_log.cursors k on k.reader = 'message-relay' and k.chain = c.chain group by h.handler`, nil,
			[]any{&text, &value}, func() { telemetry.WatermarkLag.WithLabelValues(text).Set(value) }},
		{`select count(*)::float8 from spice_event_log.open_commands`, nil,
			[]any{&value}, func() { telemetry.OpenCommands.WithLabelValues().Set(value) }},
		{`select handler, case when dead then 'dead' else 'waiting' end, count(*)::float8 from spice_event_registry.parked group by 1, 2`, nil,
			[]any{&text, &state, &value}, func() { telemetry.ParkedNow.WithLabelValues(text, state).Set(value) }},
		{`select publisher, case when dead then 'dead' else 'waiting' end, count(*)::float8 from spice_outbox.outbox where published_at is null group by 1, 2`, nil,
			[]any{&text, &state, &value}, func() { telemetry.OutboxRows.WithLabelValues(text, state).Set(value) }},
		{`select publisher, greatest(0, extract(epoch from $1::timestamptz - min(created_at)))::float8 from spice_outbox.outbox where published_at is null and not dead group by 1`, []any{p.Now()},
			[]any{&text, &value}, func() { telemetry.OutboxAge.WithLabelValues(text).Set(value) }},
	} {
		rows, err := p.Pool.Query(ctx, q.sql, q.args...)
		if err == nil {
			_, err = pgx.ForEachRow(rows, q.into, func() error { q.set(); return nil })
		}
		if err != nil {
			return fmt.Errorf("platform: backlog: %w", err)
		}
	}
	return nil
}
