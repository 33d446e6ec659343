package laketest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"spiceharvester/shared/lake"
)

func repository(t *testing.T, w *world) {
	w.must(w.Lake.EnsureRepository(t.Context(), w.repo, w.namespace(w.repo)))
	if _, err := w.Lake.Head(t.Context(), w.repo, lake.MainBranch); err != nil {
		t.Error("a new repository has no first commit:", err)
	}
	w.expectError(w.Lake.EnsureRepository(t.Context(), newName(), w.namespace(w.repo)), lake.ErrNamespaceInUse)
}

// ingest goes the way of a dataset, each step twice, as after a crash.
func ingest(t *testing.T, w *world) {
	ctx, l := t.Context(), w.Lake
	metadata := map[string]string{"ingest_request_id": "r1", "dataset_id": "d1"}

	w.branch("ingest-r1", lake.MainBranch)
	_, err := l.CreateBranch(ctx, w.repo, "ingest-r1", lake.MainBranch)
	w.expectError(err, lake.ErrExists)

	w.upload("ingest-r1", "datasets/d1/source.csv", "a,b\n1,2\n")
	_, err = l.Stat(ctx, w.repo, lake.MainBranch, "datasets/d1/source.csv")
	w.expectError(err, lake.ErrNotFound)

	id := w.commit("ingest-r1", "ingest r1", metadata)
	_, err = l.Commit(ctx, w.repo, "ingest-r1", "ingest r1", metadata)
	w.expectError(err, lake.ErrNoChanges)
	head, err := l.Head(ctx, w.repo, "ingest-r1")
	w.must(err)
	if head.ID != id || head.Message != "ingest r1" || head.Created.IsZero() || len(head.Parents) != 1 {
		t.Errorf("head is %+v, want commit %s", head, id)
	}
	w.expectMetadata(head, metadata)

	merged, err := l.Merge(ctx, w.repo, "ingest-r1", lake.MainBranch, "merge r1", metadata)
	w.must(err)
	_, err = l.Merge(ctx, w.repo, "ingest-r1", lake.MainBranch, "merge r1", metadata)
	w.expectError(err, lake.ErrNoChanges)
	main, err := l.Head(ctx, w.repo, lake.MainBranch)
	w.must(err)
	if main.ID != merged || main.Message != "merge r1" || !slices.Contains(main.Parents, id) {
		t.Errorf("head of main is %+v, want %s with the parent %s", main, merged, id)
	}
	w.expectMetadata(main, metadata)

	w.must(l.DeleteBranch(ctx, w.repo, "ingest-r1"))
	w.must(l.DeleteBranch(ctx, w.repo, "ingest-r1"))

	// A commit shows what it showed, whatever follows.
	w.branch("later", lake.MainBranch)
	w.upload("later", "datasets/d1/source.csv", "changed")
	later := w.commit("later", "later", nil)
	w.expectContent(id, "datasets/d1/source.csv", "a,b\n1,2\n")
	w.expectContent(later, "datasets/d1/source.csv", "changed")
	w.expectContent("later", "datasets/d1/source.csv", "changed")
	w.expectContent(lake.MainBranch, "datasets/d1/source.csv", "a,b\n1,2\n")
}

func conflict(t *testing.T, w *world) {
	w.branch("left", lake.MainBranch)
	w.branch("right", lake.MainBranch)
	for _, b := range []string{"left", "right"} {
		w.upload(b, "same", b)
		w.upload(b, "only/"+b, b)
		w.commit(b, b, nil)
	}
	_, err := w.Lake.Merge(t.Context(), w.repo, "left", lake.MainBranch, "", nil)
	w.must(err)
	before, err := w.Lake.Head(t.Context(), w.repo, lake.MainBranch)
	w.must(err)
	_, err = w.Lake.Merge(t.Context(), w.repo, "right", lake.MainBranch, "", nil)
	w.expectError(err, lake.ErrConflict)
	after, err := w.Lake.Head(t.Context(), w.repo, lake.MainBranch)
	w.must(err)
	if before.ID != after.ID {
		t.Errorf("the conflict moved main from %s to %s", before.ID, after.ID)
	}
	w.expectContent(lake.MainBranch, "same", "left")
}

func dumpAndRestore(t *testing.T, w *world) {
	ctx, l := t.Context(), w.Lake
	w.branch("work", lake.MainBranch)
	w.upload("work", "kept/a", "first")
	first := w.commit("work", "first", map[string]string{"n": "1"})
	_, err := l.Dump(ctx, w.repo)
	w.must(err)
	w.upload("work", "kept/a", "second")
	w.upload("work", "kept/b", "other")
	second := w.commit("work", "second", map[string]string{"n": "2"})
	merged, err := l.Merge(ctx, w.repo, "work", lake.MainBranch, "merge", nil)
	w.must(err)
	refs, err := l.Dump(ctx, w.repo)
	w.must(err)

	// Another name for the same bytes, as after the loss of the server.
	namespace := w.namespace(w.repo)
	w.repo = newName()
	w.must(l.Restore(ctx, w.repo, namespace, refs))
	for ref, want := range map[string]string{"work": second, lake.MainBranch: merged} {
		head, err := l.Head(ctx, w.repo, ref)
		w.must(err)
		if head.ID != want {
			t.Errorf("%s is restored at %s, want %s", ref, head.ID, want)
		}
	}
	w.expectContent(first, "kept/a", "first")
	w.expectContent(lake.MainBranch, "kept/a", "second")
	if got := w.paths(w.repo, lake.MainBranch, ""); !slices.Equal(got, []string{"kept/a", "kept/b"}) {
		t.Errorf("restored: %v", got)
	}

	// It goes on as before.
	w.upload("work", "kept/c", "third")
	w.commit("work", "third", nil)
	_, err = l.Merge(ctx, w.repo, "work", lake.MainBranch, "merge", nil)
	w.must(err)
	w.expectContent(lake.MainBranch, "kept/c", "third")
}

// manyIngests merges into one branch from many at once.
func manyIngests(t *testing.T, w *world) {
	const many = 8
	one := func(i int) error {
		ctx, l := t.Context(), w.Lake
		branch := fmt.Sprintf("ingest-%d", i)
		if _, err := l.CreateBranch(ctx, w.repo, branch, lake.MainBranch); err != nil {
			return err
		}
		if _, err := l.Upload(ctx, w.repo, branch, "data/"+branch, pieces(branch), lake.Properties{}); err != nil {
			return err
		}
		if _, err := l.Commit(ctx, w.repo, branch, branch, nil); err != nil {
			return err
		}
		for {
			_, err := l.Merge(ctx, w.repo, branch, lake.MainBranch, "merge", nil)
			if err == nil {
				return l.DeleteBranch(ctx, w.repo, branch)
			}
			// Others move the branch too.
			if !lake.Retryable(err) {
				return err
			}
		}
	}
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			if err := one(i); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range many {
		branch := fmt.Sprintf("ingest-%d", i)
		w.expectContent(lake.MainBranch, "data/"+branch, branch)
	}
}
