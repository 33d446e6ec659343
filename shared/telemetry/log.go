package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

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

// logHandler adds the trace of the context.
type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
