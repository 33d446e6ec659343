package ingest_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
)

// broken leaves an upload as a process leaves it that dies at some point.
func broken(t *testing.T, w *world, at string) {
	t.Helper()
	things := ingest.Settings{Name: "things"}
	u, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Receive(t.Context(), "t.csv", strings.NewReader(file), things); err != nil {
		t.Fatal(err)
	}
	switch at {
	case "after the upload":
		return
	case "before the merge":
		w.lake.call, w.lake.err = "Merge", &lake.Error{Op: "merge", Status: 403} // not tried again at once
	case "before the clean-up":
		w.lake.call, w.lake.err = "DeleteBranch", errors.New("the process dies")
	}
	if _, err := u.Finish(t.Context(), things); err != nil {
		t.Fatal(err)
	}
	if at == "before the registration" {
		_, err := w.Store.Pool.Exec(t.Context(), `truncate spice_datasets.datasets, spice_datasets.dataset_versions, spice_objectify.mapping_specs, spice_objectify.jobs, spice_objectify.batches, spice_objectify.row_errors, spice_outbox.outbox`)
		if err == nil {
			_, err = w.Store.Pool.Exec(t.Context(), `update spice_datasets.ingest_requests set status = 'RAW_COMMITTED', merged_at = null, published_at = null`)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReconcile(t *testing.T) {
	for at, c := range map[string]struct {
		done  ingest.Reconciled
		state string
	}{
		"after the upload":        {ingest.Reconciled{Aborted: 1, Tidied: 1}, "0 versions, 0 outbox rows, 0 untidy, 0 branches"},
		"before the registration": {ingest.Reconciled{Published: 1, Committed: 1, Tidied: 1}, clean},
		"before the merge":        {ingest.Reconciled{Committed: 1, Tidied: 1}, clean},
		"before the clean-up":     {ingest.Reconciled{Committed: 1, Tidied: 1}, clean},
		"never":                   {ingest.Reconciled{}, clean},
	} {
		t.Run(at, func(t *testing.T) {
			w := newWorld(t)
			broken(t, w, at)
			if done, err := w.Reconcile(t.Context(), 10); err != nil || done != (ingest.Reconciled{}) {
				t.Errorf("too early: %+v, %v", done, err)
			}
			w.pass(datasets.Alive * 2)
			done, err := w.Reconcile(t.Context(), 10)
			if err != nil || done != c.done {
				t.Errorf("%+v, %v", done, err)
			}
			w.is(c.state)
			if done, err := w.Reconcile(t.Context(), 10); err != nil || done != (ingest.Reconciled{}) {
				t.Errorf("again: %+v, %v", done, err)
			}
			// The client that never got its answer repeats the request.
			if r := w.put("k", file); r.Version.Number != 1 || w.read(r.Version) != file {
				t.Errorf("%+v", r)
			}
			w.is(clean)
		})
	}
}

func TestReconcilersAtOnce(t *testing.T) {
	w := newWorld(t)
	broken(t, w, "before the registration")
	w.pass(datasets.Alive * 2)
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() {
			if _, err := w.Reconcile(t.Context(), 10); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	w.is(clean)
}

func TestALakeThatIsAwayIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	broken(t, w, "before the merge")
	w.pass(datasets.Alive * 2)
	w.lake.call, w.lake.err = "DeleteBranch", errors.New("away")
	if done, err := w.Reconcile(t.Context(), 10); err == nil || done.Failed != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := w.Reconcile(t.Context(), 10); err != nil || done.Tidied != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	w.is(clean)
}

// A lake that has lost its refs gets them back from the dump in the bucket.
func TestTheLakeIsRestored(t *testing.T) {
	w := newWorld(t)
	first := w.put("k1", file)
	w.newLake()
	if got := w.read(first.Version); got != file {
		t.Errorf("the first version holds %q", got)
	}
	second := w.put("k2", file+"c,3\n")
	if second.Version.Number != 2 || w.read(second.Version) != file+"c,3\n" || w.read(first.Version) != file {
		t.Errorf("%+v", second)
	}
}
