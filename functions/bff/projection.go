package bff

import (
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/parking"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/rebuild"
)

// openProjection lets the checker compare the graph in TerminusDB and the rebuilder
// make it again, and Redis empty, and operators replay what is parked. The projection itself runs elsewhere and goes on meanwhile.
func (f *Function) openProjection(p *platform.Platform) error {
	projection, client, err := graphprojection.Open(p)
	if err != nil {
		return err
	}
	f.checker.Graph = &graphprojection.Graph{Log: p.Log, Client: client}
	f.parking = &parking.Service{Registry: p.Registry, Log: p.Log, Graph: projection, Source: "/functions/bff", Now: p.Now}
	sink := &rebuild.Graph{Projection: projection, Checker: f.checker, Databases: f.databaseNames}
	f.rebuilder.Sinks = append(f.rebuilder.Sinks, sink.Sink(), rebuild.Statuses(p.Statuses))
	return nil
}
