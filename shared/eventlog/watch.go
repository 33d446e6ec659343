package eventlog

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/telemetry"
)

// watch measures one append. Where the trace of an entry's event is recorded it
// makes a span, and the event that is stored carries this span on: what follows
// from the event lies below it.
type watch struct {
	entries []Entry
	scope   *telemetry.Scope
	begin   time.Time
}

func watched(ctx context.Context, entries []Entry) watch {
	w := watch{entries: entries, scope: telemetry.From(ctx), begin: time.Now()}
	copied := false
	for i := range entries {
		e := &entries[i].Event
		_, span := w.scope.Continue(ctx, e.TraceParent, "append "+e.Type, trace.SpanKindInternal,
			attribute.String("event.id", string(e.ID)), attribute.String("event.type", e.Type), attribute.String("event.aggregate", e.Aggregate.String()))
		if !span.IsRecording() {
			continue
		}
		if !copied { // the caller's events stay as they are
			w.entries, copied = slices.Clone(entries), true
		}
		w.entries[i].span = span
		w.entries[i].Event.TraceParent = telemetry.Format(span.SpanContext())
	}
	return w
}

func (w watch) end(outcomes []Outcome) {
	telemetry.AppendDuration.WithLabelValues(w.scope.Service).Observe(time.Since(w.begin).Seconds())
	for i, o := range outcomes {
		telemetry.Events.WithLabelValues(w.scope.Service, w.entries[i].Event.Type, action(o)).Inc()
		if span := w.entries[i].span; span != nil {
			span.SetAttributes(attribute.String("event.position", o.Position.String()))
			telemetry.End(span, o.Err)
		}
	}
}

func action(o Outcome) string {
	var refusal *Refusal
	switch {
	case errors.As(o.Err, &refusal):
		return telemetry.Refused
	case o.Err != nil:
		return telemetry.Failed
	case o.Duplicate:
		return telemetry.Duplicate
	}
	return telemetry.Appended
}

// committing makes the span of a segment, which serves many appends.
func committing(ctx context.Context, chain int, entries []*Entry) (context.Context, trace.Span) {
	spans := make([]trace.Span, 0, len(entries))
	for _, en := range entries {
		if en.span != nil {
			spans = append(spans, en.span)
		}
	}
	return telemetry.Together(ctx, "commit segment", spans, attribute.Int("log.chain", chain), attribute.Int("log.entries", len(entries)))
}

// committed counts a segment that this process wrote.
func (c *chain) committed(seg *Segment) {
	telemetry.Segments.WithLabelValues(strconv.Itoa(c.number)).Inc()
	telemetry.SegmentEvents.Observe(float64(len(seg.Events)))
}
