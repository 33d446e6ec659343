package objectify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// mill is a world with a dataset version, a spec and a runner. The test itself
// plays the instance worker.
type mill struct {
	*writestest.World
	*objectify.Runner
	file    string
	openErr error
	version datasets.Version
	spec    objectify.Spec
	options objectify.Options

	commands []event.ID // in the order of their submission
}

const (
	airportClass = `{"id":"Airport","label":"A","properties":[{"name":"iata","type":"string","label":"x","primary_key":true}]}`
	routeClass   = `{"id":"Route","label":"R","properties":[
		{"name":"id","type":"string","label":"x","primary_key":true},{"name":"flights","type":"integer","label":"x"}],
		"relationships":[{"predicate":"origin","target":"Airport","label":"x","cardinality":"n:1"}]}`
	// Three batches of two rows.
	routes = "id,flights,origin\nr1,1,ABC\nr2,2,ABC\nr3,3,ABC\nr4,4,ABC\nr5,5,ABC\nr6,6,ABC\n"
)

func newMill(t *testing.T, file string, o objectify.Options) *mill {
	t.Helper()
	m := &mill{World: writestest.New(t), file: file, options: o}
	pool := pgtest.Pool(t)
	registry := &datasets.Store{Pool: pool, Now: m.World.Now}
	m.Runner = &objectify.Runner{
		Store: &objectify.Store{Pool: pool, Now: m.World.Now}, Datasets: registry, Files: m, Classes: classes.NewReader(m.World.Log),
		Writes: m.World.Writes, Log: m.World.Log, Now: m.World.Now, Logger: slog.New(slog.DiscardHandler),
	}
	m.Database("shop")
	m.Class("shop", airportClass)
	m.Class("shop", routeClass)
	m.Append("shop", writes.InstanceAggregate(instance.Ref{Database: "shop", Branch: "main", Class: "Airport", ID: "ABC"}), event.Creates, map[string]any{})

	r, err := registry.Begin(t.Context(), uuid.New(), "shop", "main", "kim")
	if err != nil {
		t.Fatal(err)
	}
	commit, artifact, fingerprint := "c1", "s3://raw/c1/source.csv", "f"
	r.Commit, r.ArtifactKey, r.Fingerprint = &commit, &artifact, &fingerprint
	r.Record = &datasets.Record{
		Name: "routes", SourceType: "csv_upload", SourceRef: "routes.csv", RowCount: int64(strings.Count(file, "\n") - 1), Sample: []byte(`{}`), Analysis: []byte(`{}`),
		Source: []byte(`{"type":"csv","filename":"routes.csv","delimiter":",","has_header":true}`),
		Schema: datasets.Schema{Columns: []datasets.Column{{Name: "id", Type: "xsd:string"}, {Name: "flights", Type: "xsd:integer"}, {Name: "origin", Type: "xsd:string"}}},
	}
	if err := registry.Committed(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, m.version, err = registry.Publish(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	m.spec, err = m.Store.AddSpec(t.Context(), objectify.Spec{
		Database: "shop", Dataset: m.version.Dataset, Branch: "main", Class: "Route", SchemaHash: m.version.SchemaHash, Status: objectify.Active,
		Mappings: []objectify.Mapping{
			{SourceField: "id", TargetField: "id"}, {SourceField: "flights", TargetField: "flights"}, {SourceFields: []string{"origin"}, TargetField: "origin"},
		},
	}, "kim")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Open implements objectify.Files.
func (m *mill) Open(context.Context, datasets.Version) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(m.file)), m.openErr
}

func (m *mill) start() objectify.Job {
	m.T.Helper()
	j, _, err := m.Store.Start(m.T.Context(), objectify.NewJob(m.spec, m.version, m.options, "kim"), true)
	if err != nil {
		m.T.Fatal(err)
	}
	return j
}

// step does one short step: it submits a batch or counts outcomes.
func (m *mill) step() bool {
	m.T.Helper()
	found, err := m.Step(m.T.Context(), 0)
	if err != nil {
		m.T.Fatal(err)
	}
	return found
}

func (m *mill) job(id uuid.UUID) objectify.Job {
	m.T.Helper()
	j, err := m.Store.Job(m.T.Context(), id)
	if err != nil {
		m.T.Fatal(err)
	}
	return j
}

// outcome is what the instance worker says of a bulk command.
type outcome func(rows int) (event.Outcome, any)

func created(rows int) (event.Outcome, any) {
	return event.Completed, map[string]any{"result": writes.BulkResult{Created: rows, Total: rows}}
}

// work plays the instance worker: it ends the open commands, oldest first.
func (m *mill) work(say outcome) {
	m.T.Helper()
	open, err := m.World.Log.OverdueCommands(m.T.Context(), m.World.Now().Add(time.Hour), 100)
	if err != nil {
		m.T.Fatal(err)
	}
	for _, row := range open {
		m.commands = append(m.commands, row.ID)
		_, data, err := m.World.Log.EventData(m.T.Context(), row.Position)
		if err != nil {
			m.T.Fatal(err)
		}
		var command struct{ Payload writes.BulkPayload }
		if err := json.Unmarshal(data, &command); err != nil {
			m.T.Fatal(err)
		}
		result, answer := say(len(command.Payload.Instances))
		body, err := json.Marshal(answer)
		if err != nil {
			m.T.Fatal(err)
		}
		_, err = m.World.Log.Append(m.T.Context(), eventlog.Entry{Event: event.Event{
			ID: event.DomainID(row.ID, "END", row.Aggregate.ID), Type: "END", Source: "/test", Time: m.World.Now(), Kind: event.Domain,
			Aggregate: row.Aggregate, Database: row.Database, Command: row.ID, Outcome: result, Data: body,
		}})
		if err != nil {
			m.T.Fatal(err)
		}
	}
}

// finish lets steps and worker take turns until the job has ended.
func (m *mill) finish(id uuid.UUID, say outcome) objectify.Job {
	m.T.Helper()
	for range 30 {
		if j := m.job(id); j.Ended() {
			return j
		}
		m.step()
		m.work(say)
	}
	m.T.Fatalf("the job does not end: %+v", m.job(id))
	return objectify.Job{}
}

func tally(j objectify.Job) string {
	c := j.Counts
	return fmt.Sprintf("%s: %d read, %d created, %d updated, %d unchanged, %d refused", j.Status, c.Read, c.Created, c.Updated, c.Unchanged, c.Refused)
}

// refused shows the reasons of a job.
func (m *mill) refused(id uuid.UUID) string {
	m.T.Helper()
	list, _, err := m.Store.Errors(m.T.Context(), id, 100, 0)
	if err != nil {
		m.T.Fatal(err)
	}
	var text []string
	for _, e := range list {
		text = append(text, fmt.Sprintf("%d@%d %s>%s %q %s", e.Row, e.Line, e.Field, e.Target, e.Value, e.Reason.Key))
	}
	return strings.Join(text, "; ")
}

func TestAJobIsDoneInSteps(t *testing.T) {
	for _, partial := range []bool{true, false} {
		m := newMill(t, routes, objectify.Options{BatchSize: 2, AllowPartial: partial})
		j := m.finish(m.start().ID, created)
		if got := tally(j); got != "COMPLETED: 6 read, 6 created, 0 updated, 0 unchanged, 0 refused" || len(m.commands) != 3 {
			t.Errorf("allow_partial %t: %s in %d commands", partial, got, len(m.commands))
		}
		if again := m.start(); again.Attempt != 1 || m.step() {
			t.Errorf("a complete job runs again: %+v", again)
		}
	}
}

func TestCommandsSayWhichRowsTheyHold(t *testing.T) {
	m := newMill(t, "id,flights,origin\n\nr1,1,ABC\n\"r\n2\",2,ABC\nr#3,,\n", objectify.Options{AllowPartial: true})
	m.start()
	m.step()
	open, err := m.World.Log.OverdueCommands(t.Context(), m.World.Now().Add(time.Hour), 10)
	if err != nil || len(open) != 1 {
		t.Fatalf("%v, %v", open, err)
	}
	e, data, err := m.World.Log.EventData(t.Context(), open[0].Position)
	if err != nil {
		t.Fatal(err)
	}
	var command struct {
		Payload  json.RawMessage
		Metadata map[string]any
	}
	if err := json.Unmarshal(data, &command); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"class_id":"Route","instances":[{"flights":1,"id":"r1","origin":"Airport/ABC"},{"flights":null,"id":"r#3","origin":null}],`+
		`"origin":{"source":"/datasets/%s/versions/%s","rows":[[1,3],[3,6]]}}`, m.version.Dataset, m.version.ID)
	if string(command.Payload) != want || command.Metadata["dataset_version_id"] != m.version.ID.String() {
		t.Errorf("%s\nwant %s\n%v", command.Payload, want, command.Metadata)
	}
	if e.Type != "BULK_UPSERT_INSTANCES_REQUESTED" || e.Actor != "kim" {
		t.Errorf("%+v", e)
	}
}

// A step dies after its command was accepted and before that was recorded.
func TestALostCheckpointSendsTheSameCommand(t *testing.T) {
	m := newMill(t, routes, objectify.Options{BatchSize: 2, AllowPartial: true})
	id := m.start().ID
	m.step()
	if _, err := m.Store.Pool.Exec(t.Context(), `delete from spice_objectify.batches`); err != nil {
		t.Fatal(err)
	}
	_, err := m.Store.Pool.Exec(t.Context(), `update spice_objectify.jobs set next_row = 0, next_batch = 0, counts = '{"rows":6}'`)
	if err != nil {
		t.Fatal(err)
	}
	j := m.finish(id, created)
	if got := tally(j); got != "COMPLETED: 6 read, 6 created, 0 updated, 0 unchanged, 0 refused" || len(m.commands) != 3 {
		t.Errorf("%s in %d commands", got, len(m.commands))
	}
}

// The class changes between a command and its repetition: the rows would be
// others under the same id.
func TestAJobWhoseClassChangedSaysSo(t *testing.T) {
	m := newMill(t, routes, objectify.Options{BatchSize: 2, AllowPartial: true})
	id := m.start().ID
	m.step()
	_, err := m.Store.Pool.Exec(t.Context(), `update spice_objectify.jobs set next_row = 0, next_batch = 0`)
	if err != nil {
		t.Fatal(err)
	}
	m.ChangeClass("shop", strings.Replace(routeClass, `"integer"`, `"string"`, 1))
	m.step()
	if j := m.job(id); j.Status != objectify.Failed || j.Problem == nil || j.Problem.Message.Key != "objectify.moved" {
		t.Errorf("%+v, %v", j, j.Problem)
	}
	if j := m.start(); j.Attempt != 2 || tally(m.finish(id, created)) != "COMPLETED: 6 read, 6 created, 0 updated, 0 unchanged, 0 refused" {
		t.Errorf("the next attempt: %s", tally(m.job(id)))
	}
}

func TestRowsAreRefusedWithTheirReasons(t *testing.T) {
	const file = "id,flights,origin\nr1,1,ABC\nr1,2,ABC\n,3,ABC\nr4,many,\nr5,5\nr6,6,XYZ\n"
	const byFile = `2@3 id>id "r1" row.repeated; 3@4 id>id "" field.missing; 4@5 flights>flights "many" infer.cell.number; 5@6 > "" row.ragged`
	link := instance.MissingTarget([]any{"body", "instances", 1, "origin"}, "Airport/XYZ")
	worker := func(rows int) (event.Outcome, any) {
		return event.Completed, map[string]any{"result": writes.BulkResult{Created: rows - 1, Refused: 1, Total: rows, Errors: []writes.RowError{{Row: 1, Problem: problem.Validation(link)}}}}
	}
	m := newMill(t, file, objectify.Options{AllowPartial: true})
	j := m.finish(m.start().ID, worker)
	if got := tally(j); got != "PARTIAL: 6 read, 1 created, 0 updated, 0 unchanged, 5 refused" {
		t.Error(got)
	}
	want := byFile + `; 6@7 origin>origin "XYZ" instance.link_target_missing`
	if got := m.refused(j.ID); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	// Without allow_partial the same is found before anything is written.
	m.options.AllowPartial = false
	before, commands := m.start(), len(m.commands)
	j = m.finish(before.ID, created)
	if got := tally(j); got != "FAILED: 6 read, 0 created, 0 updated, 0 unchanged, 5 refused" || j.Problem.Code != "validation_failed" || len(m.commands) != commands {
		t.Errorf("%s, %v, %d commands", got, j.Problem, len(m.commands)-commands)
	}
	if got := m.refused(j.ID); got != want {
		t.Errorf("checked first:\n got %s\nwant %s", got, want)
	}
}

func TestEndsOfAJob(t *testing.T) {
	failed := func(int) (event.Outcome, any) {
		return event.Failed, map[string]any{"error": "no", "problem": problem.NotFound(problem.KindClass, "Route")}
	}
	for name, c := range map[string]struct {
		file string
		say  outcome
		want string
		code problem.Code
	}{
		"no rows":      {"id,flights,origin\n", created, "FAILED: 0 read, 0 created, 0 updated, 0 unchanged, 0 refused", "no_rows_loaded"},
		"nothing good": {"id,flights,origin\n,1,ABC\n", created, "FAILED: 1 read, 0 created, 0 updated, 0 unchanged, 1 refused", "no_valid_instances"},
		"all unchanged": {routes, func(n int) (event.Outcome, any) {
			return event.Completed, map[string]any{"result": writes.BulkResult{Unchanged: n, Total: n}}
		}, "COMPLETED: 6 read, 0 created, 0 updated, 6 unchanged, 0 refused", ""},
		"commands fail":     {routes, failed, "FAILED: 6 read, 0 created, 0 updated, 0 unchanged, 6 refused", "no_valid_instances"},
		"commands go":       {routes, func(int) (event.Outcome, any) { return event.Cancelled, nil }, "FAILED: 6 read, 0 created, 0 updated, 0 unchanged, 6 refused", "no_valid_instances"},
		"at most four rows": {routes, created, "COMPLETED: 4 read, 4 created, 0 updated, 0 unchanged, 0 refused", ""},
	} {
		m := newMill(t, c.file, objectify.Options{BatchSize: 2, AllowPartial: true})
		if name == "at most four rows" {
			m.options.MaxRows = 4
		}
		j := m.finish(m.start().ID, c.say)
		if got := tally(j); got != c.want || c.code != "" && (j.Problem == nil || j.Problem.Code != c.code) {
			t.Errorf("%s: %s, %v", name, got, j.Problem)
		}
		if j.Counts.Refused > 0 && m.refused(j.ID) == "" {
			t.Errorf("%s: no reasons", name)
		}
	}
}

func TestAFailingStepIsTriedAgainLater(t *testing.T) {
	m := newMill(t, routes, objectify.Options{AllowPartial: true})
	m.openErr = problem.Unavailable(problem.UpstreamUnavail, "lakeFS", errors.New("gone"))
	id := m.start().ID
	m.step()
	if m.step() {
		t.Error("the next try comes at once")
	}
	for range objectify.MaxTries - 2 {
		m.Pass(time.Minute)
		m.step()
	}
	if j := m.job(id); j.Ended() || j.Error == nil || !strings.Contains(*j.Error, "gone") {
		t.Errorf("before the last try: %+v", j)
	}
	m.Pass(time.Minute)
	m.step()
	if j := m.job(id); j.Status != objectify.Failed || j.Problem.Message.Key != "objectify.gave_up" {
		t.Errorf("after the last try: %+v", j)
	}
	m.openErr = nil
	m.start()
	if j := m.finish(id, created); j.Status != objectify.Completed {
		t.Errorf("run again: %+v", j)
	}
}

func TestWhatCannotWorkFailsAtOnce(t *testing.T) {
	for name, spoil := range map[string]func(m *mill){
		"the class is gone":  func(m *mill) { m.DeleteClass("shop", "Route") },
		"the target is gone": func(m *mill) { m.DeleteClass("shop", "Airport") },
		"a field is gone": func(m *mill) {
			m.ChangeClass("shop", strings.Replace(routeClass, `{"name":"flights","type":"integer","label":"x"}`, `{"name":"planes","type":"integer","label":"x"}`, 1))
		},
	} {
		m := newMill(t, routes, objectify.Options{AllowPartial: true})
		id := m.start().ID
		spoil(m)
		m.step()
		if j := m.job(id); j.Status != objectify.Failed || j.Problem == nil || j.Problem.Status >= 500 {
			t.Errorf("%s: %s, %v", name, tally(j), j.Problem)
		}
	}
}
