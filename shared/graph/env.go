package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The names of engines.
const (
	Elasticsearch = "elasticsearch"
	TerminusDB    = "terminusdb"
)

// FromEnv opens the engine that GRAPH_ENGINE names, elasticsearch by default.
// Only that one is opened.
func FromEnv(getenv func(string) string, engines map[string]func() (Engine, error)) (name string, engine Engine, err error) {
	name = strings.ToLower(strings.TrimSpace(getenv("GRAPH_ENGINE")))
	if name == "" {
		name = Elasticsearch
	}
	open, known := engines[name]
	if !known {
		return "", nil, fmt.Errorf("environment: GRAPH_ENGINE is %q, not one of %s", name, strings.Join(slices.Sorted(maps.Keys(engines)), ", "))
	}
	engine, err = open()
	return name, engine, err
}
