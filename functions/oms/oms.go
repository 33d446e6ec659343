// Package oms is the ontology management service: the writes and reads of the
// log for internal callers. It is another face of what the BFF serves.
package oms

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/monitoring"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
)

// Function is the OMS.
type Function struct {
	*httpapi.API
	core    *core.Core
	reads   *reads.Reads
	lists   *core.InstanceLists
	queries *core.Queries
}

// Open makes the OMS out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	api, err := httpapi.Open(p, "oms", "OMS", append([]string{"/health", "/"}, openapi.Exempt...))
	if err != nil {
		return nil, err
	}
	client, err := search.FromEnv(p.Config.Env, p.Transport)
	if err != nil {
		return nil, err
	}
	c := core.Open(p, "/functions/oms")
	f := &Function{
		API: api, core: c,
		reads: &reads.Reads{Log: p.Log, Search: client, Classes: c.Classes, Progress: p.Registry, Logger: p.Logger},
	}
	c.Writes.Stored = f.reads
	if f.queries, err = core.OpenQueries(p, c, client); err != nil {
		return nil, err
	}
	openapi.Serve(f.API, documentation, operations...)
	f.routes()
	monitor := monitoring.New(p)
	monitor.Routes(f.API)
	f.Handle("GET /health/container", monitor.Container)
	return f, nil
}

// Close implements service.Function; the platform owns all connections.
func (f *Function) Close() {}

func (f *Function) routes() {
	const db = "/api/v1/database"
	f.Handle("GET /{$}", f.root)
	f.Handle("GET /health", f.health)

	f.Handle("GET "+db+"/list", f.listDatabases)
	f.Handle("POST "+db+"/create", f.createDatabase)
	f.Handle("DELETE "+db+"/{db_name}", f.deleteDatabase)
	f.Handle("GET "+db+"/{first}/{second}", f.existsOrClasses)

	f.ontologyRoutes()

	f.core.TaskRoutes(f.API)
	f.instanceRoutes()

	const async = "/api/v1/instances/{db_name}/async"
	instances := &core.InstanceWrites{Core: f.core, ClassParam: "class_id"}
	f.Handle("POST "+async+"/{class_id}/create", instances.Create)
	f.Handle("PUT "+async+"/{class_id}/{instance_id}/update", instances.Update)
	f.Handle("DELETE "+async+"/{class_id}/{instance_id}/delete", instances.Delete)
	f.Handle("POST "+async+"/{class_id}/bulk-create", instances.BulkCreate)
	f.Handle("POST "+async+"/{class_id}/bulk-create-tracked", instances.BulkCreateTracked)
	f.Handle("POST "+async+"/{class_id}/bulk-update", instances.BulkUpdate)
	f.Handle("POST "+async+"/{class_id}/bulk-delete", instances.BulkDelete)
	f.Handle("POST "+async+"/{class_id}/{instance_id}/restore", instances.Restore)

	f.queryRoutes()

	f.Handle("GET "+async+"/command/{command_id}/status", f.core.CommandStatus)
	f.Handle("GET /api/v1/commands/{command_id}/status", f.core.CommandStatus)
	f.Handle("POST /api/v1/commands/{command_id}/cancel", f.core.CancelCommand)
}
