package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/trace"
)

// Scope is the function that works. Several live in one process on the local
// host; metrics and spans name the one that did it.
type Scope struct {
	Service string
	tracer  trace.Tracer // nil without tracing
}

type scopeKey struct{}

// none is the scope of what nobody gave one.
var none = &Scope{}

// With gives a context in which the function works.
func With(ctx context.Context, s *Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// From gives the function that works in a context. It is never nil.
func From(ctx context.Context) *Scope {
	if s, ok := ctx.Value(scopeKey{}).(*Scope); ok && s != nil {
		return s
	}
	return none
}

// Handler serves requests as the function.
func (s *Scope) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(With(r.Context(), s)))
	})
}

// LookedUp counts a look into a cache.
func LookedUp(ctx context.Context, cache string, hit bool) {
	result := "miss"
	if hit {
		result = "hit"
	}
	CacheAccess.WithLabelValues(From(ctx).Service, cache, result).Inc()
}
