// Package bff is the public API of the platform.
package bff

import (
	"net/http"

	"spiceharvester/shared/access"
	"spiceharvester/shared/audit"
	"spiceharvester/shared/checker"
	"spiceharvester/shared/config"
	"spiceharvester/shared/core"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lakekeys"
	"spiceharvester/shared/lineage"
	"spiceharvester/shared/live"
	"spiceharvester/shared/monitoring"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/parking"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/rebuild"
	"spiceharvester/shared/search"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/trail"
)

// Function is the BFF.
type Function struct {
	*httpapi.API
	core    *core.Core
	reads   *reads.Reads
	checker *checker.Checker
	live    *live.Hub
	graph   graphs
	queries *core.Queries

	ingest    *ingest.Service
	lakeKeys  *lakekeys.Store
	access    access.Store
	guarded   bool // roles count: in production
	objectify *objectify.Store
	wake      wakers

	tasks     *tasks.Runner
	documents *rebuild.Search
	rebuilder *rebuild.Rebuilder
	trail     *follow.Follower
	lineage   *lineage.Reader
	audit     *audit.Store
	probes    probes
	parking   *parking.Service
}

// exempt are the paths that need no token.
var exempt = append([]string{"/api/v1/health", "/api/v1/", "/api/v1/data-connectors/google-sheets/oauth/callback"}, openapi.Exempt...)

// Open makes the BFF out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	api, err := httpapi.Open(p, "bff", "BFF", exempt)
	if err != nil {
		return nil, err
	}
	client, err := search.FromEnv(p.Config.Env, p.Transport)
	if err != nil {
		return nil, err
	}
	files, err := ingest.Open(p)
	if err != nil {
		return nil, err
	}
	c := core.Open(p, "/functions/bff")
	wake := func(function string) func() {
		nudger := p.Nudger(function)
		return func() { nudger.Nudge(0) }
	}
	f := &Function{
		API: api, core: c, checker: &checker.Checker{Log: p.Log, Search: client},
		ingest: files, lakeKeys: lakekeys.Open(p), access: access.Store{Pool: p.Pool}, guarded: config.Production(p.Config.Env), objectify: &objectify.Store{Pool: p.Pool, Now: p.Now},
		wake:    wakers{wake("dataset-ingest-outbox-worker"), wake(objectify.Publisher), wake("objectify-worker")},
		lineage: &lineage.Reader{Pool: p.Pool, Log: p.Log, Bucket: p.Config.EventStoreBucket, Now: p.Now}, audit: &audit.Store{Pool: p.Pool},
		probes: probes{search: client.Health, redis: redisProbe(p)},
		reads:  &reads.Reads{Log: p.Log, Search: client, Classes: c.Classes, Progress: p.Registry, Logger: p.Logger},
	}
	f.tasks = &tasks.Runner{Store: tasks.OpenStore(p), Logger: p.Logger}
	f.documents = &rebuild.Search{Log: p.Log, Client: client, Checker: f.checker, Watermarks: p.Registry, Databases: f.databaseNames, Now: p.Now}
	sink, follower := trail.Open(p)
	f.trail = follower
	f.rebuilder = &rebuild.Rebuilder{Now: p.Now, Sinks: []rebuild.Sink{
		rebuild.Index(p.Log, p.Pool), rebuild.Registries(p.Log, p.Pool), f.documents.Sink(),
		rebuild.Trail(sink, follower, p.Pool),
	}}
	if err := f.openProjection(p); err != nil {
		return nil, err
	}
	c.Writes.Stored = f.reads
	limits, err := live.LimitsFromEnv(p.Config.Env)
	if err != nil {
		return nil, err
	}
	f.openLive(p, limits)
	if f.graph, err = openGraph(p, f.core, client); err != nil {
		return nil, err
	}
	if f.queries, err = core.OpenQueries(p, c, client); err != nil {
		return nil, err
	}
	f.routes()
	monitoring.New(p).Routes(f.API)
	return f, nil
}

// Close implements service.Function: it ends the tasks under way and sends the
// clients of WebSockets away. The platform owns all other connections.
func (f *Function) Close() {
	f.live.Close()
	f.tasks.Close()
	f.trail.Close()
}

var _ http.Handler = (*Function)(nil)

func (f *Function) routes() {
	openapi.Serve(f.API, documentation, operations...)
	f.taskRoutes()
	f.adminRoutes()
	f.replayRoutes()
	f.parkingRoutes()
	const db = "/api/v1/databases/{db_name}"
	f.Handle("GET /api/v1/{$}", f.root)
	f.Handle("GET /api/v1/health", f.health)

	f.Handle("GET /api/v1/databases", f.listDatabases)
	f.Handle("POST /api/v1/databases", f.createDatabase)
	f.Handle("GET "+db, f.getDatabase)
	f.Handle("DELETE "+db, f.deleteDatabase)
	f.Handle("GET "+db+"/expected-seq", f.expectedSequence)

	f.ontologyRoutes()
	f.Handle("POST "+db+"/suggest-schema-from-data", f.suggestSchema)

	instances := &core.InstanceWrites{Core: f.core, ClassParam: "class_label", Labels: true}
	byLabel := func(h httpapi.Handler) httpapi.Handler { return f.core.ByLabelText("class_label", h) }
	f.Handle("POST "+db+"/instances/{class_label}/create", byLabel(instances.Create))
	f.Handle("PUT "+db+"/instances/{class_label}/{instance_id}/update", byLabel(instances.Update))
	f.Handle("DELETE "+db+"/instances/{class_label}/{instance_id}/delete", byLabel(instances.Delete))
	f.Handle("POST "+db+"/instances/{class_label}/bulk-create", byLabel(instances.BulkCreate))
	f.Handle("POST "+db+"/instances/{class_label}/bulk-update", byLabel(instances.BulkUpdate))
	f.Handle("POST "+db+"/instances/{class_label}/bulk-delete", byLabel(instances.BulkDelete))

	f.Handle("GET "+db+"/class/{class_id}/instance/{instance_id}", f.getInstance)
	f.Handle("GET "+db+"/class/{class_id}/instance/{instance_id}/origin", f.instanceOrigin)
	f.Handle("GET "+db+"/class/{class_id}/instance/{instance_id}/expected-seq", f.instanceSequence)
	f.Handle("GET "+db+"/class/{class_id}/sample-values", f.sampleValues)

	f.instanceRoutes(instances)

	const datasets = "/api/v1/pipelines/datasets"
	f.Handle("GET "+datasets, f.listDatasets)
	f.Handle("POST "+datasets+"/csv-upload", asLakeUser(f.uploadCSV))
	f.Handle("GET "+datasets+"/{dataset_id}", f.getDataset)
	f.Handle("GET "+datasets+"/{dataset_id}/versions", f.listVersions)
	f.Handle("GET "+datasets+"/{dataset_id}/versions/{version_id}", f.getVersion)
	f.Handle("GET "+datasets+"/{dataset_id}/versions/{version_id}/file", asLakeUser(f.downloadVersion))

	f.Handle("POST /api/v1/objectify/mapping-specs", f.createSpec)
	f.Handle("GET /api/v1/objectify/mapping-specs", f.listSpecs)
	f.Handle("POST /api/v1/objectify/datasets/{dataset_id}/run", f.runObjectify)
	f.Handle("GET /api/v1/objectify/jobs/{job_id}", f.getJob)
	f.Handle("GET /api/v1/objectify/jobs/{job_id}/errors", f.jobErrors)

	f.graphRoutes()
	f.queryRoutes()

	f.Handle("GET /api/v1/monitoring/projections", f.projections)
	f.lineageRoutes()
	f.auditRoutes()
	f.summaryRoutes()

	f.Handle("GET /api/v1/commands/{command_id}/status", f.core.CommandStatus)
	f.Handle("POST /api/v1/commands/{command_id}/cancel", f.core.CancelCommand)
	f.liveRoutes()
}
