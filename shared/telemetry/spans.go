package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// instrumentation names what makes the spans.
const instrumentation = "spiceharvester"

// noSpan stands for a span that nobody records.
var noSpan trace.Span = noop.Span{}

// Parse reads a W3C traceparent. The result is not valid if it is none.
func Parse(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": traceparent}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// Format writes a W3C traceparent, or "" of a context that is not valid.
func Format(c trace.SpanContext) string {
	if !c.IsValid() {
		return ""
	}
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + c.TraceFlags().String()
}

// Within gives a context that belongs to the trace of a traceparent: what is
// logged with it names the trace. It records nothing.
func Within(ctx context.Context, traceparent string) context.Context {
	if c := Parse(traceparent); c.IsValid() {
		return trace.ContextWithRemoteSpanContext(ctx, c)
	}
	return ctx
}

// Continue begins a span below a traceparent that an event or a request
// carries. Without tracing, and in a trace that is not sampled, there is none.
func (s *Scope) Continue(ctx context.Context, traceparent, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if s.tracer == nil {
		return ctx, noSpan
	}
	parent := Parse(traceparent)
	if !parent.IsSampled() {
		return ctx, noSpan
	}
	return s.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, parent), name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// Server begins the span of a request, below the client's span if it sent one.
func (s *Scope) Server(ctx context.Context, traceparent, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if s.tracer == nil {
		return ctx, noSpan
	}
	if parent := Parse(traceparent); parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	return s.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
}

// Recording reports whether spans made in the context are recorded. It costs
// next to nothing without tracing.
func Recording(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

// Child begins a span below that of the context. If that one is not recorded,
// there is none.
func Child(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, noSpan
	}
	return parent.TracerProvider().Tracer(instrumentation).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// maxLinks bounds the spans that one span names as also served.
const maxLinks = 100

// Together begins a span for work that serves many at once: a segment, a bulk
// request. It lies below the first span that is recorded and links to the
// others.
func Together(ctx context.Context, name string, served []trace.Span, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	var first trace.Span
	var links []trace.Link
	for _, span := range served {
		switch {
		case span == nil || !span.IsRecording():
		case first == nil:
			first = span
		case len(links) < maxLinks:
			links = append(links, trace.Link{SpanContext: span.SpanContext()})
		}
	}
	if first == nil {
		return ctx, noSpan
	}
	return first.TracerProvider().Tracer(instrumentation).Start(trace.ContextWithSpan(ctx, first), name, trace.WithLinks(links...), trace.WithAttributes(attributes...))
}

// End ends a span, marked with what went wrong.
func End(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
