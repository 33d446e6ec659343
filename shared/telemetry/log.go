package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger makes the logger of a process: JSON lines from LOG_LEVEL on (debug,
// info, warn, error; default info), each with the trace that it belongs to.
func NewLogger(out io.Writer, getenv func(string) string) (*slog.Logger, error) {
	var level slog.Level
	if text := strings.TrimSpace(getenv("LOG_LEVEL")); text != "" {
		if strings.EqualFold(text, "warning") {
			text = "warn"
		}
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("LOG_LEVEL is %q, not debug, info, warn or error", text)
		}
	}
	return slog.New(logHandler{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level})}), nil
}

// logHandler adds what the context is about: trace, request, command.
type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String()))
	}
	if a, ok := ctx.Value(aboutKey{}).(*about); ok {
		if a.request != "" {
			r.AddAttrs(slog.String("request_id", a.request))
		}
		if command := *a.command.Load(); command != "" {
			r.AddAttrs(slog.String("command_id", command))
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }

// about is what log lines name beside the trace.
type about struct {
	request string
	command atomic.Pointer[string] // a request learns it while it is served
}

type aboutKey struct{}

// About gives a context whose log lines name a request and a command, each "" if it
// is not known. The request is the client's X-Request-ID; what a job causes names
// the job instead.
func About(ctx context.Context, request, command string) context.Context {
	a := &about{request: request}
	a.command.Store(&command)
	return context.WithValue(ctx, aboutKey{}, a)
}

// Commanded says which command came of a request: what its context logs from then on
// names it.
func Commanded(ctx context.Context, command string) {
	if a, ok := ctx.Value(aboutKey{}).(*about); ok {
		a.command.Store(&command)
	}
}
