package rebuild_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/outbox"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/rebuild"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Every table is either rebuilt or knowingly not kept.
func TestEveryTableHasAnAnswer(t *testing.T) {
	pool := pgtest.Pool(t)
	rows, err := pool.Query(t.Context(), `select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and not c.relispartition and n.nspname like 'spice%' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
		_, rebuilt := rebuild.Rebuilt[name]
		_, lost := rebuild.NotKept[name]
		if rebuilt == lost {
			t.Errorf("table %s: rebuilt %t, not kept %t", name, rebuilt, lost)
		}
	}
	if err := rows.Err(); err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, list := range []map[string]string{rebuild.Rebuilt, rebuild.NotKept} {
		for name := range list {
			if !slices.Contains(tables, name) {
				t.Errorf("table %s does not exist", name)
			}
		}
	}
}

// world is a registry, a log and what brings one into the other.
type world struct {
	t        *testing.T
	pool     *pgxpool.Pool
	log      *eventlog.Log
	datasets *datasets.Store
	jobs     *objectify.Store
	time     time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, pool: pgtest.Pool(t), time: time.Now().UTC()}
	w.log = eventlog.New(eventlog.Config{
		Objects: eventlogtest.NewObjects(), Index: pgindex.New(w.pool), Writer: "w", NewID: func() string { return "log" }, Now: w.now, Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(w.log.Close)
	_, err := w.log.Append(t.Context(), eventlog.Entry{Event: event.Event{
		ID: "d", Type: "DATABASE_CREATED", Source: "/test", Time: w.now(), Kind: event.Domain, Lifecycle: event.Creates,
		Aggregate: event.DatabaseAggregate("shop"), Database: "shop",
	}})
	w.must(err)
	w.datasets, w.jobs = &datasets.Store{Pool: w.pool, Now: w.now}, &objectify.Store{Pool: w.pool, Now: w.now}
	return w
}

func (w *world) now() time.Time { w.time = w.time.Add(time.Millisecond); return w.time }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// upload publishes a version of a dataset.
func (w *world) upload(name, commit string) (datasets.Dataset, datasets.Version) {
	w.t.Helper()
	r, err := w.datasets.Begin(w.t.Context(), uuid.New(), "shop", "main", "kim")
	w.must(err)
	artifact, fingerprint := "s3://raw/"+commit+"/source.csv", "f"
	r.Commit, r.ArtifactKey, r.Fingerprint = &commit, &artifact, &fingerprint
	r.Record = &datasets.Record{
		Name: name, SourceType: "csv_upload", SourceRef: name + ".csv", RowCount: 3, Sample: []byte(`{"rows": [["a\u0000b"]]}`), Analysis: []byte(`[]`),
		Source: []byte(`{"type":"csv"}`), Schema: datasets.Schema{Columns: []datasets.Column{{Name: "id", Type: "xsd:string"}}},
	}
	w.must(w.datasets.Committed(w.t.Context(), r))
	d, v, err := w.datasets.Publish(w.t.Context(), r.ID)
	w.must(err)
	return d, v
}

// publish brings the outbox into the log.
func (w *world) publish() {
	w.t.Helper()
	w.publishBy(datasets.Publisher, objectify.Publisher)
}

func (w *world) publishBy(names ...string) {
	w.t.Helper()
	for _, name := range names {
		p := &outbox.Publisher{Name: name, Pool: w.pool, Log: w.log, Now: w.now, Logger: slog.New(slog.DiscardHandler)}
		_, err := p.Run(w.t.Context())
		w.must(err)
	}
}

func (w *world) exec(sql string) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), sql)
	w.must(err)
}

func (w *world) text(sql string) (text string) {
	w.t.Helper()
	w.must(w.pool.QueryRow(w.t.Context(), sql).Scan(&text))
	return text
}

func (w *world) rebuild(s rebuild.Sink) rebuild.Report {
	w.t.Helper()
	r := &rebuild.Rebuilder{Sinks: []rebuild.Sink{s}, Now: w.now}
	reports, err := r.Run(w.t.Context(), nil, func(rebuild.Report) {})
	w.must(err)
	return reports[0]
}

const everything = `select md5(string_agg(x, '' order by x)) from (
	select d::text x from spice_datasets.datasets d union all
	select v::text from spice_datasets.dataset_versions v union all
	select m::text from spice_objectify.mapping_specs m union all
	select row(job_id, dedupe_key, status, attempt, options, actor, start_key, counts, created_at)::text from spice_objectify.jobs) rows`

func (w *world) fill() {
	w.t.Helper()
	airports, _ := w.upload("airports", "c1")
	_, v := w.upload("airports", "c2")
	w.upload("routes", "c3")
	spec := objectify.Spec{Database: "shop", Dataset: airports.ID, Branch: "main", Class: "Airport", SchemaHash: v.SchemaHash, Status: objectify.Active, Mappings: []objectify.Mapping{{SourceField: "id", TargetField: "id"}}}
	_, err := w.jobs.AddSpec(w.t.Context(), spec, "kim")
	w.must(err)
	spec.AutoSync = true
	spec, err = w.jobs.AddSpec(w.t.Context(), spec, "kim") // takes the place of the first
	w.must(err)
	key := "again"
	job := objectify.NewJob(spec, v, objectify.Options{BatchSize: 10}, "kim")
	job.StartKey = &key
	_, _, err = w.jobs.Start(w.t.Context(), job, false)
	w.must(err)
}

func TestRegistriesComeBackFromTheLog(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.publish()
	before := w.text(everything)
	w.exec(`truncate spice_datasets.datasets, spice_datasets.dataset_versions, spice_datasets.ingest_requests,
		spice_objectify.mapping_specs, spice_objectify.jobs, spice_objectify.batches, spice_objectify.row_errors`)
	if r := w.rebuild(rebuild.Registries(w.log, w.pool)); !r.Equal || r.Rows != 8 {
		t.Errorf("%+v", r)
	}
	if after := w.text(everything); after != before {
		t.Error("the registries differ from what they were")
	}
	if r := w.rebuild(rebuild.Registries(w.log, w.pool)); !r.Equal || r.Rows != 8 {
		t.Errorf("once more: %+v", r)
	}
	// What was not a function of the log is told.
	w.exec(`update spice_datasets.datasets set name = 'tampered' where name = 'routes'`)
	if r := w.rebuild(rebuild.Registries(w.log, w.pool)); r.Equal || !strings.Contains(strings.Join(r.Notes, " "), "spice_datasets.datasets") {
		t.Errorf("a tampered row: %+v", r)
	}
	if after := w.text(everything); after != before {
		t.Error("the tampered row is still there")
	}
}

// Two functions publish, each at its own pace.
func TestAMappingMayStandBeforeItsDatasetInTheLog(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.publishBy(objectify.Publisher, datasets.Publisher)
	before := w.text(everything)
	w.exec(`truncate spice_datasets.datasets, spice_datasets.dataset_versions, spice_datasets.ingest_requests,
		spice_objectify.mapping_specs, spice_objectify.jobs, spice_objectify.batches, spice_objectify.row_errors`)
	w.rebuild(rebuild.Registries(w.log, w.pool))
	if after := w.text(everything); after != before {
		t.Error("the registries differ from what they were")
	}
}

func TestRegistriesWaitForTheOutbox(t *testing.T) {
	w := newWorld(t)
	w.fill()
	_, err := rebuild.Registries(w.log, w.pool).Rebuild(t.Context())
	if p, ok := problem.AsProblem(err); !ok || p.Status != 409 || p.RetryAfter == 0 {
		t.Errorf("%v", err)
	}
	if w.text(`select count(*)::text from spice_datasets.datasets`) != "2" {
		t.Error("the refusal lost records")
	}
}

func TestTheIndexComesBackFromTheLog(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.publish()
	if r := w.rebuild(rebuild.Index(w.log, w.pool)); !r.Equal || r.Rows == 0 {
		t.Errorf("%+v", r)
	}
	w.exec(`update spice_event_log.aggregates set sequence = 7 where type = 'Dataset'`)
	if r := w.rebuild(rebuild.Index(w.log, w.pool)); r.Equal {
		t.Errorf("a tampered index: %+v", r)
	}
	if r := w.rebuild(rebuild.Index(w.log, w.pool)); !r.Equal {
		t.Errorf("%+v", r)
	}
}

func TestOneSinkAfterTheOther(t *testing.T) {
	var order []string
	sink := func(name string) rebuild.Sink {
		return rebuild.Sink{Name: name, Rebuild: func(context.Context) (rebuild.Report, error) {
			order = append(order, name)
			return rebuild.Report{Rows: 1}, nil
		}}
	}
	r := &rebuild.Rebuilder{Sinks: []rebuild.Sink{sink("a"), sink("b"), sink("c")}, Now: time.Now}
	reports, err := r.Run(t.Context(), []string{"c", "a"}, func(rebuild.Report) {})
	if err != nil || strings.Join(order, "") != "ac" || len(reports) != 2 || reports[1].Sink != "c" {
		t.Errorf("%v: %+v, %v", order, reports, err)
	}
}
