package telemetry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"spiceharvester/shared/telemetry"
)

// The metrics of the contract reach the collector under their names, with units,
// before the process ends.
func TestMetricsReachTheCollector(t *testing.T) {
	bodies := make(chan []byte, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/base/v1/metrics" || r.Header.Get("X-Key") != "k" {
			t.Errorf("%s with %v", r.URL.Path, r.Header)
		}
		bodies <- body
	}))
	defer collector.Close()
	p := open(t, "OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL+"/base/v1/traces", "OTEL_EXPORTER_OTLP_HEADERS", "x-key=k", "OTEL_ENABLE_TRACING", "false")
	telemetry.Events.WithLabelValues("bff", "ONTOLOGY_CLASS_CREATED", telemetry.Appended).Add(2)
	telemetry.Events.WithLabelValues("relay", "ONTOLOGY_CLASS_CREATED", telemetry.Published).Inc()
	telemetry.CacheAccess.WithLabelValues("bff", "classes", "hit").Add(3)
	telemetry.DBPool.WithLabelValues("bff").Set(4)
	telemetry.HTTPDuration.WithLabelValues("bff", "GET", "/x").Observe(0.02)
	telemetry.HTTPDuration.WithLabelValues("bff", "GET", "/x").Observe(60)
	p.Close()
	type point struct {
		Attributes []struct{ Key string }
		AsDouble   float64
		Count      string
		Sum        float64
		Buckets    []string  `json:"bucketCounts"`
		Bounds     []float64 `json:"explicitBounds"`
		Start      string    `json:"startTimeUnixNano"`
	}
	type data struct {
		AggregationTemporality int
		IsMonotonic            bool
		DataPoints             []point
	}
	type metric struct {
		Name, Unit            string
		Sum, Gauge, Histogram data
	}
	var body struct {
		ResourceMetrics []struct {
			Resource     struct{ Attributes []struct{ Key string } }
			ScopeMetrics []struct{ Metrics []metric }
		}
	}
	if err := json.Unmarshal(<-bodies, &body); err != nil {
		t.Fatal(err)
	}
	got := map[string]metric{}
	for _, m := range body.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		got[m.Name] = m
	}
	if m := got["ontology_created_total"]; len(m.Sum.DataPoints) != 1 || m.Unit != "{class}" || m.Sum.DataPoints[0].AsDouble != 2 || len(m.Sum.DataPoints[0].Attributes) != 1 || !m.Sum.IsMonotonic || m.Sum.AggregationTemporality != 2 || m.Sum.DataPoints[0].Start == "" {
		t.Errorf("%+v", m)
	}
	if m := got["events_published_total"]; len(m.Sum.DataPoints) != 1 || m.Sum.DataPoints[0].AsDouble != 1 {
		t.Errorf("%+v", m)
	}
	if m := got["cache_hits_total"]; len(m.Sum.DataPoints) != 1 || m.Sum.DataPoints[0].AsDouble != 3 {
		t.Errorf("%+v", m)
	}
	if m := got["db_connection_pool_size"]; len(m.Gauge.DataPoints) != 1 || m.Gauge.DataPoints[0].AsDouble != 4 {
		t.Errorf("%+v", m)
	}
	h := got["http_request_duration_seconds"]
	if h.Unit != "s" || len(h.Histogram.DataPoints) != 1 {
		t.Fatalf("%+v", h)
	}
	d := h.Histogram.DataPoints[0]
	if d.Count != "2" || d.Sum != 60.02 || len(d.Buckets) != len(d.Bounds)+1 || d.Buckets[2] != "1" || d.Buckets[3] != "0" || d.Buckets[len(d.Buckets)-1] != "1" {
		t.Errorf("%+v", d)
	}
	if _, known := got["cache_misses_total"]; known || got["ingest_reconciler_runs_total"].Unit != "{run}" || len(body.ResourceMetrics[0].Resource.Attributes) != 4 {
		t.Errorf("%+v", got)
	}
}

// Without a collector nobody exports, and a wrong interval is named.
func TestMetricsAreExportedAgainAndAgain(t *testing.T) {
	bodies := make(chan string, 100)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { bodies <- r.URL.Path }))
	defer collector.Close()
	p := open(t, "OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL, "OTEL_METRIC_EXPORT_INTERVAL", "1")
	for range 3 {
		select {
		case <-bodies:
		case <-time.After(time.Minute):
			t.Fatal("nothing comes")
		}
	}
	p.Close()
	if _, err := telemetry.Open(env("OTEL_METRIC_EXPORT_INTERVAL", "soon"), nil); err == nil {
		t.Error("a wrong interval is taken")
	}
}
