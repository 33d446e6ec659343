package rest

import (
	"net/url"
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// route is a path with the methods that it takes. A part in braces is a
// variable.
type route struct {
	methods []string
	parts   []string
	params  []string
	do      func(*request) reply
}

const indexParams = "ignore_unavailable allow_no_indices expand_wildcards"
const masterParams = "timeout master_timeout"
const writeParams = "routing refresh timeout version version_type if_seq_no if_primary_term wait_for_active_shards require_alias"

// add builds a route from "GET,POST /{index}/_search".
func add(list []route, spec, params string, do func(*request) reply) []route {
	methods, path, _ := strings.Cut(spec, " ")
	return append(list, route{strings.Split(methods, ","), split(path), strings.Fields(params), do})
}

func split(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

// match finds the route of a request; if there is none, the reply says so.
func (h *Handler) match(q *request) (*route, map[string]string, reply) {
	path := q.URL.EscapedPath()
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if n := len(parts); n > 1 && parts[n-1] == "" {
		parts = parts[:n-1]
	}
	for i, p := range parts {
		text, err := url.PathUnescape(p)
		if err != nil {
			return nil, nil, noHandler(q)
		}
		parts[i] = text
	}
	var allowed []string
	for i := range h.routes {
		rt := &h.routes[i]
		vars, fits := rt.fits(parts)
		if !fits {
			continue
		}
		if slices.Contains(rt.methods, q.Method) {
			return rt, vars, reply{}
		}
		for _, m := range rt.methods {
			if !slices.Contains(allowed, m) {
				allowed = append(allowed, m)
			}
		}
	}
	if allowed == nil && len(parts) == 2 && parts[0] != "" && parts[1] != "" && q.Method != "POST" {
		// The real server has a route for old clients here.
		allowed = []string{"POST"}
	}
	if allowed == nil {
		return nil, nil, noHandler(q)
	}
	return nil, nil, reply{status: 405, header: map[string]string{"Allow": strings.Join(allowed, ",")}, body: xcontent.Obj{
		{Key: "error", Val: "Incorrect HTTP method for uri [" + q.URL.RequestURI() + "] and method [" + q.Method + "], allowed: [" + strings.Join(allowed, ", ") + "]"},
		{Key: "status", Val: 405},
	}}
}

func noHandler(q *request) reply {
	return reply{status: 400, body: xcontent.Obj{
		{Key: "error", Val: "no handler found for uri [" + q.URL.RequestURI() + "] and method [" + q.Method + "]"},
	}}
}

// fits compares a path with the route; only a fitting one gets its variables.
func (rt *route) fits(parts []string) (map[string]string, bool) {
	if len(parts) != len(rt.parts) {
		return nil, false
	}
	for i, want := range rt.parts {
		if variable := strings.HasPrefix(want, "{"); variable && parts[i] == "" || !variable && parts[i] != want {
			return nil, false
		}
	}
	vars := map[string]string{}
	for i, want := range rt.parts {
		if name, variable := strings.CutPrefix(want, "{"); variable {
			vars[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return vars, true
}
