package redisclient

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/telemetry"
)

// tracing implements redis.Hook: it makes spans of commands inside recorded
// spans. They hold the names of commands; keys and values never show.
type tracing struct{}

// DialHook implements redis.Hook. A dial is part of the command that needs it.
func (tracing) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return next(ctx, network, address)
	}
}

// ProcessHook implements redis.Hook.
func (tracing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, span := begin(ctx, strings.ToLower(cmd.Name()))
		err := next(ctx, cmd)
		end(span, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. One round trip is one span.
func (tracing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, span := begin(ctx, "pipeline", attribute.Int("db.operation.batch.size", len(cmds)))
		err := next(ctx, cmds)
		end(span, err)
		return err
	}
}

func begin(ctx context.Context, operation string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return telemetry.Child(ctx, "redis "+operation, trace.SpanKindClient,
		append(attributes, attribute.String("db.system", "redis"), attribute.String("db.operation", operation))...)
}

// end ends a span. A key that is absent and a script that is not yet known are no
// errors. An answer of the server is told by its first word only: the rest may
// repeat arguments.
func end(span trace.Span, err error) {
	var answer redis.Error
	switch {
	case errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "NOSCRIPT"):
		err = nil
	case errors.As(err, &answer):
		word, _, _ := strings.Cut(answer.Error(), " ")
		err = errors.New(word)
	}
	telemetry.End(span, err)
}
