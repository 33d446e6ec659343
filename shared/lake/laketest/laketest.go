// Package laketest is the conformance suite of lake.Lake: it says what every
// implementation, the stand-in and a real lakeFS promise.
package laketest

import (
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"spiceharvester/shared/lake"
)

// Subject is what the suite runs over.
type Subject struct {
	Lake lake.Lake
	// Namespace is the storage namespace below which repositories keep their
	// objects: s3://bucket/prefix.
	Namespace string
}

// Run runs the suite. Each test makes repositories of its own, with random
// names, and leaves them behind.
func Run(t *testing.T, s Subject) {
	for name, test := range map[string]func(*testing.T, *world){
		"Repository":     repository,
		"Ingest":         ingest,
		"Conflict":       conflict,
		"Upload":         upload,
		"BrokenUpload":   brokenUpload,
		"LargeObject":    largeObject,
		"Missing":        missing,
		"List":           list,
		"DumpAndRestore": dumpAndRestore,
		"ManyIngests":    manyIngests,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{Subject: s, t: t}
			w.repo = w.newRepository()
			test(t, w)
		})
	}
}

// world is a repository under test.
type world struct {
	Subject
	t    *testing.T
	repo string
}

// newName makes a name that no other run uses.
func newName() string { return "suite-" + strings.ToLower(rand.Text()) }

func (w *world) namespace(repo string) string {
	return strings.TrimRight(w.Namespace, "/") + "/" + repo
}

func (w *world) newRepository() string {
	w.t.Helper()
	repo := newName()
	w.must(w.Lake.EnsureRepository(w.t.Context(), repo, w.namespace(repo)))
	return repo
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// expectError checks that an error has a reason and is not worth a retry.
func (w *world) expectError(err, want error) {
	w.t.Helper()
	var e *lake.Error
	switch {
	case !errors.Is(err, want):
		w.t.Errorf("got %v, want %v", err, want)
	case !errors.As(err, &e) || e.Op == "" || e.Status == 0:
		w.t.Errorf("%v does not say what was asked and answered", err)
	case lake.Retryable(err):
		w.t.Errorf("%v counts as retryable", err)
	}
}

func (w *world) branch(name, source string) {
	w.t.Helper()
	_, err := w.Lake.CreateBranch(w.t.Context(), w.repo, name, source)
	w.must(err)
}

func (w *world) upload(branch, path, content string) lake.Uploaded {
	w.t.Helper()
	u, err := w.Lake.Upload(w.t.Context(), w.repo, branch, path, strings.NewReader(content), lake.Properties{})
	w.must(err)
	return u
}

func (w *world) commit(branch, message string, metadata map[string]string) string {
	w.t.Helper()
	id, err := w.Lake.Commit(w.t.Context(), w.repo, branch, message, metadata)
	w.must(err)
	return id
}

func (w *world) get(ref, path string, r lake.Range) string {
	w.t.Helper()
	body, err := w.Lake.Get(w.t.Context(), w.repo, ref, path, r)
	w.must(err)
	defer body.Close()
	b, err := io.ReadAll(body)
	w.must(err)
	return string(b)
}

func (w *world) expectContent(ref, path, want string) {
	w.t.Helper()
	if got := w.get(ref, path, lake.Range{}); got != want {
		w.t.Errorf("%s at %s is %.100q, want %.100q", path, ref, got, want)
	}
}

// paths lists what is at a ref.
func (w *world) paths(repo, ref, prefix string) (paths []string) {
	w.t.Helper()
	for o, err := range w.Lake.List(w.t.Context(), repo, ref, prefix) {
		w.must(err)
		paths = append(paths, o.Path)
	}
	return paths
}

// expectMetadata checks that a commit has at least the given metadata: a
// server may add its own.
func (w *world) expectMetadata(c lake.Commit, want map[string]string) {
	w.t.Helper()
	got := maps.Clone(c.Metadata)
	maps.DeleteFunc(got, func(k, _ string) bool { _, ok := want[k]; return !ok })
	if !maps.Equal(got, want) {
		w.t.Errorf("commit %s has the metadata %v, want %v", c.ID, c.Metadata, want)
	}
}
