package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// closeTimeout bounds the export of the last spans and metrics.
const closeTimeout = 5 * time.Second

// Telemetry is what a process exports.
type Telemetry struct {
	settings   settings
	processors []sdktrace.SpanProcessor
	metrics    *reader // nil without a collector

	mu     sync.Mutex
	scopes map[string]*Scope
}

// settings are those of bff-api 8.3.
type settings struct {
	name, version, environment string
	rate                       float64
}

// resource tells what the spans or metrics of a service are of.
func (s *settings) resource(service string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("service.name", service), attribute.String("service.version", s.version),
		attribute.String("environment", s.environment), attribute.String("service.namespace", "spice-harvester"),
	}
}

// Open reads the settings of a process. Spans are exported if
// OTEL_EXPORTER_OTLP_ENDPOINT is set, unless OTEL_EXPORT_OTLP or
// OTEL_ENABLE_TRACING is false; also to JAEGER_ENDPOINT, which takes OTLP, with
// OTEL_EXPORT_JAEGER, and to stderr with OTEL_EXPORT_CONSOLE. Metrics go
// to the same collectors every OTEL_METRIC_EXPORT_INTERVAL (60000 ms). It does no I/O.
func Open(getenv func(string) string, logger *slog.Logger) (*Telemetry, error) {
	env := func(name, otherwise string) string { return cmp.Or(strings.TrimSpace(getenv(name)), otherwise) }
	t := &Telemetry{scopes: map[string]*Scope{}, settings: settings{
		name: env("OTEL_SERVICE_NAME", ""), version: env("OTEL_SERVICE_VERSION", "1.0.0"),
		environment: env("OTEL_ENVIRONMENT", env("ENVIRONMENT", "development")),
	}}
	var errs []error
	yes := func(name string, otherwise bool) bool {
		on, err := strconv.ParseBool(env(name, strconv.FormatBool(otherwise)))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is %q, not true or false", name, getenv(name)))
		}
		return on
	}
	rate, err := strconv.ParseFloat(env("OTEL_TRACE_SAMPLE_RATE", "1.0"), 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		errs = append(errs, fmt.Errorf("OTEL_TRACE_SAMPLE_RATE is %q, not a number from 0 to 1", getenv("OTEL_TRACE_SAMPLE_RATE")))
	}
	t.settings.rate = rate
	var targets []string
	if endpoint := env("OTEL_EXPORTER_OTLP_ENDPOINT", ""); yes("OTEL_EXPORT_OTLP", endpoint != "") {
		targets = append(targets, cmp.Or(endpoint, "http://127.0.0.1:4318"))
	}
	if yes("OTEL_EXPORT_JAEGER", false) {
		targets = append(targets, env("JAEGER_ENDPOINT", "http://127.0.0.1:4318"))
	}
	var exporters []sdktrace.SpanExporter
	var collectors []*otlp
	for _, target := range targets {
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			errs = append(errs, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT and JAEGER_ENDPOINT are URLs that begin with http:// or https://"))
			continue
		}
		headers, err := parseHeaders(getenv("OTEL_EXPORTER_OTLP_HEADERS"))
		if err != nil {
			errs = append(errs, err)
		}
		client := &http.Client{Timeout: 10 * time.Second}
		exporters = append(exporters, &otlp{target: signalURL(u, "traces"), headers: headers, client: client})
		collectors = append(collectors, &otlp{target: signalURL(u, "metrics"), headers: headers, client: client})
	}
	if yes("OTEL_EXPORT_CONSOLE", false) {
		exporters = append(exporters, console{os.Stderr})
	}
	if !yes("OTEL_ENABLE_TRACING", true) {
		exporters = nil
	}
	every, err := strconv.Atoi(env("OTEL_METRIC_EXPORT_INTERVAL", "60000"))
	if err != nil || every < 1 {
		errs = append(errs, fmt.Errorf("OTEL_METRIC_EXPORT_INTERVAL is %q, not a number of milliseconds", getenv("OTEL_METRIC_EXPORT_INTERVAL")))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	if len(collectors) > 0 {
		t.metrics = &reader{
			targets: collectors, resource: otlpResource{encodeAttributes(t.settings.resource(cmp.Or(t.settings.name, "spice-harvester")))},
			failed: func(err error) { logger.Warn("metrics are not exported", "error", err) }, stop: make(chan struct{}), stopped: make(chan struct{}),
		}
		go t.metrics.run(time.Duration(every) * time.Millisecond)
	}
	for _, e := range exporters {
		t.processors = append(t.processors, sdktrace.NewBatchSpanProcessor(e))
	}
	if len(exporters) > 0 {
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("spans are lost", "error", err) }))
	}
	return t, nil
}

// signalURL is where traces or metrics go: the endpoint is the collector's base, or
// the address of its traces.
func signalURL(u *url.URL, signal string) string {
	base := *u
	base.Path = strings.TrimSuffix(base.Path, "/v1/traces")
	return base.JoinPath("v1", signal).String()
}

// parseHeaders reads "name=value,name=value", percent-encoded. Its error does
// not tell the value: headers carry keys.
func parseHeaders(text string) (http.Header, error) {
	headers := http.Header{}
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			return nil, errors.New("OTEL_EXPORTER_OTLP_HEADERS is not a list of name=value")
		}
		headers.Set(strings.TrimSpace(name), value)
	}
	return headers, nil
}

// Scope gives the scope of a function. Each has a resource of its own, so that
// traces tell functions apart that share a process.
func (t *Telemetry) Scope(function string) *Scope {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, known := t.scopes[function]; known {
		return s
	}
	s := &Scope{Service: function}
	if len(t.processors) > 0 {
		options := []sdktrace.TracerProviderOption{
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(t.settings.rate))),
			sdktrace.WithResource(resource.NewSchemaless(t.settings.resource(cmp.Or(t.settings.name, function))...)),
		}
		for _, p := range t.processors {
			options = append(options, sdktrace.WithSpanProcessor(p))
		}
		s.tracer = sdktrace.NewTracerProvider(options...).Tracer(instrumentation)
	}
	t.scopes[function] = s
	return s
}

// Close exports the last spans and metrics.
func (t *Telemetry) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	for _, p := range t.processors {
		if err := p.Shutdown(ctx); err != nil {
			otel.Handle(err)
		}
	}
	if t.metrics != nil {
		t.metrics.close(ctx)
	}
}
