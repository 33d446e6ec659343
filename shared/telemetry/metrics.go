package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// registry holds every metric of the process. It is one a process, as the
// processor's time is: functions that share a process differ in the label
// service.
var registry = prometheus.NewRegistry()

func register[C prometheus.Collector](c C) C {
	registry.MustRegister(c)
	return c
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return register(prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
}

// single makes a counter without labels: it is there, as 0, from the start.
func single(name, help string) prometheus.Counter {
	return register(prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help}))
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return register(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels))
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return register(prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels))
}

// Buckets of durations, in seconds, and of sizes of batches.
var (
	requestBuckets = prometheus.DefBuckets
	storeBuckets   = prometheus.ExponentialBuckets(0.00025, 2, 16) // 0.25 ms to 8 s
	batchBuckets   = prometheus.ExponentialBuckets(1, 2, 11)       // 1 to 1024
	sizeBuckets    = prometheus.ExponentialBuckets(256, 8, 8)      // 256 B to 512 MiB
)

// The metrics of the contract. Every label has few values: endpoint is the
// route's template, never a path.
var (
	HTTPRequests = counter("spice_http_requests_total", "HTTP requests answered.", "service", "method", "endpoint", "status_code")
	HTTPDuration = histogram("spice_http_request_duration_seconds", "Time to answer an HTTP request.", requestBuckets, "service", "method", "endpoint")
	RequestSize  = histogram("spice_http_request_size_bytes", "Announced size of a request's body.", sizeBuckets, "service", "method", "endpoint")
	ResponseSize = histogram("spice_http_response_size_bytes", "Size of an answer's body.", sizeBuckets, "service", "method", "endpoint")
	DBPool       = gauge("spice_db_connection_pool_size", "Connections to PostgreSQL that the pool holds.", "service")
	DBQueries    = counter("spice_db_queries_total", "Statements sent to PostgreSQL.", "service", "operation", "table", "success")
	DBDuration   = histogram("spice_db_query_duration_seconds", "Time of a statement or batch in PostgreSQL.", storeBuckets, "service", "operation", "table")
	CacheAccess  = counter("spice_cache_access_total", "Looks into a cache; result is hit or miss.", "service", "cache", "result")
	Events       = counter("spice_events_total", "Events, by what was done with them.", "service", "event_type", "action")
	EventTime    = histogram("spice_event_processing_duration_seconds", "Time of the batch in which an event was processed.", storeBuckets, "service", "event_type")
	RateLimit    = counter("spice_rate_limit_total", "Requests that met a rate limit; result is allowed or rejected.", "service", "endpoint", "strategy", "result")
	Business     = counter("spice_business_total", "Writes accepted, by kind.", "service", "metric")
)

// Actions of [Events].
const (
	Appended    = "appended"      // stored in the log
	Duplicate   = "duplicate"     // stored before: a repeated write, suppressed
	Refused     = "refused"       // the log refused it
	Published   = "published"     // handed to Kafka
	Quarantined = "quarantined"   // had no topic
	Processed   = "processed"     // had its effect
	Stale       = "skipped_stale" // delivered late or again, suppressed
	Failed      = "failed"        // ended its command as failed
	Parked      = "parked"        // waits for another try
	Dead        = "dead"          // refused for good
)

// What operators need beside them.
var (
	AppendDuration = histogram("spice_log_append_duration_seconds", "Time from handing events to the log to its answer.", storeBuckets, "service")
	CommitDuration = histogram("spice_log_commit_duration_seconds", "Time of one segment: look, decide, PUT, apply.", storeBuckets, "chain")
	Segments       = counter("spice_log_segments_total", "Segments that this process wrote.", "chain")
	SegmentEvents  = register(prometheus.NewHistogram(prometheus.HistogramOpts{Name: "spice_log_segment_events", Help: "Events per segment written.", Buckets: batchBuckets}))
	LostRaces      = counter("spice_log_lost_races_total", "PUTs that found another writer's segment.", "chain")
	BatchSize      = histogram("spice_consume_batch_events", "Deliveries that one batch of a handler took.", batchBuckets, "handler")
	EffectDuration = histogram("spice_consume_effect_duration_seconds", "Time of one effect of a handler.", storeBuckets, "handler")
	ColdStart      = gauge("spice_cold_start_seconds", "From the start of the process until it served.", "service")
)

// What the reconciler of ingests did (bff-api 8.2, data-plane 1.8).
var (
	ReconcilerRuns      = single("ingest_reconciler_runs_total", "Runs of the reconciler.")
	ReconcilerPublished = single("ingest_reconciler_published_total", "Committed versions that it published.")
	ReconcilerAborted   = single("ingest_reconciler_aborted_total", "Broken uploads that it gave up.")
	ReconcilerCommitted = single("ingest_reconciler_committed_tx_total", "Published versions that it settled in the lake.")
	ReconcilerSkipped   = single("ingest_reconciler_skipped_total", "Ingests that another took over meanwhile.")
	ReconcilerErrors    = single("ingest_reconciler_errors_total", "Ingests that it could not end, and runs that found none for an error.")
	ReconcilerDuration  = register(prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ingest_reconciler_duration_seconds", Help: "Time of one run of the reconciler.", Buckets: requestBuckets}))
)

// What stands in PostgreSQL, looked up when it is asked for (see Sources).
var (
	ReaderLag    = gauge("spice_reader_lag_segments", "Segments of a chain that a reader has yet to read; message-relay is the relay.", "reader", "chain")
	WatermarkLag = gauge("spice_watermark_lag_segments", "Published segments that a handler is not yet known to have applied.", "handler")
	OpenCommands = gauge("spice_open_commands", "Commands without an outcome.")
	ParkedNow    = gauge("spice_parked_aggregates", "Aggregates that a handler cannot go on with; state is waiting or dead.", "handler", "state")
	OutboxRows   = gauge("spice_outbox_rows", "Outbox rows that are not published; state is waiting or dead.", "publisher", "state")
	OutboxAge    = gauge("spice_outbox_oldest_seconds", "Age of the oldest outbox row that waits.", "publisher")
	SourceErrors = counter("spice_scrape_errors_total", "Look-ups for a scrape that failed.", "source")
)

func init() {
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}
