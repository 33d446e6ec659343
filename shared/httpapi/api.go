// Package httpapi is what the HTTP APIs share: authentication, decoding,
// answers, errors in the contract's shape and in the reader's language.
//
//	api.go       routing, panics, unknown routes
//	edge.go      what comes before the routes: cors.go, limit.go, headers of every answer
//	auth.go      the shared token
//	request.go   parameters and bodies, with every mistake named
//	response.go  answers
//	writes.go    accepted commands, Idempotency-Key, Prefer: wait
package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/uuid"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/telemetry"
)

// Handler answers a request. Its error becomes an error body; what is no
// problem.Problem becomes a 500 without its text.
type Handler func(r *Request) (*Response, error)

// API is one HTTP API.
type API struct {
	Service string // bff, oms or funnel, as error bodies name it
	Auth    Auth
	Edge    Edge
	Logger  *slog.Logger

	mux      *http.ServeMux
	routes   []string
	upgrades map[string]bool
}

// New makes an API without routes.
func New(service string, auth Auth, logger *slog.Logger) *API {
	a := &API{Service: service, Auth: auth, Logger: logger, mux: http.NewServeMux(), upgrades: map[string]bool{}}
	a.mux.HandleFunc(metricsRoute, telemetry.Metrics)
	return a
}

// Handle adds a route, in http.ServeMux's pattern language, "METHOD /path".
func (a *API) Handle(pattern string, h Handler, options ...Option) {
	rt := &route{pattern: pattern, handler: h}
	for _, option := range options {
		option(rt)
	}
	a.routes = append(a.routes, pattern)
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, rt) })
}

// Upgrade adds a route that leaves HTTP, as a WebSocket does. It is no part of Routes,
// and checks the token itself, with Admit.
func (a *API) Upgrade(pattern string, h http.HandlerFunc) {
	a.upgrades[pattern] = true
	a.mux.HandleFunc(pattern, h)
}

// Admit checks a token that did not come in a header.
func (a *API) Admit(token string) *problem.Problem { return a.Auth.admit(token) }

// Refuse answers a request to an Upgrade route that is not taken.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, endpoint string, p *problem.Problem) {
	a.fail(w, r, endpoint, p)
}

// Routes lists the patterns, in the order they were added.
func (a *API) Routes() []string { return slices.Clone(a.routes) }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.observe(w, r, a.answer)
}

// answer lets a request through the edge and the guard to its handler.
func (a *API) answer(w http.ResponseWriter, r *http.Request) {
	a.Edge.mark(w, r)
	if a.Edge.CORS.Enabled && isPreflight(r) {
		if p := a.Edge.CORS.preflight(w, r); p != nil {
			a.fail(w, r, "cors", p)
		}
		return
	}
	handler, pattern := a.mux.Handler(r)
	if !a.upgrades[pattern] {
		if p := a.Auth.check(r); p != nil {
			a.fail(w, r, "auth", p)
			return
		}
	}
	if pattern == "" {
		a.noRoute(w, r, handler)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// noRoute answers what the mux would say in plain text.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request, mux http.Handler) {
	probe := &headerOnly{header: http.Header{}}
	mux.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		a.fail(w, r, "router", problem.MethodNotAllowed(probe.header.Get("Allow")))
		return
	}
	a.fail(w, r, "router", problem.RouteNotFound())
}

// headerOnly hears what a handler would answer.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

func (a *API) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	req := newRequest(a, w, r)
	if p := a.take(w, r, rt); p != nil {
		a.fail(w, r, rt.pattern, p)
		return
	}
	resp, err := a.protect(req, rt.handler)
	if err == nil {
		err = req.errs.Err()
	}
	if err != nil {
		a.fail(w, r, rt.pattern, problem.From(err))
		return
	}
	resp.write(w, req)
}

// protect turns a panic into an error of ours.
func (a *API) protect(r *Request, h Handler) (resp *Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = problem.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return h(r)
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, endpoint string, p *problem.Problem) {
	lang := problem.ChooseLang(r.URL.Query(), r.Header.Get("Accept-Language"))
	trace := traceID(r)
	origin := problem.Origin{Service: a.Service, Method: r.Method, Path: r.URL.Path, Endpoint: endpoint}
	render := problem.Render
	if acceptsProblem(r) {
		render = problem.RenderRFC9457
	}
	status, body, header := render(p, lang, origin, trace, requestID(r))
	if status >= http.StatusInternalServerError {
		a.Logger.ErrorContext(r.Context(), "request fails", "method", r.Method, "path", r.URL.Path, "status", status, "error", p.Error())
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	w.Write(body) // the client may be gone
}

// traceID continues the client's W3C trace, or begins one.
func traceID(r *http.Request) string {
	if c := telemetry.Parse(r.Header.Get("Traceparent")); c.IsValid() {
		return c.TraceID().String()
	}
	id := strings.ReplaceAll(uuid.NewString(), "-", "")
	r.Header.Set("Traceparent", "00-"+id+"-"+id[:16]+"-01")
	return id
}
