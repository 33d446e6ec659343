package consume

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/event"
	"spiceharvester/shared/telemetry"
)

// delivery is an event with the function that took it.
type delivery struct {
	event.Event
	scope *telemetry.Scope
}

// deliveries gives the events that concern a handler.
func deliveries(ctx context.Context, events []event.Event, concern func(*event.Event) bool) []delivery {
	scope := telemetry.From(ctx)
	var mine []delivery
	for i := range events {
		if concern(&events[i]) {
			mine = append(mine, delivery{events[i], scope})
		}
	}
	return mine
}

// watch measures what a handler does with the events of one batch. It makes a
// span for each event whose trace is recorded, and one of the whole that the
// calls to sinks lie below.
type watch struct {
	handler string
	scope   *telemetry.Scope
	begin   time.Time
	spans   []trace.Span // of the events; nil without tracing
	whole   trace.Span
}

// watched begins to measure. Each event carries its span on: what a handler of
// commands appends lies below it.
func watched(ctx context.Context, handler string, events []*event.Event) (context.Context, *watch) {
	w := &watch{handler: handler, scope: telemetry.From(ctx), begin: time.Now()}
	for _, e := range events {
		_, span := w.scope.Continue(ctx, e.TraceParent, "consume "+e.Type, trace.SpanKindConsumer, attribute.String("handler", handler),
			attribute.String("event.id", string(e.ID)), attribute.String("event.type", e.Type), attribute.String("event.aggregate", e.Aggregate.String()))
		if span.IsRecording() {
			e.TraceParent = telemetry.Format(span.SpanContext())
		}
		w.spans = append(w.spans, span)
	}
	ctx, w.whole = telemetry.Together(ctx, "effect "+handler, w.spans, attribute.Int("events", len(events)))
	return ctx, w
}

// ended is told of each event, by its place, and last with done.
func (w *watch) ended(i int, e *event.Event, err error) {
	took := time.Since(w.begin).Seconds()
	action := telemetry.Processed
	switch {
	case err != nil && IsPermanent(err):
		action = telemetry.Dead
		if e.Kind == event.Command {
			action = telemetry.Failed
		}
	case err != nil:
		action = telemetry.Parked
	}
	telemetry.Events.WithLabelValues(w.scope.Service, e.Type, action).Inc()
	telemetry.EventTime.WithLabelValues(w.scope.Service, e.Type).Observe(took)
	telemetry.End(w.spans[i], err)
}

func (w *watch) done() {
	w.whole.End()
	telemetry.EffectDuration.WithLabelValues(w.handler).Observe(time.Since(w.begin).Seconds())
}

// stale counts a delivery whose event was done before.
func stale(ctx context.Context, e *event.Event) {
	telemetry.Events.WithLabelValues(telemetry.From(ctx).Service, e.Type, telemetry.Stale).Inc()
}
