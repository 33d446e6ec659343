package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/telemetry"
)

// metricsRoute is served by every API, behind its guard.
const metricsRoute = "GET /metrics"

// ServesMetrics says that the API itself answers GET /metrics.
func (a *API) ServesMetrics() {}

// untraced are the paths that probes and scrapers call all the time.
var untraced = []string{"/health", "/metrics"}

func traced(path string) bool {
	for _, end := range untraced {
		if strings.HasSuffix(path, end) {
			return false
		}
	}
	return true
}

// observe counts, times and traces a request. Afterwards the header Traceparent
// holds the request's place in its trace, whether spans are made or not: error
// bodies, commands and logs take it from there.
func (a *API) observe(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	begin := time.Now()
	ctx, span := r.Context(), trace.Span(nil)
	if traced(r.URL.Path) {
		ctx, span = telemetry.From(ctx).Server(ctx, r.Header.Get("Traceparent"), r.Method, attribute.String("http.request.method", r.Method))
		if parent := telemetry.Format(span.SpanContext()); parent != "" {
			r.Header.Set("Traceparent", parent)
		} else {
			span = nil
		}
	}
	if traceID(r); span == nil {
		ctx = telemetry.Within(ctx, r.Header.Get("Traceparent"))
	}
	ctx = telemetry.About(ctx, requestID(r), "")
	r = r.WithContext(ctx)
	r.Pattern = "" // of a mux before this one
	rec := &recorder{ResponseWriter: w}
	defer func() {
		endpoint, took := a.endpoint(r), time.Since(begin)
		method := r.Method
		if endpoint == unmatched {
			method = "other" // a client may invent methods
		}
		telemetry.HTTPRequests.WithLabelValues(a.Service, method, endpoint, strconv.Itoa(rec.code())).Inc()
		telemetry.HTTPDuration.WithLabelValues(a.Service, method, endpoint).Observe(took.Seconds())
		if r.ContentLength >= 0 {
			telemetry.RequestSize.WithLabelValues(a.Service, method, endpoint).Observe(float64(r.ContentLength))
		}
		telemetry.ResponseSize.WithLabelValues(a.Service, method, endpoint).Observe(float64(rec.size))
		if span != nil {
			span.SetName(method + " " + endpoint)
			span.SetAttributes(attribute.String("http.route", endpoint), attribute.Int("http.response.status_code", rec.code()))
			if rec.code() >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, fmt.Sprintf("status %d", rec.code()))
			}
			span.End()
		}
		a.Logger.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", method), slog.String("endpoint", endpoint),
			slog.Int("status", rec.code()), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	}()
	next(rec, r)
}

// unmatched is the endpoint of requests that no route takes.
const unmatched = "unmatched"

// endpoint gives the template of the request's route, without the method.
func (a *API) endpoint(r *http.Request) string {
	pattern := r.Pattern
	if pattern == "" { // the guard answered before the router
		_, pattern = a.mux.Handler(r)
	}
	if pattern == "" {
		return unmatched
	}
	_, path, _ := strings.Cut(pattern, " ")
	return strings.TrimSuffix(path, "{$}")
}

// recorder remembers the status of an answer and the size of its body, in bytes.
type recorder struct {
	http.ResponseWriter
	status int
	size   int64
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.size += int64(n)
	return n, err
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
