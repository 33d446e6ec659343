package trail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/audit"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/lineage"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/rebuild"
	"spiceharvester/shared/trail"
	"spiceharvester/shared/writes"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// The ids of what the tests import.
const (
	datasetID = "11111111-1111-4111-8111-111111111111"
	versionID = "22222222-2222-4222-8222-222222222222"
	specID    = "33333333-3333-4333-8333-333333333333"
	jobID     = "44444444-4444-4444-8444-444444444444"
	bulkID    = "55555555-5555-4555-8555-555555555555"
	singleID  = "66666666-6666-4666-8666-666666666666"
	failedID  = "77777777-7777-4777-8777-777777777777"
	sha       = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

type world struct {
	t        testing.TB
	pool     *pgxpool.Pool
	log      *eventlog.Log
	sink     *trail.Sink
	follower *follow.Follower
	lineage  *lineage.Reader
	audit    *audit.Store
	now      time.Time
	count    int
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, pool: pgtest.Pool(t), now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	w.log = eventlog.New(eventlog.Config{
		Objects: eventlogtest.NewObjects(), Index: pgindex.New(w.pool), Writer: "w", Chains: 2, NewID: func() string { return "log" }, Now: now,
	})
	t.Cleanup(w.log.Close)
	w.sink = &trail.Sink{Pool: w.pool, Log: w.log, Logger: slog.New(slog.DiscardHandler)}
	w.follower = w.follow()
	w.lineage = &lineage.Reader{Pool: w.pool, Log: w.log, Bucket: "events", Now: now}
	w.audit = &audit.Store{Pool: w.pool}
	return w
}

func (w *world) follow() *follow.Follower {
	f := follow.New(follow.Config{Name: "trail", Log: w.log, Sink: w.sink, Events: 3, Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler)})
	w.t.Cleanup(f.Close)
	return f
}

func (w *world) append(e event.Event, data any) {
	w.t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		w.t.Fatal(err)
	}
	w.count++
	w.now = w.now.Add(time.Second)
	if e.ID == "" {
		e.ID = event.ID(fmt.Sprintf("88888888-8888-4888-8888-%012d", w.count))
	}
	if e.Kind == "" {
		e.Kind = event.Domain
	}
	if e.Source == "" {
		e.Source = "/test"
	}
	e.Time, e.Branch, e.Data = w.now, "main", body
	if e.Database == "" {
		e.Database = "shop"
	}
	if e.Actor == "" {
		e.Actor = "kim"
	}
	if _, err := w.log.Append(w.t.Context(), eventlog.Entry{Event: e}); err != nil {
		w.t.Fatal(err)
	}
}

func product(id string) event.Aggregate {
	return writes.InstanceAggregate(instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: id})
}

type object = map[string]any

// imported is a database with one class, one file of some rows, and what came of it.
func (w *world) imported(rows int) {
	w.t.Helper()
	w.append(event.Event{Type: "DATABASE_CREATED", Aggregate: event.DatabaseAggregate("shop"), Lifecycle: event.Creates}, object{"db_name": "shop"})
	w.append(event.Event{Type: "ONTOLOGY_CLASS_CREATED", Aggregate: classes.Aggregate("shop", "main", "Product"), Lifecycle: event.Creates}, object{"class_id": "Product"})
	w.append(event.Event{Type: "DATASET_CREATED", Aggregate: event.Aggregate{Type: "Dataset", ID: datasetID}, Lifecycle: event.Creates}, object{"dataset_id": datasetID, "name": "wares"})
	w.append(event.Event{Type: "DATASET_VERSION_CREATED", Aggregate: event.Aggregate{Type: "DatasetVersion", ID: versionID}, Lifecycle: event.Creates}, object{
		"dataset_id": datasetID, "dataset_version_id": versionID, "name": "wares", "lakefs_commit_id": "c1", "artifact_key": "s3://raw-datasets/c1/source.csv", "row_count": rows,
		"source": object{"filename": "wares\x00.csv", "content_sha256": sha, "size_bytes": 99},
	})
	w.append(event.Event{Type: "MAPPING_SPEC_CREATED", Aggregate: event.Aggregate{Type: "MappingSpec", ID: specID}, Lifecycle: event.Creates}, object{
		"mapping_spec_id": specID, "dataset_id": datasetID, "version": 1, "target_class_id": "Product",
	})
	job := object{"job_id": jobID, "dataset_id": datasetID, "dataset_version_id": versionID, "mapping_spec_id": specID, "attempt": 1, "status": "QUEUED"}
	w.append(event.Event{Type: "OBJECTIFY_JOB_STARTED", Aggregate: event.Aggregate{Type: "ObjectifyJob", ID: jobID}, Lifecycle: event.Creates, Correlation: jobID}, object{"job": job})
	bulk := event.Aggregate{Type: writes.Instances, ID: "shop:main:Product"}
	w.append(event.Event{ID: bulkID, Kind: event.Command, Type: writes.BulkUpsert + "_REQUESTED", Source: "/functions/objectify-worker", Aggregate: bulk, Correlation: jobID}, object{"payload": object{}})
	for row := 1; row <= rows; row++ {
		w.append(event.Event{
			Type: "INSTANCE_CREATED", Aggregate: product(fmt.Sprint("p", row)), Lifecycle: event.Creates, Command: bulkID, Correlation: jobID,
			Origin: fmt.Sprintf("/datasets/%s/versions/%s?row=%d&line=%d", datasetID, versionID, row, row+1),
		}, object{"name": "no part of the trail"})
	}
	w.append(event.Event{Type: "INSTANCES_BULK_UPSERTED", Aggregate: bulk, Command: bulkID, Outcome: event.Completed, Correlation: jobID}, object{"result": object{"created": rows, "refused": 0}})
	job["status"] = "COMPLETED"
	w.append(event.Event{Type: "OBJECTIFY_JOB_COMPLETED", Aggregate: event.Aggregate{Type: "ObjectifyJob", ID: jobID}, Lifecycle: event.Changes, Correlation: jobID}, object{"job": job})
	w.append(event.Event{ID: singleID, Kind: event.Command, Type: "UPDATE_INSTANCE_REQUESTED", Aggregate: product("p1"), Actor: "lee",
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, object{"payload": object{"change_reason": "price"}})
	w.append(event.Event{Type: "INSTANCE_UPDATED", Aggregate: product("p1"), Lifecycle: event.Changes, Command: singleID, Outcome: event.Completed, Actor: "lee"}, object{})
	w.append(event.Event{ID: failedID, Kind: event.Command, Type: "UPDATE_INSTANCE_REQUESTED", Aggregate: product("p2")}, object{})
	w.append(event.Event{Type: "COMMAND_FAILED", Aggregate: product("p2"), Command: failedID, Outcome: event.Failed}, object{"error": "price is no number"})
	// Another database, in another chain or the same.
	w.append(event.Event{Type: "DATABASE_CREATED", Aggregate: event.DatabaseAggregate("other"), Database: "other", Lifecycle: event.Creates}, object{"db_name": "other"})
}

func (w *world) catchUp() {
	w.t.Helper()
	for chain := range 2 {
		if _, err := w.follower.Follow(w.t.Context(), chain); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) graph(root, direction string, change ...func(*lineage.Query)) *lineage.Graph {
	w.t.Helper()
	q := lineage.Query{Root: root, Direction: direction, Depth: 20, Nodes: 500, Edges: 2000}
	for _, c := range change {
		c(&q)
	}
	g, err := w.lineage.Graph(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// path looks for the edges of a path, each from one node to the next.
func path(t *testing.T, g *lineage.Graph, steps ...string) {
	t.Helper()
	for i := 0; i+2 < len(steps); i += 2 {
		found := slices.ContainsFunc(g.Edges, func(e *lineage.Edge) bool {
			return e.From == steps[i] && e.Type == steps[i+1] && e.To == steps[i+2]
		})
		if !found {
			t.Errorf("no edge %s --%s--> %s", steps[i], steps[i+1], steps[i+2])
		}
	}
}

func has(g *lineage.Graph, id string) bool {
	return slices.ContainsFunc(g.Nodes, func(n *lineage.Node) bool { return n.ID == id })
}

func (w *world) factOf(row int) string {
	var id string
	err := w.pool.QueryRow(w.t.Context(), `select id from spice_lineage.events where version = $1 and row_number = $2`, versionID, row).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	return "event:" + id
}

const (
	fileNode    = "artifact:file:shop:" + sha
	versionNode = "agg:DatasetVersion:" + versionID
	jobNode     = "agg:ObjectifyJob:" + jobID
	specNode    = "agg:MappingSpec:" + specID
	bulkNode    = "event:" + bulkID
	p3Node      = "agg:Instance:shop:main:Product:p3"
	p3Document  = "artifact:es:shop_instances:Product/p3"
	p3Graph     = "artifact:terminus:shop:main:Product/p3"
)

func TestFromFileToDocumentAndBack(t *testing.T) {
	w := newWorld(t)
	w.imported(4)
	w.catchUp()
	fact := w.factOf(3)

	g := w.graph(fileNode, lineage.Downstream)
	path(t, g, fileNode, "file_became_dataset_version", versionNode, "dataset_version_objectify_job", jobNode, "objectify_job_submitted_command", bulkNode,
		"command_caused_domain_event", fact, "event_changed_aggregate", p3Node, "aggregate_shown_in_document", p3Document)
	path(t, g, fact, "event_materialized_es_document", p3Document)
	path(t, g, fact, "event_wrote_terminus_document", p3Graph)
	path(t, g, versionNode, "dataset_artifact_stored", "artifact:s3:raw-datasets:c1/source.csv")
	if has(g, "event:"+singleID) {
		t.Error("a command that has nothing to do with the file came of it")
	}

	row := "artifact:row:" + versionID + ":3"
	for _, document := range []string{p3Document, p3Graph} {
		g = w.graph(document, lineage.Upstream)
		path(t, g, fileNode, "file_became_dataset_version", versionNode, "dataset_version_contains_row", row, "dataset_row_became_event", fact)
		path(t, g, versionNode, "dataset_version_objectify_job", jobNode, "objectify_job_submitted_command", bulkNode, "command_caused_domain_event", fact)
		path(t, g, specNode, "objectify_job_mapping_spec", jobNode)
		path(t, g, p3Node, "aggregate_shown_in_document", document)
		if has(g, w.factOf(2)) {
			t.Error("another row's fact is no cause of the document")
		}
	}
	g = w.graph(row, lineage.Both)
	path(t, g, versionNode, "dataset_version_contains_row", row, "dataset_row_became_event", fact, "event_changed_aggregate", p3Node)
	for _, n := range g.Nodes {
		if n.CreatedAt == nil || n.Label == "" {
			t.Errorf("node %s has no time or no label: %+v", n.ID, n)
		}
		if n.ID == fileNode && (n.Label != "wares\ufffd.csv" || n.Metadata["content_sha256"] != sha) {
			t.Errorf("the file is %+v", n)
		}
	}
	for _, e := range g.Edges {
		if e.OccurredAt == "" {
			t.Errorf("edge %+v has no time", e)
		}
	}
}

func TestGraphsTellWhatIsProjected(t *testing.T) {
	w := newWorld(t)
	w.imported(2)
	w.catchUp()
	document := "artifact:es:shop_instances:Product/p1"
	told := func() (projected []any, sequence any) {
		for _, e := range w.graph("agg:Instance:shop:main:Product:p1", lineage.Both, func(q *lineage.Query) { q.Depth = 2 }).Edges {
			if e.Type == lineage.Materialized {
				projected = append(projected, e.Metadata["projected"])
			}
		}
		for _, n := range w.graph(document, lineage.Upstream).Nodes {
			if n.ID == document {
				sequence = n.Metadata["projected_sequence"]
			}
		}
		return projected, sequence
	}
	for _, want := range []struct {
		watermark int
		projected string
	}{{0, "[false false]"}, {1, "[true false]"}, {2, "[true true]"}} {
		_, err := w.pool.Exec(t.Context(), `insert into spice_event_registry.watermarks values ('projection_worker:instance_events', 'Instance', 'shop:main:Product:p1', $1, now())
			on conflict (handler, aggregate_type, aggregate_id) do update set last_sequence = $1`, want.watermark)
		if err != nil {
			t.Fatal(err)
		}
		if projected, sequence := told(); fmt.Sprint(projected) != want.projected || sequence != int64(want.watermark) {
			t.Errorf("watermark %d: %v, %v", want.watermark, projected, sequence)
		}
	}
}

func TestOneCommand(t *testing.T) {
	w := newWorld(t)
	w.imported(2)
	w.catchUp()
	for _, root := range []string{singleID, "event:" + singleID, " " + singleID + " "} {
		g := w.graph(root, lineage.Both)
		p1 := "agg:Instance:shop:main:Product:p1"
		if g.Root != "event:"+singleID || len(g.Warnings) > 0 {
			t.Errorf("root %q: %+v", root, g)
		}
		path(t, g, p1, "aggregate_emitted_event", "event:"+singleID)
		if !slices.ContainsFunc(g.Edges, func(e *lineage.Edge) bool {
			return e.From == "event:"+singleID && e.Type == "command_caused_domain_event"
		}) {
			t.Error("the command caused nothing")
		}
		if !slices.ContainsFunc(g.Nodes, func(n *lineage.Node) bool { return strings.HasPrefix(n.ID, "artifact:s3:events:log/v1/") }) {
			t.Error("no segment")
		}
		if has(g, bulkNode) {
			t.Error("another command of the instance belongs to this one")
		}
	}
	history := w.graph("agg:Instance:shop:main:Product:p1", lineage.Upstream)
	for _, node := range []string{bulkNode, "event:" + singleID, "artifact:row:" + versionID + ":1", fileNode} {
		if !has(history, node) {
			t.Errorf("the instance's history has no %s", node)
		}
	}
}

func TestRootsThatNobodyKnows(t *testing.T) {
	w := newWorld(t)
	w.imported(2)
	w.catchUp()
	for _, root := range []string{
		"x", "event:x", "agg:Instance:shop:main:Product:p9", "artifact:es:shop_instances:Product/p9", "artifact:terminus:shop:main", "artifact:s3:events:log/v1/000/00000000000000000099",
		"artifact:row:" + versionID + ":3", "artifact:row:" + versionID + ":0", "artifact:row:" + versionID + ":x", "artifact:", "agg:", "agg:x", "artifact:s3:events:log/v1/0/1", "artifact:es:shop_instances",
		strings.Repeat("a", 40), "artifact:es:shop_instances:Product", "'; drop table x",
	} {
		for _, direction := range []string{lineage.Upstream, lineage.Downstream, lineage.Both} {
			if g := w.graph(root, direction); len(g.Nodes)+len(g.Edges) > 0 {
				t.Errorf("root %q: %+v", root, g)
			}
		}
	}
	if g := w.graph(bulkID, lineage.Both, func(q *lineage.Query) { q.Database = "other" }); len(g.Nodes) > 0 {
		t.Error("the root belongs to another database")
	}
}

func TestGraphsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.imported(20)
	w.catchUp()
	if g := w.graph(fileNode, lineage.Downstream, func(q *lineage.Query) { q.Depth = 0 }); len(g.Nodes) != 1 || len(g.Edges) != 0 {
		t.Errorf("depth 0: %+v", g)
	}
	if g := w.graph(fileNode, lineage.Downstream, func(q *lineage.Query) { q.Depth = 1 }); len(g.Nodes) != 2 || g.Nodes[1].ID != versionNode {
		t.Errorf("depth 1: %+v", g.Nodes)
	}
	g := w.graph(fileNode, lineage.Downstream, func(q *lineage.Query) { q.Nodes = 10 })
	if len(g.Nodes) != 10 || !slices.Equal(g.Warnings, []string{"node_limit_reached(max_nodes=10)"}) {
		t.Errorf("10 nodes: %d, %v", len(g.Nodes), g.Warnings)
	}
	g = w.graph(fileNode, lineage.Downstream, func(q *lineage.Query) { q.Edges = 10 })
	if len(g.Edges) != 10 || !slices.Equal(g.Warnings, []string{"edge_limit_reached(max_edges=10)"}) {
		t.Errorf("10 edges: %d, %v", len(g.Edges), g.Warnings)
	}
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		seen[n.ID] = true
	}
	for _, e := range g.Edges {
		if !seen[e.From] || !seen[e.To] {
			t.Errorf("edge %s --> %s leads nowhere", e.From, e.To)
		}
	}
	first, err := json.Marshal(w.graph(fileNode, lineage.Both))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(w.graph(fileNode, lineage.Both)); string(again) != string(first) {
		t.Error("the same question has two answers")
	}
}

func TestImpact(t *testing.T) {
	w := newWorld(t)
	w.imported(3)
	w.catchUp()
	q := lineage.Query{Root: versionNode, Direction: lineage.Downstream, Depth: 10, Nodes: 2000, Edges: 5000}
	i, err := w.lineage.Impact(t.Context(), q, "", problem.English)
	if err != nil {
		t.Fatal(err)
	}
	if i.Counts["es"] != 3 || i.Counts["terminus"] != 3 {
		t.Errorf("counts: %v", i.Counts)
	}
	advice := map[string]string{}
	for _, a := range i.Actions {
		advice[a.Action+" "+a.Target] = a.Kind
	}
	for want, kind := range map[string]string{"REBUILD_PROJECTION shop_instances": "es", "REPLAY_TO_TARGET shop:main": "terminus", "REPLAY_OR_VERIFY events": "s3", "REPLAY_OR_VERIFY raw-datasets": "s3"} {
		if advice[want] != kind {
			t.Errorf("no advice %s of kind %s in %v", want, kind, advice)
		}
	}
	if i, err = w.lineage.Impact(t.Context(), q, "es", problem.Korean); err != nil || len(i.Artifacts) != 3 || len(i.Counts) != 1 || len(i.Actions) != 1 {
		t.Errorf("only es: %+v, %v", i, err)
	}
}

func TestTheImpactOfALargeImportHasDocuments(t *testing.T) {
	w := newWorld(t)
	w.imported(30)
	w.catchUp()
	i, err := w.lineage.Impact(t.Context(), lineage.Query{Root: versionNode, Direction: lineage.Downstream, Depth: 10, Nodes: 20, Edges: 5000}, "", problem.English)
	if err != nil {
		t.Fatal(err)
	}
	if i.Counts["es"] == 0 || i.Counts["terminus"] == 0 || len(i.Warnings) != 1 {
		t.Errorf("%v, %v", i.Counts, i.Warnings)
	}
}

func TestMetricsTellTheLag(t *testing.T) {
	w := newWorld(t)
	w.imported(3)
	before, err := w.lineage.Metrics(t.Context(), "", 60)
	if err != nil {
		t.Fatal(err)
	}
	if before.Appended != int64(w.count) || before.Missing != int64(w.count) || before.Ratio != 1 || before.Edges != 0 || before.Queue.OldestAt == nil || before.Queue.LagSeconds <= 0 {
		t.Errorf("before: %+v", before)
	}
	w.catchUp()
	after, err := w.lineage.Metrics(t.Context(), "", 60)
	if err != nil {
		t.Fatal(err)
	}
	if after.Appended != int64(w.count) || after.Missing != 0 || after.Ratio != 0 || after.Edges < 3*after.Appended/2 || after.Queue != (lineage.Backlog{}) {
		t.Errorf("after: %+v", after)
	}
	if one, err := w.lineage.Metrics(t.Context(), "other", 60); err != nil || one.Appended != 1 {
		t.Errorf("one database: %+v, %v", one, err)
	}
}

// digests give the rows of all tables, in order, as one digest each.
func (w *world) digests() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, table := range []string{
		"spice_lineage.events", "spice_lineage.lineage_nodes", "spice_lineage.lineage_edges", "spice_lineage.places", "spice_audit.audit_logs", "spice_audit.audit_chain_heads",
	} {
		var digest string
		var rows int
		err := w.pool.QueryRow(w.t.Context(), `select coalesce(md5(string_agg(r::text, e'\n' order by r::text collate "C")), ''), count(*) from `+table+` r`).Scan(&digest, &rows)
		if err != nil {
			w.t.Fatal(err)
		}
		if rows == 0 {
			w.t.Errorf("%s is empty", table)
		}
		out[table] = fmt.Sprint(rows, " ", digest)
	}
	return out
}

func TestAReplayGivesTheSameRows(t *testing.T) {
	w := newWorld(t)
	w.imported(5)
	w.catchUp()
	before := w.digests()
	n, err := w.sink.Rebuild(t.Context(), w.follow())
	if err != nil || n != w.count {
		t.Fatalf("%d of %d events, %v", n, w.count, err)
	}
	for table, digest := range w.digests() {
		if digest != before[table] {
			t.Errorf("%s: %s, then %s", table, before[table], digest)
		}
	}
}

func TestTheRebuildReportsWhetherRowsWereDifferent(t *testing.T) {
	w := newWorld(t)
	w.imported(5)
	w.catchUp()
	run := func() rebuild.Report {
		t.Helper()
		r, err := rebuild.Trail(w.sink, w.follow(), w.pool).Rebuild(t.Context())
		if err != nil || r.Events != int64(w.count) {
			t.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	if r := run(); !r.Equal || r.Rows <= r.Events {
		t.Errorf("untouched: %+v", r)
	}
	if _, err := w.pool.Exec(t.Context(), `update spice_lineage.events set actor = 'mallory' where segment = 3`); err != nil {
		t.Fatal(err)
	}
	if r := run(); r.Equal || len(r.Notes) != 1 {
		t.Errorf("touched: %+v", r)
	}
	if r := run(); !r.Equal {
		t.Errorf("mended: %+v", r)
	}
}

func TestTwoFollowersAndAResetCountEachEventOnce(t *testing.T) {
	w := newWorld(t)
	w.imported(30)
	var group sync.WaitGroup
	for range 3 {
		f := w.follow()
		group.Go(func() {
			for chain := range 2 {
				if _, err := f.Follow(t.Context(), chain); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Go(func() {
		if err := w.sink.Reset(t.Context()); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	w.catchUp()
	before := w.digests()
	if _, err := w.sink.Rebuild(t.Context(), w.follow()); err != nil {
		t.Fatal(err)
	}
	for table, digest := range w.digests() {
		if digest != before[table] {
			t.Errorf("%s: %s, then %s", table, before[table], digest)
		}
	}
}

func TestAPlaceThatMovedIsNotWritten(t *testing.T) {
	w := newWorld(t)
	w.imported(1)
	w.catchUp()
	before := w.digests()
	meta, err := w.log.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	chain := meta.ChainOf("shop")
	for _, from := range []eventlog.Head{{}, {Next: 1}} {
		err := w.sink.Apply(context.Background(), chain, from, eventlog.Head{Next: 5}, nil)
		if !errors.Is(err, follow.ErrMoved) {
			t.Errorf("from %d: %v", from.Next, err)
		}
	}
	if err := w.sink.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.sink.Apply(t.Context(), chain, eventlog.Head{Next: 1}, eventlog.Head{Next: 5}, nil); !errors.Is(err, follow.ErrMoved) {
		t.Errorf("after a reset: %v", err)
	}
	w.catchUp()
	if after := w.digests(); after["spice_audit.audit_logs"] != before["spice_audit.audit_logs"] {
		t.Error("the rows differ")
	}
}
