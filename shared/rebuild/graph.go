package rebuild

import (
	"context"
	"fmt"

	"spiceharvester/shared/checker"
	"spiceharvester/shared/graphprojection"
)

// Graph rebuilds the graph in TerminusDB: each database is dropped there and
// projected again. Until it is complete, traversal by TerminusDB sees a part.
type Graph struct {
	Projection *graphprojection.Sink
	Checker    *checker.Checker
	Databases  func(ctx context.Context) ([]string, error)
}

// Sink is the rebuild of all databases.
func (g *Graph) Sink() Sink {
	return Sink{Name: "graph", Rebuild: func(ctx context.Context) (Report, error) {
		r := Report{Equal: true}
		if err := g.Projection.RebuildAll(ctx); err != nil {
			return r, err
		}
		names, err := g.Databases(ctx)
		if err != nil {
			return r, err
		}
		for _, name := range names {
			if err := g.compare(ctx, name, &r); err != nil {
				return r, err
			}
		}
		return r, nil
	}}
}

// compare adds what a database's graph holds to a report.
func (g *Graph) compare(ctx context.Context, database string, r *Report) error {
	check, err := g.Checker.Check(ctx, database)
	if err != nil {
		return err
	}
	if check.Graph.Error != "" {
		r.Equal = false
		r.Notes = append(r.Notes, database+": "+check.Graph.Error)
	}
	for _, c := range check.Graph.Classes {
		r.Rows += int64(c.Present)
		if !c.Equal {
			r.Equal = false
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s %s: %d missing, %d surplus, %d different", database, c.Kind, c.Class, c.Missing, c.Surplus, c.Different))
		}
	}
	return nil
}
