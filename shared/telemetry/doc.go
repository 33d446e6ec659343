// Package telemetry is how a process tells what it does: metrics for Prometheus,
// traces for an OpenTelemetry collector, structured logs.
//
//	scope.go    which function works, and for whom: carried by contexts
//	metrics.go  the metrics, one registry a process
//	scrape.go   GET /metrics
//	tracing.go  settings and providers
//	otlp.go     spans to a collector, OTLP over HTTP in JSON
//	otlpmetrics.go  metrics to a collector, OTLP too
//	spans.go    spans that continue an event's trace, and that serve many
//	http.go     spans of outbound HTTP
//	log.go      logs that carry the trace
//	pgtrace     spans and metrics of PostgreSQL
//
// Without a collector there are no spans at all: nothing is made or sampled, and
// what is measured is counters and histograms alone.
package telemetry
