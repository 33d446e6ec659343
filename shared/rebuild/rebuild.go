// Package rebuild makes from the log what was lost, or what is not trusted any
// more: the index, the registries, the projections. All of them are functions of
// the log; what is not is listed in NotKept.
//
//	rebuild.go   the sinks and one after the other
//	index.go     the index of the log in PostgreSQL
//	registry.go  datasets, mapping specs, jobs
//	search.go    documents, built beside the ones in use
//	trail.go     lineage, audit, roles in databases
//	notkept.go   tables whose content a total loss takes
package rebuild

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Sink is one thing that can be rebuilt.
type Sink struct {
	Name string
	// Rebuild makes the sink from the log while everything serves.
	Rebuild func(ctx context.Context) (Report, error)
}

// Report tells what a rebuild did. Rows are what the sink holds afterwards, as
// far as it counts them; Events are what was read of the log.
type Report struct {
	Sink    string   `json:"sink"`
	Rows    int64    `json:"rows"`
	Events  int64    `json:"events"`
	Seconds float64  `json:"seconds"`
	PerSec  float64  `json:"rows_per_second"`
	Equal   bool     `json:"equal"` // the rebuilt sink equals the fold of the log, or what it was before
	Notes   []string `json:"notes,omitempty"`
}

// Rebuilder rebuilds sinks.
type Rebuilder struct {
	Sinks []Sink // in the order in which they depend on each other
	Now   func() time.Time
}

// Names lists the sinks.
func (r *Rebuilder) Names() []string {
	names := make([]string, len(r.Sinks))
	for i, s := range r.Sinks {
		names[i] = s.Name
	}
	return names
}

// Run rebuilds the named sinks, or all, one after the other, in their order.
// progress hears each report as it comes.
func (r *Rebuilder) Run(ctx context.Context, names []string, progress func(Report)) ([]Report, error) {
	var reports []Report
	for _, s := range r.Sinks {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		began := r.Now()
		report, err := s.Rebuild(ctx)
		if err != nil {
			return reports, fmt.Errorf("rebuild %s: %w", s.Name, err)
		}
		report.Sink, report.Seconds = s.Name, r.Now().Sub(began).Seconds()
		if report.Seconds > 0 {
			report.PerSec = float64(report.Rows) / report.Seconds
		}
		reports = append(reports, report)
		progress(report)
	}
	return reports, nil
}
