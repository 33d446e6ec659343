// Package pgtrace measures what goes to PostgreSQL, and makes spans of it inside
// recorded spans. Statements are the program's own texts; values never show.
package pgtrace

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/telemetry"
)

// Tracer implements pgx.QueryTracer and pgx.BatchTracer.
type Tracer struct {
	Service string // whose pool it is
}

var (
	_ pgx.QueryTracer = Tracer{}
	_ pgx.BatchTracer = Tracer{}
)

// call is one statement or batch on its way.
type call struct {
	statement
	begin time.Time
	span  trace.Span
}

type callKey struct{}

func (t Tracer) begin(ctx context.Context, s statement) context.Context {
	c := &call{statement: s, begin: time.Now()}
	ctx, c.span = telemetry.Child(ctx, "postgres "+s.operation, trace.SpanKindClient,
		attribute.String("db.system", "postgresql"), attribute.String("db.operation", s.operation), attribute.String("db.sql.table", s.table))
	return context.WithValue(ctx, callKey{}, c)
}

func (t Tracer) end(ctx context.Context, err error) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	telemetry.DBQueries.WithLabelValues(t.Service, c.operation, c.table, strconv.FormatBool(err == nil)).Inc()
	telemetry.DBDuration.WithLabelValues(t.Service, c.operation, c.table).Observe(time.Since(c.begin).Seconds())
	telemetry.End(c.span, err)
}

// TraceQueryStart implements pgx.QueryTracer.
func (t Tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx, parse(d.SQL))
}

// TraceQueryEnd implements pgx.QueryTracer. No row is no error.
func (t Tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	if errors.Is(d.Err, pgx.ErrNoRows) {
		d.Err = nil
	}
	t.end(ctx, d.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (t Tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx, statement{"batch", ""})
}

// TraceBatchQuery implements pgx.BatchTracer.
func (t Tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (t Tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchEndData) {
	t.end(ctx, d.Err)
}

// statement is what the labels say of a statement.
type statement struct{ operation, table string }

// known remembers statements: there are as many as the program has texts.
var known sync.Map

// maxKnown bounds what is remembered, should a text ever be made at run time.
const maxKnown = 2000

var remembered struct {
	sync.Mutex
	n int
}

func parse(sql string) statement {
	if s, ok := known.Load(sql); ok {
		return s.(statement)
	}
	s := read(sql)
	remembered.Lock()
	defer remembered.Unlock()
	if remembered.n < maxKnown {
		remembered.n++
		known.Store(sql, s)
	}
	return s
}

var target = regexp.MustCompile(`(?is)\b(?:from|into|update|join)\s+(?:only\s+)?([a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)?)`)

// operations are the first words that become labels.
var operations = map[string]bool{"select": true, "insert": true, "update": true, "delete": true, "with": true, "begin": true, "commit": true, "rollback": true, "create": true, "drop": true, "set": true, "lock": true, "copy": true}

// read takes the first word and the first table of a statement.
func read(sql string) statement {
	word, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	if word, _, _ = strings.Cut(word, "\n"); word != "" {
		word = strings.ToLower(strings.TrimRight(word, ";("))
	}
	if !operations[word] {
		word = "other"
	}
	s := statement{operation: word}
	if m := target.FindStringSubmatch(sql); m != nil {
		s.table = strings.ToLower(m[1])
	}
	return s
}
