package telemetry

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// otelMetric is a metric of bff-api 8.2: another name for what Prometheus is told,
// or for a part of it.
type otelMetric struct {
	name, unit string
	family     string            // of the registry
	only       map[string]string // labels that a sample must have; they are left out
}

// otelMetrics are exported to a collector; the families measure, so that both ways
// tell the same.
var otelMetrics = []otelMetric{
	{name: "http_requests_total", unit: "{request}", family: "spice_http_requests_total"},
	{name: "http_request_duration_seconds", unit: "s", family: "spice_http_request_duration_seconds"},
	{name: "http_request_size_bytes", unit: "By", family: "spice_http_request_size_bytes"},
	{name: "http_response_size_bytes", unit: "By", family: "spice_http_response_size_bytes"},
	{name: "db_queries_total", unit: "{query}", family: "spice_db_queries_total"},
	{name: "db_query_duration_seconds", unit: "s", family: "spice_db_query_duration_seconds"},
	{name: "db_connection_pool_size", unit: "{connection}", family: "spice_db_connection_pool_size"},
	{name: "cache_hits_total", unit: "{access}", family: "spice_cache_access_total", only: map[string]string{"result": "hit"}},
	{name: "cache_misses_total", unit: "{access}", family: "spice_cache_access_total", only: map[string]string{"result": "miss"}},
	{name: "events_published_total", unit: "{event}", family: "spice_events_total", only: map[string]string{"action": Published}},
	{name: "events_processed_total", unit: "{event}", family: "spice_events_total", only: map[string]string{"action": Processed}},
	{name: "event_processing_duration_seconds", unit: "s", family: "spice_event_processing_duration_seconds"},
	{name: "rate_limit_hits_total", unit: "{request}", family: "spice_rate_limit_total"},
	{name: "rate_limit_rejections_total", unit: "{request}", family: "spice_rate_limit_total", only: map[string]string{"result": "rejected"}},
	{name: "ontology_created_total", unit: "{class}", family: "spice_events_total", only: map[string]string{"action": Appended, "event_type": "ONTOLOGY_CLASS_CREATED"}},
	{name: "ontology_updated_total", unit: "{class}", family: "spice_events_total", only: map[string]string{"action": Appended, "event_type": "ONTOLOGY_CLASS_UPDATED"}},
	{name: "ingest_reconciler_runs_total", unit: "{run}", family: "ingest_reconciler_runs_total"},
	{name: "ingest_reconciler_published_total", unit: "{version}", family: "ingest_reconciler_published_total"},
	{name: "ingest_reconciler_aborted_total", unit: "{ingest}", family: "ingest_reconciler_aborted_total"},
	{name: "ingest_reconciler_committed_tx_total", unit: "{ingest}", family: "ingest_reconciler_committed_tx_total"},
	{name: "ingest_reconciler_skipped_total", unit: "{ingest}", family: "ingest_reconciler_skipped_total"},
	{name: "ingest_reconciler_errors_total", unit: "{error}", family: "ingest_reconciler_errors_total"},
	{name: "ingest_reconciler_duration_seconds", unit: "s", family: "ingest_reconciler_duration_seconds"},
}

// reader exports the metrics of the process to collectors, again and again.
type reader struct {
	targets  []*otlp
	resource otlpResource
	failed   func(error)
	stop     chan struct{}
	stopped  chan struct{}
}

// run exports until close.
func (m *reader) run(every time.Duration) {
	defer close(m.stopped)
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			ctx, cancel := context.WithTimeout(context.Background(), every)
			m.export(ctx)
			cancel()
		case <-m.stop:
			return
		}
	}
}

// close exports a last time.
func (m *reader) close(ctx context.Context) {
	close(m.stop)
	<-m.stopped
	m.export(ctx)
	for _, t := range m.targets {
		t.client.CloseIdleConnections()
	}
}

func (m *reader) export(ctx context.Context) {
	collect(ctx)
	families, err := registry.Gather()
	if err != nil {
		m.failed(err) // what could be gathered goes out
	}
	body, err := json.Marshal(encodeMetrics(families, m.resource, time.Now()))
	if err != nil {
		m.failed(err)
		return
	}
	for _, t := range m.targets {
		if err := t.post(ctx, body); err != nil {
			m.failed(err)
		}
	}
}

// The messages of OTLP's metrics service, in their JSON form.
type (
	otlpMetricsRequest struct {
		ResourceMetrics []otlpResourceMetrics `json:"resourceMetrics"`
	}
	otlpResourceMetrics struct {
		Resource     otlpResource       `json:"resource"`
		ScopeMetrics []otlpScopeMetrics `json:"scopeMetrics"`
	}
	otlpScopeMetrics struct {
		Scope   otlpScope    `json:"scope"`
		Metrics []otlpMetric `json:"metrics"`
	}
	otlpMetric struct {
		Name      string    `json:"name"`
		Unit      string    `json:"unit"`
		Sum       *otlpData `json:"sum,omitempty"`
		Gauge     *otlpData `json:"gauge,omitempty"`
		Histogram *otlpData `json:"histogram,omitempty"`
	}
	otlpData struct {
		Temporality int         `json:"aggregationTemporality,omitempty"`
		Monotonic   bool        `json:"isMonotonic,omitempty"`
		DataPoints  []otlpPoint `json:"dataPoints"`
	}
	otlpPoint struct {
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Start      string          `json:"startTimeUnixNano,omitempty"`
		Time       string          `json:"timeUnixNano"`
		Value      *float64        `json:"asDouble,omitempty"`
		Count      string          `json:"count,omitempty"`
		Sum        *float64        `json:"sum,omitempty"`
		Buckets    []string        `json:"bucketCounts,omitempty"`
		Bounds     []float64       `json:"explicitBounds,omitempty"`
	}
)

// cumulative says that values count from the start of the process.
const cumulative = 2

// encodeMetrics makes the body of one export. Metrics without a sample are absent.
func encodeMetrics(families []*dto.MetricFamily, resource otlpResource, now time.Time) otlpMetricsRequest {
	byName := map[string]*dto.MetricFamily{}
	for _, f := range families {
		byName[f.GetName()] = f
	}
	var list []otlpMetric
	for _, m := range otelMetrics {
		f := byName[m.family]
		data := otlpData{}
		for _, sample := range f.GetMetric() {
			if attributes, ok := m.attributes(sample); ok {
				data.DataPoints = append(data.DataPoints, encodePoint(f.GetType(), sample, attributes, now))
			}
		}
		if data.DataPoints == nil {
			continue
		}
		out := otlpMetric{Name: m.name, Unit: m.unit}
		switch f.GetType() {
		case dto.MetricType_COUNTER:
			data.Temporality, data.Monotonic = cumulative, true
			out.Sum = &data
		case dto.MetricType_HISTOGRAM:
			data.Temporality = cumulative
			out.Histogram = &data
		default:
			out.Gauge = &data
		}
		list = append(list, out)
	}
	return otlpMetricsRequest{[]otlpResourceMetrics{{Resource: resource, ScopeMetrics: []otlpScopeMetrics{{Scope: otlpScope{instrumentation}, Metrics: list}}}}}
}

// attributes gives the labels of a sample, if it belongs to the metric.
func (m *otelMetric) attributes(sample *dto.Metric) (list []otlpAttribute, ok bool) {
	met := 0
	for _, l := range sample.GetLabel() {
		if want, asked := m.only[l.GetName()]; !asked {
			list = append(list, otlpAttribute{l.GetName(), map[string]any{"stringValue": strings.ToValidUTF8(l.GetValue(), "�")}})
		} else if met++; l.GetValue() != want {
			return nil, false
		}
	}
	return list, met == len(m.only)
}

func encodePoint(kind dto.MetricType, sample *dto.Metric, attributes []otlpAttribute, now time.Time) otlpPoint {
	p := otlpPoint{Attributes: attributes, Start: strconv.FormatInt(started.UnixNano(), 10), Time: strconv.FormatInt(now.UnixNano(), 10)}
	value := func(v float64) *float64 { return &v }
	switch kind {
	case dto.MetricType_COUNTER:
		p.Value = value(sample.GetCounter().GetValue())
	case dto.MetricType_HISTOGRAM:
		h := sample.GetHistogram()
		p.Count, p.Sum = strconv.FormatUint(h.GetSampleCount(), 10), value(h.GetSampleSum())
		below := uint64(0)
		for _, b := range h.GetBucket() { // theirs count all below a bound, OTLP's those since the last
			p.Bounds = append(p.Bounds, b.GetUpperBound())
			p.Buckets = append(p.Buckets, strconv.FormatUint(b.GetCumulativeCount()-below, 10))
			below = b.GetCumulativeCount()
		}
		p.Buckets = append(p.Buckets, strconv.FormatUint(h.GetSampleCount()-below, 10))
	default:
		p.Value = value(sample.GetGauge().GetValue())
	}
	return p
}
