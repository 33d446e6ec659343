package bff

import (
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/rebuild"
)

// openProjection lets the checker compare the graph in TerminusDB and the rebuilder
// make it again, and Redis empty. The projection itself runs elsewhere and goes on meanwhile.
func (f *Function) openProjection(p *platform.Platform) error {
	projection, client, err := graphprojection.Open(p)
	if err != nil {
		return err
	}
	f.checker.Graph = &graphprojection.Graph{Log: p.Log, Client: client}
	sink := &rebuild.Graph{Projection: projection, Checker: f.checker, Databases: f.databaseNames}
	f.rebuilder.Sinks = append(f.rebuilder.Sinks, sink.Sink(), rebuild.Statuses(p.Statuses))
	return nil
}
