package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/telemetry"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func open(t *testing.T, pairs ...string) *telemetry.Telemetry {
	t.Helper()
	p, err := telemetry.Open(env(pairs...), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWrongSettingsAreNamedWithoutTheirSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_TRACE_SAMPLE_RATE": "many", "OTEL_ENABLE_TRACING": "perhaps", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317", "OTEL_EXPORTER_OTLP_HEADERS": "swordfish",
	} {
		_, err := telemetry.Open(env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", name, value), slog.New(slog.DiscardHandler))
		if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
			_, err = telemetry.Open(env(name, value), slog.New(slog.DiscardHandler))
		}
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutACollectorThereAreNoSpans(t *testing.T) {
	for _, settings := range [][]string{nil, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_ENABLE_TRACING", "false"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORT_OTLP", "false"}} {
		p := open(t, settings...)
		ctx, span := p.Scope("bff").Server(t.Context(), parent, "GET")
		if span.IsRecording() || telemetry.Recording(ctx) {
			t.Errorf("%v: a span", settings)
		}
		p.Close()
	}
}

func TestASampleRateOfZeroStillContinuesSampledTraces(t *testing.T) {
	p := open(t, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_TRACE_SAMPLE_RATE", "0")
	s := p.Scope("bff")
	if _, span := s.Server(t.Context(), "", "GET"); span.IsRecording() || !span.SpanContext().IsValid() {
		t.Error("a new trace is recorded, or has no id")
	}
	if _, span := s.Continue(t.Context(), parent, "x", trace.SpanKindConsumer); !span.IsRecording() {
		t.Error("a sampled trace breaks off")
	}
	if _, span := s.Continue(t.Context(), strings.TrimSuffix(parent, "1")+"0", "x", trace.SpanKindConsumer); span.IsRecording() {
		t.Error("a trace that is not sampled is recorded")
	}
}

// The body of an export, as a collector reads it.
func TestSpansReachTheCollector(t *testing.T) {
	bodies := make(chan []byte, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Key") != "a b" || r.URL.Path != "/v1/traces" && r.URL.Path != "/v1/metrics" {
			t.Errorf("%s with %v", r.URL.Path, r.Header)
		}
		if r.URL.Path == "/v1/traces" {
			bodies <- body
		}
	}))
	defer collector.Close()
	p := open(t, "OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL, "OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b", "OTEL_ENVIRONMENT", "test")
	ctx, first := p.Scope("instance-worker").Continue(t.Context(), parent, "consume", trace.SpanKindConsumer)
	_, second := p.Scope("instance-worker").Continue(t.Context(), parent, "consume", trace.SpanKindConsumer)
	ctx, whole := telemetry.Together(ctx, "effect", []trace.Span{nil, first, second})
	_, below := telemetry.Child(ctx, "call", trace.SpanKindClient)
	telemetry.End(below, errors.New("refused"))
	whole.End()
	second.End()
	first.End()
	p.Close()
	var body struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []struct{ Key string } }
			ScopeSpans []struct {
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name, StartTimeUnixNano string
					Kind                                                   int
					Links                                                  []struct{ SpanID string }
					Status                                                 struct {
						Code    int
						Message string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(<-bodies, &body); err != nil {
		t.Fatal(err)
	}
	spans := body.ResourceSpans[0].ScopeSpans[0].Spans
	if len(body.ResourceSpans) != 1 || len(body.ResourceSpans[0].Resource.Attributes) != 4 || len(spans) != 4 {
		t.Fatalf("%+v", body)
	}
	call, effect, other, consumed := spans[0], spans[1], spans[2], spans[3]
	if call.ParentSpanID != effect.SpanID || effect.ParentSpanID != consumed.SpanID || consumed.ParentSpanID != "b7ad6b7169203331" || len(effect.Links) != 1 || effect.Links[0].SpanID != other.SpanID {
		t.Errorf("not connected: %+v", spans)
	}
	if call.Status.Code != 2 || call.Status.Message != "refused" || call.Kind != 3 || consumed.Kind != 5 || consumed.TraceID != parent[3:35] || consumed.StartTimeUnixNano == "" {
		t.Errorf("%+v", spans)
	}
}

func TestLogsNameTheirTrace(t *testing.T) {
	var out bytes.Buffer
	logger, err := telemetry.NewLogger(&out, env("LOG_LEVEL", "warning"))
	if err != nil {
		t.Fatal(err)
	}
	logger = logger.With("function", "bff")
	ctx := telemetry.About(telemetry.Within(t.Context(), parent), "r-1", "")
	telemetry.Commanded(ctx, "c-1")
	logger.InfoContext(ctx, "quiet")
	logger.WarnContext(ctx, "loud")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "loud" || line["function"] != "bff" || line["trace_id"] != parent[3:35] || line["request_id"] != "r-1" || line["command_id"] != "c-1" {
		t.Errorf("%v in %s", err, out.String())
	}
	if _, err := telemetry.NewLogger(&out, env("LOG_LEVEL", "shout")); err == nil || !strings.Contains(err.Error(), "LOG_LEVEL") {
		t.Errorf("%v", err)
	}
}

func TestASourceThatFailsIsCountedAndHidesNothing(t *testing.T) {
	remove := telemetry.SetSource("test", func(context.Context) error { return errors.New("away") })
	defer remove()
	w := httptest.NewRecorder()
	telemetry.Metrics(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `spice_scrape_errors_total{source="test"} 1`) || !strings.Contains(w.Body.String(), "go_goroutines") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestParse(t *testing.T) {
	if got := telemetry.Format(telemetry.Parse(parent)); got != parent {
		t.Errorf("%s becomes %s", parent, got)
	}
	for _, bad := range []string{"", "x", strings.ToUpper(parent), "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", parent[:50]} {
		if telemetry.Parse(bad).IsValid() {
			t.Errorf("%q is taken", bad)
		}
	}
}
