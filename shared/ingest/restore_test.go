package ingest_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
)

// The lake loses its refs under a process that has used it before.
func TestALakeThatLosesItsRefsMeanwhile(t *testing.T) {
	for name, ask := range map[string]func(w *world, r ingest.Result) error{
		"a download": func(w *world, r ingest.Result) error {
			body, err := w.Repository.Open(w.t.Context(), r.Version)
			if err == nil {
				err = body.Close()
			}
			return err
		},
		"an upload": func(w *world, r ingest.Result) error {
			_, err := w.upload("k2", file+"c,3\n", things, things)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.put("k1", file)
			known := w.Repository
			w.newLake()
			known.Lake, w.Repository = w.lake, known
			if err := ask(w, first); err != nil {
				t.Fatal(err)
			}
			if got := w.read(first.Version); got != file {
				t.Errorf("the version holds %q", got)
			}
		})
	}
}

// Without a dump nothing can be restored, and nothing is made in its place.
func TestALakeWithoutADump(t *testing.T) {
	w := newWorld(t)
	w.lake.call, w.lake.err = "Dump", &lake.Error{Op: "dump", Status: 500}
	first := w.put("k1", file)
	w.newLake()
	if _, err := w.Repository.Open(t.Context(), first.Version); err == nil || !strings.Contains(err.Error(), lake.ManifestName) {
		t.Errorf("opening a lost file: %v", err)
	} else {
		refused(t, err, 503, "")
	}
}

// together holds everybody until all are there.
type together struct {
	ingest.Objects
	all sync.WaitGroup
}

func (o *together) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	o.all.Done()
	o.all.Wait()
	return o.Objects.Open(ctx, bucket, key)
}

// Processes that find the lake empty at the same time all go on once it is
// restored.
func TestProcessesThatRestoreAtOnce(t *testing.T) {
	const many = 4
	w := newWorld(t)
	first := w.put("k1", file)
	w.newLake()
	meeting := &together{Objects: w.Repository.Objects}
	meeting.all.Add(many)
	w.Repository.Objects = meeting
	var group sync.WaitGroup
	for range many {
		p := w.another()
		group.Go(func() {
			body, err := p.Repository.Open(t.Context(), first.Version)
			if err != nil {
				t.Error(err)
				return
			}
			body.Close()
		})
	}
	group.Wait()
}

// The lake has lost its refs when a published upload is to be tidied up: the merge
// does not count as done.
func TestALakeThatLosesItsRefsBeforeTheMerge(t *testing.T) {
	w := newWorld(t)
	w.put("k1", file)
	w.lake.call, w.lake.err = "Merge", &lake.Error{Op: "merge", Status: 403}
	second := w.put("k2", file+"c,3\n")
	if _, err := w.lake.Dump(t.Context(), "raw"); err != nil { // of another ingest
		t.Fatal(err)
	}
	known := w.Repository
	w.newLake()
	known.Lake, w.Repository = w.lake, known
	w.reconcile()
	w.is("2 versions, 3 outbox rows, 0 untidy, 0 branches")
	_, path, _ := strings.Cut(second.Version.ArtifactKey, second.Version.Commit+"/")
	if _, err := w.lake.Stat(t.Context(), "raw", lake.MainBranch, path); err != nil {
		t.Error(err)
	}
}
