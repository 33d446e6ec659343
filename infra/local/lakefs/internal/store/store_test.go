package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"spiceharvester/infra/local/lakefs/internal/blob"
)

func expectStatus(t *testing.T, err error, want int) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Status != want {
		t.Errorf("got %v, want status %d", err, want)
	}
}

func TestRefExpressions(t *testing.T) {
	s := newRaw(t)
	var ids []string
	for i := range 4 {
		s.put(t, "main", "a", fmt.Sprint(i))
		ids = append(ids, s.mustCommit(t, "main", fmt.Sprint(i)).ID)
	}
	_, err := s.CreateBranch("raw", "side", ids[0])
	check(t, err)
	s.put(t, "side", "b", "b")
	side := s.mustCommit(t, "side", "side").ID
	merge, err := s.Merge(ctx, "raw", "side", "main", Merging{})
	check(t, err)
	_, err = s.CreateTag("raw", "v1", ids[1])
	check(t, err)
	r := s.repos["raw"]
	for ref, want := range map[string]string{
		"main": merge.ID, "main@": merge.ID, "main~0": merge.ID, "main^0": merge.ID, "main^1": ids[3], "main^": ids[3],
		"main^2": side, "main~": ids[3], "main~1": ids[3], "main~2": ids[2], "main^2~1": ids[0], "v1": ids[1], "v1~": ids[0],
		ids[2]: ids[2], ids[2][:12]: ids[2], ids[2][:12] + "~1": ids[1],
		"main^3": "", "main~100": "", "none": "", "main~x": "", "main~1x": "", "ffffffffffff": "", "": "", "~1": "",
	} {
		got := ""
		if c, err := r.resolve(ref); err == nil {
			got = c.ID
		}
		if got != want {
			t.Errorf("%q means %q, want %q", ref, got, want)
		}
	}
}

func TestMergeBaseAndLog(t *testing.T) {
	s := newRaw(t)
	commit := func(branch, path string) string {
		s.put(t, branch, path, path)
		return s.mustCommit(t, branch, path).ID
	}
	merge := func(source, branch string) string {
		c, err := s.Merge(ctx, "raw", source, branch, Merging{})
		check(t, err)
		return c.ID
	}
	m1 := commit("main", "m1")
	_, err := s.CreateBranch("raw", "work", "main")
	check(t, err)
	w1 := commit("work", "w1")
	m2 := commit("main", "m2")
	base := func(a, b string) string {
		r := s.repos["raw"]
		ca, err := r.resolve(a)
		check(t, err)
		cb, err := r.resolve(b)
		check(t, err)
		return r.mergeBase(ca, cb).ID
	}
	if got := base("main", "work"); got != m1 {
		t.Errorf("the base is %s, want %s", got, m1)
	}
	x := merge("work", "main")
	if got := base("main", "work"); got != w1 {
		t.Errorf("after a merge the base is %s, want %s", got, w1)
	}
	y := merge("main", "work")
	if got := base("work", "main"); got != x {
		t.Errorf("after a merge back the base is %s, want %s", got, x)
	}
	if got := base("work", "work"); got != y {
		t.Errorf("the base with itself is %s, want %s", got, y)
	}
	log := func(after string, amount int, firstParent bool) (ids []string, more bool) {
		list, more, err := s.Log("raw", "main", after, amount, firstParent)
		check(t, err)
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids, more
	}
	all, more := log("", 100, false)
	if more || len(all) != 5 || all[0] != x || all[3] != m1 {
		t.Errorf("log %v, more %v", all, more)
	}
	first, more := log("", 2, false)
	rest, restMore := log(first[1], 100, false)
	if !more || restMore || !slices.Equal(append(first, rest...), all) {
		t.Errorf("pages %v %v, want %v", first, rest, all)
	}
	if line, _ := log("", 100, true); !slices.Equal(line[:3], []string{x, m2, m1}) {
		t.Errorf("first parents: %v", line)
	}
}

func TestEqualContentIsNoChange(t *testing.T) {
	s := newRaw(t)
	s.put(t, "main", "a", "one")
	s.mustCommit(t, "main", "first")
	again := object("one")
	again.Modified, again.Name, again.ContentType = 99, "data/elsewhere", "text/csv"
	check(t, s.Stage(ctx, "raw", "main", "a", again, false))
	_, err := s.CreateCommit(ctx, "raw", "main", Message{Text: "again"})
	expectStatus(t, err, http.StatusBadRequest)
	again.Metadata = map[string]string{"k": "v"}
	check(t, s.Stage(ctx, "raw", "main", "a", again, false))
	s.mustCommit(t, "main", "metadata is content")
}

func TestStagedChangesShow(t *testing.T) {
	s := newRaw(t)
	for _, path := range []string{"a", "d/b", "d/c", "e"} {
		s.put(t, "main", path, "old")
	}
	head := s.mustCommit(t, "main", "first").ID
	s.put(t, "main", "d/c", "new")
	s.put(t, "main", "d/a", "new")
	s.put(t, "main", "f", "new")
	check(t, s.DeleteObject(ctx, "raw", "main", "d/b"))
	check(t, s.DeleteObject(ctx, "raw", "main", "f"))
	list := func(ref, prefix, from string) (paths string) {
		seq, err := s.Objects(ctx, "raw", ref, prefix, from)
		check(t, err)
		for e, err := range seq {
			check(t, err)
			paths += e.Path + "=" + e.Object.Checksum + " "
		}
		return strings.TrimSpace(paths)
	}
	for _, c := range []struct{ ref, prefix, from, want string }{
		{"main", "", "", "a=old d/a=new d/c=new e=old"},
		{"main", "d/", "", "d/a=new d/c=new"},
		{"main", "", "d/b", "d/c=new e=old"},
		{"main", "d/", "d/b", "d/c=new"},
		{"main@", "", "", "a=old d/b=old d/c=old e=old"},
		{head, "d/", "", "d/b=old d/c=old"},
	} {
		if got := list(c.ref, c.prefix, c.from); got != c.want {
			t.Errorf("%s %q from %q: %s, want %s", c.ref, c.prefix, c.from, got, c.want)
		}
	}
	seq, err := s.Uncommitted(ctx, "raw", "main", "", "")
	check(t, err)
	var got []string
	for d, err := range seq {
		check(t, err)
		got = append(got, d.Type+" "+d.Path)
	}
	if want := []string{"added d/a", "removed d/b", "changed d/c"}; !slices.Equal(got, want) {
		t.Errorf("uncommitted: %v, want %v", got, want)
	}
}

// TestOneWinner lets many put an object at one path that must be free.
func TestOneWinner(t *testing.T) {
	s := newRaw(t)
	for round := range 20 {
		var winners atomic.Int32
		var group sync.WaitGroup
		path := fmt.Sprint("path", round)
		for i := range 8 {
			group.Go(func() {
				switch err := s.Stage(ctx, "raw", "main", path, object(fmt.Sprint(i)), true); {
				case err == nil:
					winners.Add(1)
				default:
					expectStatus(t, err, http.StatusPreconditionFailed)
				}
			})
		}
		group.Go(func() {
			s.put(t, "main", fmt.Sprint("other", round), "x")
			s.mustCommit(t, "main", "moves the branch")
		})
		group.Wait()
		if n := winners.Load(); n != 1 {
			t.Errorf("round %d: %d winners", round, n)
		}
	}
}

// TestABranchThatMovesIsLookedAtAgain: an upload that must not replace another
// reads a tree while a commit brings the path.
func TestABranchThatMovesIsLookedAtAgain(t *testing.T) {
	dir, bytes := t.TempDir(), &blob.Memory{}
	s := open(t, dir, bytes)
	fill(t, s)
	check(t, s.Close())
	held := &holding{Store: bytes, started: make(chan struct{}), release: make(chan struct{})}
	s = open(t, dir, held) // nothing is cached
	staged := make(chan error)
	go func() { staged <- s.Stage(ctx, "raw", "main", "new", object("mine"), true) }()
	<-held.started
	s.put(t, "main", "new", "theirs")
	s.mustCommit(t, "main", "brings it")
	close(held.release)
	expectStatus(t, <-staged, http.StatusPreconditionFailed)
	if o, _, err := s.Object(ctx, "raw", "main", "new"); err != nil || o.Checksum != "theirs" {
		t.Errorf("the path is %v, %v", o, err)
	}
}

// holding is a store of bytes whose first read waits.
type holding struct {
	blob.Store
	held             atomic.Bool
	started, release chan struct{}
}

func (h *holding) Get(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	if !h.held.Swap(true) {
		h.started <- struct{}{}
		<-h.release
	}
	return h.Store.Get(ctx, bucket, key, offset, length)
}

// slow is a store of bytes whose writes of trees wait.
type slow struct {
	blob.Memory
	started, release chan struct{}
}

func (s *slow) Put(ctx context.Context, bucket, key string, body blob.Body) error {
	if s.started != nil && strings.Contains(key, metaPrefix) {
		s.started <- struct{}{}
		<-s.release
	}
	return s.Memory.Put(ctx, bucket, key, body)
}

// TestUploadsDuringACommit checks that a commit takes what was there when it
// began, and that what comes later is neither lost nor swept in.
func TestUploadsDuringACommit(t *testing.T) {
	blobs := &slow{}
	s := open(t, "", blobs)
	_, err := s.CreateRepository(ctx, Repository{ID: "raw", Namespace: "s3://b/raw", DefaultBranch: "main"}, false)
	check(t, err)
	s.put(t, "main", "before", "x")
	s.put(t, "main", "both", "early")
	blobs.started, blobs.release = make(chan struct{}), make(chan struct{})
	committed := make(chan *Commit)
	go func() {
		c, err := s.CreateCommit(ctx, "raw", "main", Message{Text: "slow"})
		if err != nil {
			t.Error(err)
		}
		committed <- c
	}()
	<-blobs.started // the range
	s.put(t, "main", "during", "x")
	s.put(t, "main", "both", "late")
	close(blobs.release)
	<-blobs.started // the list
	first := <-committed
	blobs.started = nil
	second := s.mustCommit(t, "main", "what came meanwhile")
	for _, c := range []struct{ ref, path, want string }{
		{first.ID, "before", "x"}, {first.ID, "both", "early"}, {first.ID, "during", ""},
		{second.ID, "before", "x"}, {second.ID, "both", "late"}, {second.ID, "during", "x"},
	} {
		got := ""
		if o, _, err := s.Object(ctx, "raw", c.ref, c.path); err == nil {
			got = o.Checksum
		}
		if got != c.want {
			t.Errorf("%s is %q, want %q", c.path, got, c.want)
		}
	}
}

// TestABranchDeletedDuringACommit checks that the commit does not bring it back.
func TestABranchDeletedDuringACommit(t *testing.T) {
	blobs := &slow{}
	s := open(t, "", blobs)
	_, err := s.CreateRepository(ctx, Repository{ID: "raw", Namespace: "s3://b/raw", DefaultBranch: "main"}, false)
	check(t, err)
	_, err = s.CreateBranch("raw", "work", "main")
	check(t, err)
	s.put(t, "work", "a", "x")
	blobs.started, blobs.release = make(chan struct{}, 8), make(chan struct{})
	failed := make(chan error)
	go func() {
		_, err := s.CreateCommit(ctx, "raw", "work", Message{Text: "too late"})
		failed <- err
	}()
	<-blobs.started
	check(t, s.DeleteBranch("raw", "work"))
	_, err = s.CreateBranch("raw", "work", "main")
	check(t, err)
	close(blobs.release)
	expectStatus(t, <-failed, http.StatusNotFound)
	if b, err := s.Branch("raw", "work"); err != nil || b.Commit != s.repos["raw"].branches["main"].head {
		t.Errorf("the new branch is %v, %v", b, err)
	}
}

func TestProtection(t *testing.T) {
	s := newRaw(t)
	_, err := s.CreateBranch("raw", "release-1", "main")
	check(t, err)
	s.put(t, "main", "a", "x")
	s.mustCommit(t, "main", "a")
	check(t, s.SetRules("raw", []string{"release-*"}, func([]string) error { return nil }))
	expectStatus(t, s.Stage(ctx, "raw", "release-1", "a", object("x"), true), http.StatusForbidden)
	expectStatus(t, s.DeleteObject(ctx, "raw", "release-1", "a"), http.StatusForbidden)
	expectStatus(t, s.Revert(ctx, "raw", "release-1", "main", 0, Message{}), http.StatusForbidden)
	_, err = s.Merge(ctx, "raw", "main", "release-1", Merging{})
	check(t, err)
	s.put(t, "main", "b", "x")
}

func TestRestoreNeedsABareRepository(t *testing.T) {
	s := newRaw(t)
	refs, err := s.DumpRefs(ctx, "raw")
	check(t, err)
	expectStatus(t, s.RestoreRefs(ctx, "raw", refs), http.StatusBadRequest)
	_, err = s.CreateRepository(ctx, Repository{ID: "bare", Namespace: "s3://b/raw", DefaultBranch: "main"}, true)
	check(t, err)
	if _, err := s.Branch("bare", "main"); err == nil {
		t.Error("a bare repository has a branch")
	}
	if task, err := s.Restore(ctx, "bare", Refs{Commits: strings.Repeat("0", 64)}); err != nil || task.Err == nil {
		t.Errorf("a dump that is missing: %v, %v", task, err)
	}
	check(t, s.RestoreRefs(ctx, "bare", refs))
	if _, err := s.Branch("bare", "main"); err != nil {
		t.Error(err)
	}
}

// TestDumpsWriteWhatIsNew checks that a dump after each commit stays cheap.
func TestDumpsWriteWhatIsNew(t *testing.T) {
	blobs := &counting{}
	s := open(t, "", blobs)
	_, err := s.CreateRepository(ctx, Repository{ID: "raw", Namespace: "s3://b/raw", DefaultBranch: "main"}, false)
	check(t, err)
	const commits = 3000
	for i := range commits {
		s.put(t, "main", "a", fmt.Sprint(i))
		s.mustCommit(t, "main", "m")
	}
	_, err = s.DumpRefs(ctx, "raw")
	check(t, err)
	whole := blobs.bytes.Swap(0)
	s.put(t, "main", "a", "last")
	s.mustCommit(t, "main", "m")
	blobs.bytes.Store(0)
	refs, err := s.DumpRefs(ctx, "raw")
	check(t, err)
	if next := blobs.bytes.Load(); next > whole/4 {
		t.Errorf("the second dump wrote %d bytes, the first %d", next, whole)
	}
	n := 0
	for _, err := range s.repos["raw"].trees.All(ctx, refs.Commits, "") {
		check(t, err)
		n++
	}
	if n != commits+2 {
		t.Errorf("%d commits dumped", n)
	}
}

// counting counts the bytes written.
type counting struct {
	blob.Memory
	bytes atomic.Int64
}

func (c *counting) Put(ctx context.Context, bucket, key string, body blob.Body) error {
	c.bytes.Add(body.Size)
	return c.Memory.Put(ctx, bucket, key, body)
}
