package graphprojection_test

import (
	"context"
	"net/http"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/graph/graphtest"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/writes"
)

func TestEngineConformance(t *testing.T) {
	graphtest.Suite(t, func(t *testing.T) graphtest.World {
		w := newWorld(t)
		s := &engineWorld{w}
		return graphtest.World{
			Engine: graphprojection.NewEngine(w.log, w.client), Put: s.put, Delete: s.delete,
			Break: func() func() {
				w.wire.set(func(r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
					if err := r.Context().Err(); err != nil {
						return nil, err
					}
					return nil, errCut
				})
				return func() { w.wire.set(nil) }
			},
		}
	})
}

// engineWorld fills the graph through the log and the projection.
type engineWorld struct{ *world }

// exists reports whether an aggregate exists.
func (w *engineWorld) exists(database string, a event.Aggregate) bool {
	w.t.Helper()
	states, _, err := w.log.States(context.Background(), database, a)
	if err != nil {
		w.t.Fatal(err)
	}
	return states[a].Exists
}

func (w *engineWorld) put(t testing.TB, database string, instances ...graphtest.Instance) {
	t.Helper()
	if !w.exists(database, event.DatabaseAggregate(database)) {
		w.database(database, event.Creates)
	}
	var entries []eventlog.Entry
	for _, i := range instances {
		ref := instance.Ref{Database: database, Branch: "main", Class: i.Node.Class, ID: i.Node.ID}
		var links [][3]string
		for _, l := range i.Links {
			links = append(links, [3]string{l.Predicate, l.To.Class, l.To.ID})
		}
		lifecycle := event.Creates
		if w.exists(database, writes.InstanceAggregate(ref)) {
			lifecycle = event.Changes
		}
		entries = append(entries, w.instance(database, ref.Class, ref.ID, lifecycle, nil, links...))
	}
	w.append(entries...)
	w.mustFollow()
}

func (w *engineWorld) delete(t testing.TB, database string, nodes ...graph.Node) {
	t.Helper()
	for _, n := range nodes {
		w.append(w.instance(database, n.Class, n.ID, event.Deletes, nil))
	}
	w.mustFollow()
}
