package graphquery

import (
	"fmt"
	"strconv"
	"strings"

	"spiceharvester/shared/httpapi"
)

// Limits bound a query whatever it asks for.
type Limits struct {
	Hops     int  // GRAPH_QUERY_MAX_HOPS
	Limit    int  // GRAPH_QUERY_MAX_LIMIT: bindings of a page
	Paths    int  // GRAPH_QUERY_MAX_PATHS
	Visits   int  // GRAPH_QUERY_MAX_VISITS: edges and nodes looked at for one answer
	Semantic bool // GRAPH_QUERY_ENFORCE_SEMANTICS
}

// DefaultLimits hold where the environment says nothing.
var DefaultLimits = Limits{Hops: 10, Limit: 1000, Paths: 2000, Visits: 100_000, Semantic: true}

// Bounds of what a request may choose.
const (
	maxNodes   = 20_000
	maxEdges   = 50_000
	maxFilters = 100
)

// LimitsFromEnv reads the limits.
func LimitsFromEnv(getenv func(string) string) (Limits, error) {
	l := DefaultLimits
	for _, v := range []struct {
		name string
		into *int
		high int
	}{
		{"GRAPH_QUERY_MAX_HOPS", &l.Hops, 50}, {"GRAPH_QUERY_MAX_LIMIT", &l.Limit, 10_000},
		{"GRAPH_QUERY_MAX_PATHS", &l.Paths, 100_000}, {"GRAPH_QUERY_MAX_VISITS", &l.Visits, 10_000_000},
	} {
		text := strings.TrimSpace(getenv(v.name))
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > v.high {
			return l, fmt.Errorf("environment: %s is %q, not a number from 1 to %d", v.name, text, v.high)
		}
		*v.into = n
	}
	const semantics = "GRAPH_QUERY_ENFORCE_SEMANTICS"
	if text := strings.TrimSpace(getenv(semantics)); text != "" {
		on, ok := httpapi.Switch(text)
		if !ok {
			return l, fmt.Errorf("environment: %s is %q, neither true nor false", semantics, text)
		}
		l.Semantic = on
	}
	return l, nil
}
