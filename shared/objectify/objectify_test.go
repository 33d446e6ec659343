package objectify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type world struct {
	*objectify.Store
	now     time.Time
	dataset uuid.UUID
}

func newWorld(t *testing.T) *world {
	w := &world{now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC), dataset: uuid.New()}
	w.Store = &objectify.Store{Pool: pgtest.Pool(t), Now: func() time.Time { return w.now }}
	_, err := w.Pool.Exec(t.Context(), `insert into spice_datasets.datasets values ($1, 'shop', 'flights', null, 'csv_upload', null, 'main', '{}', now(), now())`, w.dataset)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) spec(t *testing.T, hash string) objectify.Spec {
	t.Helper()
	s, err := w.AddSpec(t.Context(), objectify.Spec{
		Dataset: w.dataset, Branch: "main", Output: "flights", Class: "Route", SchemaHash: hash, Status: "ACTIVE",
		Mappings: []objectify.Mapping{{SourceField: "count", TargetField: "flights"}, {SourceFields: []string{"origin"}, TargetField: "origin"}},
	}, "kim")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) start(t *testing.T, s objectify.Spec) (objectify.Job, bool) {
	t.Helper()
	version := uuid.NewSHA1(w.dataset, []byte("version"))
	j, fresh, err := w.Start(t.Context(), objectify.Job{
		DedupeKey: objectify.DedupeKey(s, version), Database: "shop", Branch: "main", Dataset: w.dataset, Version: version, Spec: s.ID, Actor: "kim",
		Options: objectify.Options{BatchSize: 500, AllowPartial: true}, Counts: objectify.Counts{Rows: 3},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	return j, fresh
}

func (w *world) claim(t *testing.T, owner string) (objectify.Job, bool) {
	t.Helper()
	j, ok, err := w.Claim(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return j, ok
}

func TestTheSameSpecIsOneSpec(t *testing.T) {
	w := newWorld(t)
	first, same, other := w.spec(t, "h1"), w.spec(t, "h1"), w.spec(t, "h2")
	if same.ID != first.ID || other.Version != 2 {
		t.Errorf("%+v, %+v, %+v", first, same, other)
	}
	if list, err := w.Specs(t.Context(), w.dataset, false); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	chosen, err := w.SpecFor(t.Context(), nil, datasets.Version{Dataset: w.dataset, SchemaHash: "h1"})
	if err != nil || chosen.ID != first.ID {
		t.Errorf("%+v, %v", chosen, err)
	}
	for _, id := range []*uuid.UUID{nil, &first.ID} {
		_, err := w.SpecFor(t.Context(), id, datasets.Version{Dataset: w.dataset, SchemaHash: "h3"})
		if p, ok := problem.AsProblem(err); !ok || p.Status != 409 {
			t.Errorf("a schema without a spec: %v", err)
		}
	}
}

func TestAJobRunsAgainOnlyIfItIsNotComplete(t *testing.T) {
	w := newWorld(t)
	s := w.spec(t, "h1")
	j, fresh := w.start(t, s)
	if again, f := w.start(t, s); !fresh || f || again.ID != j.ID {
		t.Errorf("%+v, %t", again, f)
	}
	for attempt, end := range []string{objectify.Failed, objectify.Partial, objectify.Completed} {
		j, ok := w.claim(t, "w")
		if !ok || j.Attempt != attempt+1 {
			t.Fatalf("attempt %d: %+v, %t", attempt+1, j, ok)
		}
		if err := w.Finish(t.Context(), &j, end, nil); err != nil {
			t.Fatal(err)
		}
		if _, fresh := w.start(t, s); fresh != (end != objectify.Completed) {
			t.Errorf("after %s a run is fresh: %t", end, fresh)
		}
	}
}

func TestALostLeaseChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.start(t, w.spec(t, "h1"))
	first, _ := w.claim(t, "first")
	if _, ok := w.claim(t, "second"); ok {
		t.Error("two workers have the job")
	}
	w.now = w.now.Add(objectify.Lease + time.Second)
	second, ok := w.claim(t, "second")
	if !ok {
		t.Fatal("an expired lease is not free")
	}
	if err := w.Checkpoint(t.Context(), &first, nil, nil, nil); !errors.Is(err, objectify.ErrLost) {
		t.Errorf("the first worker goes on: %v", err)
	}
	if err := w.Finish(t.Context(), &first, objectify.Completed, nil); !errors.Is(err, objectify.ErrLost) {
		t.Errorf("the first worker ends it: %v", err)
	}
	if err := w.Release(t.Context(), &second, nil); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.claim(t, "third"); !ok {
		t.Error("a released job is not free")
	}
}

func TestProgressAndErrorsAreKept(t *testing.T) {
	w := newWorld(t)
	s := w.spec(t, "h1")
	w.start(t, s)
	j, _ := w.claim(t, "w")
	j.NextRow, j.NextBatch, j.Counts.Read = 2, 1, 2
	reason := problem.StatusMessage("error")
	batch := &objectify.Batch{Number: 0, Command: "c0", Rows: []objectify.RowRef{{Row: 1, Line: 2}}}
	refused := []objectify.RowError{{RowRef: objectify.RowRef{Row: 2, Line: 3}, Field: "count", Target: "flights", Value: "many\x00", Reason: reason}}
	if err := w.Checkpoint(t.Context(), &j, batch, nil, refused); err != nil {
		t.Fatal(err)
	}
	open, err := w.OpenBatches(t.Context(), &j)
	if err != nil || len(open) != 1 || open[0].Rows[0].Line != 2 {
		t.Errorf("%+v, %v", open, err)
	}
	if err := w.Checkpoint(t.Context(), &j, nil, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	if open, _ := w.OpenBatches(t.Context(), &j); len(open) > 0 {
		t.Errorf("still open: %+v", open)
	}
	list, total, err := w.Errors(t.Context(), j.ID, 10, 0)
	if err != nil || total != 1 || list[0].Row != 2 || list[0].Field != "count" || list[0].Reason.EN != reason.EN {
		t.Errorf("%+v of %d, %v", list, total, err)
	}
	if err := w.Finish(t.Context(), &j, objectify.Partial, nil); err != nil {
		t.Fatal(err)
	}
	w.start(t, s)
	if _, total, _ := w.Errors(t.Context(), j.ID, 10, 0); total != 0 {
		t.Errorf("%d errors of the attempt before", total)
	}
	if stored, err := w.Job(t.Context(), j.ID); err != nil || stored.Status != objectify.Queued || stored.Counts.Read != 0 {
		t.Errorf("%+v, %v", stored, err)
	}
}

func schema(t *testing.T, body map[string]any) *ontology.Schema {
	t.Helper()
	s, errs := ontology.Declare(body, ontology.Options{})
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASpecThatCannotWorkIsRefused(t *testing.T) {
	text := func(name string, more ...any) map[string]any {
		p := map[string]any{"name": name, "type": "string", "label": name}
		for i := 0; i < len(more); i += 2 {
			p[more[i].(string)] = more[i+1]
		}
		return p
	}
	airport := schema(t, map[string]any{"id": "Airport", "label": "Airport", "properties": []any{text("iata", "primary_key", true)}})
	route := schema(t, map[string]any{
		"id": "Route", "label": "Route", "properties": []any{text("id", "primary_key", true), text("must", "required", true), text("note")},
		"relationships": []any{map[string]any{"predicate": "origin", "target": "Airport", "label": "Origin", "cardinality": "n:1"}},
	})
	columns := datasets.Schema{Columns: []datasets.Column{{Name: "a"}, {Name: "b"}}}
	classes := func(context.Context, string) (*ontology.Schema, error) { return airport, nil }
	one := func(target string, sources ...string) objectify.Mapping {
		return objectify.Mapping{SourceFields: sources, TargetField: target}
	}
	good := []objectify.Mapping{one("id", "a"), one("must", "b"), one("origin", "a")}
	for reason, mappings := range map[string][]objectify.Mapping{
		"":                       good,
		"mapping.empty":          {},
		"mapping.unknown_column": append([]objectify.Mapping{one("note", "z")}, good...),
		"mapping.unknown_target": append([]objectify.Mapping{one("nowhere", "a")}, good...),
		"mapping.one_source":     append([]objectify.Mapping{one("note", "a", "b")}, good...),
		"mapping.twice":          append([]objectify.Mapping{one("id", "b")}, good...),
		"mapping.link_key":       {one("id", "a"), one("must", "b"), one("origin", "a", "b")},
		"mapping.not_covered":    {one("id", "a"), one("origin", "a")},
	} {
		spec := objectify.Spec{Mappings: mappings}
		_, err := spec.Compile(t.Context(), columns, route, classes)
		found := reason == "" && err == nil
		for _, e := range problem.FieldErrorsOf(err) {
			found = found || e.Msg.Key == reason
		}
		if !found {
			t.Errorf("%q: %v", reason, err)
		}
	}
}

// Rows of a class without key could not be recognised when the file comes again.
func TestAClassNeedsAKey(t *testing.T) {
	keyless := schema(t, map[string]any{"id": "Note", "label": "Note", "properties": []any{map[string]any{"name": "words", "type": "string", "label": "Words"}}})
	spec := objectify.Spec{Class: "Note", Mappings: []objectify.Mapping{{SourceField: "a", TargetField: "words"}}}
	_, err := spec.Compile(t.Context(), datasets.Schema{Columns: []datasets.Column{{Name: "a"}}}, keyless, nil)
	if errs := problem.FieldErrorsOf(err); len(errs) != 1 || errs[0].Msg.Key != "mapping.no_key" {
		t.Error(err)
	}
}

// The jobs of one dataset do not overtake each other: the newest version must win.
func TestJobsOfADatasetKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	s := w.spec(t, "h1")
	start := func(version string) objectify.Job {
		t.Helper()
		j, _, err := w.Start(t.Context(), objectify.NewJob(s, datasets.Version{ID: uuid.NewSHA1(w.dataset, []byte(version)), Dataset: w.dataset}, objectify.Options{}, "kim"), true)
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Second)
		return j
	}
	older, newer := start("v1"), start("v2")
	first, ok := w.claim(t, "a")
	if !ok || first.ID != older.ID {
		t.Fatalf("%+v, %t", first, ok)
	}
	if other, ok := w.claim(t, "b"); ok {
		t.Errorf("%s overtakes", other.ID)
	}
	if err := w.Finish(t.Context(), &first, objectify.Partial, nil); err != nil {
		t.Fatal(err)
	}
	start("v1") // again: behind the newer one
	if next, ok := w.claim(t, "c"); !ok || next.ID != newer.ID {
		t.Errorf("%+v, %t", next, ok)
	}
}
