package datasets_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/problem"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type world struct {
	*datasets.Store
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	w.Store = &datasets.Store{Pool: pgtest.Pool(t), Now: func() time.Time { return w.now }}
	return w
}

func (w *world) begin(t *testing.T, key string) datasets.Request {
	t.Helper()
	r, err := w.Begin(t.Context(), datasets.RequestID("shop", "main", "csv-upload", key), "shop", "main", "kim")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// commit plays the lakeFS commit of an ingest.
func (w *world) commit(t *testing.T, r datasets.Request, commit string) {
	t.Helper()
	fingerprint, artifact := "f-"+commit, "s3://raw-datasets/"+commit+"/source.csv"
	r.Fingerprint, r.Commit, r.ArtifactKey = &fingerprint, &commit, &artifact
	r.Record = &datasets.Record{
		Name: "airports", SourceType: "csv_upload", SourceRef: "airports.csv", RowCount: 3, Sample: []byte(`{}`), Source: []byte(`{"type":"csv"}`), Analysis: []byte(`[]`),
		Schema: datasets.Schema{Columns: []datasets.Column{{Name: "iata", Type: "xsd:string"}}},
	}
	if err := w.Committed(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, w *world, sql string) (n int) {
	t.Helper()
	if err := w.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnIngestIsPublishedOnce(t *testing.T) {
	w := newWorld(t)
	r := w.begin(t, "k1")
	w.commit(t, r, "c1")
	d, v, err := w.Publish(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	again, v2, err := w.Publish(t.Context(), r.ID)
	if err != nil || again.ID != d.ID || v2.ID != v.ID || v.Number != 1 || *d.LatestCommit != "c1" || v.RowCount != 3 {
		t.Errorf("%+v, %+v, %v", again, v2, err)
	}
	if n := count(t, w, `select count(*) from spice_outbox.outbox`); n != 2 {
		t.Errorf("%d rows in the outbox, want one of the dataset and one of the version", n)
	}
	if found := w.begin(t, "k1"); found.Status != datasets.Published || *found.Fingerprint != "f-c1" {
		t.Errorf("the key stands for %+v", found)
	}
}

func TestASecondFileIsTheNextVersion(t *testing.T) {
	w := newWorld(t)
	for i, commit := range []string{"c1", "c2"} {
		r := w.begin(t, commit)
		w.commit(t, r, commit)
		if _, v, err := w.Publish(t.Context(), r.ID); err != nil || v.Number != i+1 {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	list, err := w.List(t.Context(), "shop", "main")
	if err != nil || len(list) != 1 || *list[0].LatestCommit != "c2" {
		t.Fatalf("%+v, %v", list, err)
	}
	versions, err := w.Versions(t.Context(), list[0].ID, 10, 0)
	if err != nil || len(versions) != 2 || versions[0].Commit != "c2" {
		t.Errorf("%+v, %v", versions, err)
	}
}

func TestAttemptsAreFenced(t *testing.T) {
	w := newWorld(t)
	first := w.begin(t, "k1")
	_, err := w.Begin(t.Context(), first.ID, "shop", "main", "kim")
	if p, ok := problem.AsProblem(err); !ok || p.Status != 409 || p.Context["code"] != "IDEMPOTENCY_IN_PROGRESS" {
		t.Errorf("while the first call runs: %v", err)
	}
	w.now = w.now.Add(datasets.Alive)
	second := w.begin(t, "k1")
	if second.Attempt != 2 || second.LakeBranch == first.LakeBranch || second.Version != first.Version {
		t.Errorf("%+v after %+v", second, first)
	}
	if err := w.Touch(t.Context(), first); !errors.Is(err, datasets.ErrSuperseded) {
		t.Errorf("the first attempt goes on: %v", err)
	}
	if err := w.Fail(t.Context(), second, errors.New("cut off")); err != nil {
		t.Fatal(err)
	}
	if third := w.begin(t, "k1"); third.Attempt != 3 {
		t.Errorf("a failure burns the key: %+v", third)
	}
}

func TestUnfinishedIngestsAreFound(t *testing.T) {
	w := newWorld(t)
	abandoned, committed, merged := w.begin(t, "k1"), w.begin(t, "k2"), w.begin(t, "k3")
	w.commit(t, committed, "c2")
	w.commit(t, merged, "c3")
	if _, _, err := w.Publish(t.Context(), merged.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Merged(t.Context(), merged); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Unfinished(t.Context(), 10); err != nil || len(list) > 0 {
		t.Errorf("too early: %v, %v", list, err)
	}
	w.now = w.now.Add(datasets.Alive + time.Second)
	list, err := w.Unfinished(t.Context(), 10)
	if err != nil || len(list) != 2 || list[0].ID != abandoned.ID && list[1].ID != abandoned.ID {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWhatIsNotThereIs404(t *testing.T) {
	w := newWorld(t)
	_, err := w.Get(t.Context(), uuid.New())
	_, err2 := w.Version(t.Context(), uuid.New(), uuid.New())
	for _, err := range []error{err, err2} {
		if p, ok := problem.AsProblem(err); !ok || p.Status != 404 {
			t.Error(err)
		}
	}
}

func TestSchemaHashTellsColumnsApart(t *testing.T) {
	hash := func(columns ...datasets.Column) string { return datasets.SchemaHash(datasets.Schema{Columns: columns}) }
	a, b := datasets.Column{Name: "a", Type: "xsd:string"}, datasets.Column{Name: "b", Type: "xsd:string"}
	for name, want := range map[string]string{
		"a":            "582f64227bfb65ee341e606c12eca7d70c4006688bf598c5005a7269cbee4ea8",
		"값\"\\\x7f😀\n": "0d9bee239049e7b9ac4be7323c50eee7b8c17fc3600533732220f454849a4667",
	} {
		if got := hash(datasets.Column{Name: name, Type: "xsd:string"}); got != want {
			t.Errorf("the hash of column %q is %s", name, got)
		}
	}
	if hash(a, b) == hash(b, a) || hash(a) == hash(a, b) || hash(datasets.Column{Name: "ab", Type: "c"}) == hash(datasets.Column{Name: "a", Type: "bc"}) {
		t.Error("different schemas have one hash")
	}
}
