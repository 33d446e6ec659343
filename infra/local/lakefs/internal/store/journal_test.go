package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/standin/journal"
)

var ctx = context.Background()

// open opens a store in a folder.
func open(t *testing.T, dir string, blobs blob.Store) *Store {
	t.Helper()
	s, err := Open(ctx, Options{
		Dir: dir, Blobs: blobs, Logger: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newRaw opens a store with the repository "raw".
func newRaw(t *testing.T) *Store {
	s := open(t, "", &blob.Memory{})
	_, err := s.CreateRepository(ctx, Repository{ID: "raw", Namespace: "s3://b/raw", DefaultBranch: "main"}, false)
	check(t, err)
	return s
}

func object(content string) *Object {
	return &Object{Checksum: content, Name: "data/" + content, Size: int64(len(content)), ContentType: "text/plain"}
}

func (s *Store) put(t *testing.T, branch, path, content string) {
	t.Helper()
	check(t, s.Stage(ctx, "raw", branch, path, object(content), false))
}

func (s *Store) mustCommit(t *testing.T, branch, message string) *Commit {
	t.Helper()
	c, err := s.CreateCommit(ctx, "raw", branch, Message{Text: message})
	check(t, err)
	return c
}

// fill does a bit of everything.
func fill(t *testing.T, s *Store) {
	t.Helper()
	for _, id := range []string{"raw", "gone"} {
		_, err := s.CreateRepository(ctx, Repository{ID: id, Namespace: "s3://b/" + id, DefaultBranch: "main"}, false)
		check(t, err)
	}
	check(t, s.DeleteRepository("gone", false))
	for _, name := range []string{"work", "dropped"} {
		_, err := s.CreateBranch("raw", name, "main")
		check(t, err)
		s.put(t, name, "a", "one")
	}
	check(t, s.DeleteBranch("raw", "dropped"))
	s.mustCommit(t, "work", "first")
	_, err := s.Merge(ctx, "raw", "work", "main", Merging{})
	check(t, err)
	s.put(t, "work", "b", "staged")
	s.put(t, "work", "c", "reset")
	check(t, s.DeleteObject(ctx, "raw", "work", "a"))
	check(t, s.ResetBranch("raw", "work", func(path string) bool { return path == "c" }))
	for _, tag := range []string{"v1", "v2"} {
		_, err := s.CreateTag("raw", tag, "main")
		check(t, err)
	}
	check(t, s.DeleteTag("raw", "v2"))
	check(t, s.SetRules("raw", []string{"release*"}, func([]string) error { return nil }))
}

// picture is everything in a store that must outlive it.
func picture(s *Store) map[string]any {
	all := map[string]any{"seq": s.seq}
	for id, r := range s.repos {
		all[id] = []any{r.Repository, r.tags, r.rules, slices.Sorted(maps.Keys(r.commits))}
		for name, b := range r.branches {
			all[id+"/"+name] = []any{b.head, maps.Clone(b.staged)}
		}
	}
	return all
}

func TestTheJournalIsReplayed(t *testing.T) {
	dir, blobs := t.TempDir(), &blob.Memory{}
	s := open(t, dir, blobs)
	fill(t, s)
	want := picture(s)
	check(t, s.Close())
	s = open(t, dir, blobs)
	if got := picture(s); !reflect.DeepEqual(got, want) {
		t.Errorf("after the replay\n%v\nwant\n%v", got, want)
	}
	impatient, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := Open(impatient, Options{Dir: dir, Logger: s.log}); !errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("a second store on the folder: %v", err)
	}
}

// TestEveryCut cuts the journal at every byte: what is left is a state that
// was, and work goes on from there.
func TestEveryCut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &blob.Memory{})
	_, err := s.CreateRepository(ctx, Repository{ID: "raw", Namespace: "s3://b/raw", DefaultBranch: "main"}, false)
	check(t, err)
	s.put(t, "main", "a", "one")
	check(t, s.DeleteObject(ctx, "raw", "main", "a"))
	check(t, s.Close())
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	check(t, err)
	cuts, records := t.TempDir(), 0
	for cut := range len(whole) {
		path := filepath.Join(cuts, fmt.Sprint(cut))
		check(t, os.WriteFile(path, whole[:cut], 0o600))
		s := &Store{state: state{repos: map[string]*repository{}}}
		j, torn, err := journal.Open(path, format, s.apply)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if j.Records() < records {
			t.Fatalf("cut at %d: %d records, earlier %d", cut, j.Records(), records)
		}
		whole := j.Records() > records || cut == 0 || cut == len(format.Header)
		if torn == whole {
			t.Fatalf("cut at %d: torn is %v", cut, torn)
		}
		records = j.Records()
		check(t, j.Append(&record{Op: opRepository, Repo: "next", Repository: &Repository{ID: "next"}}))
		check(t, j.Close())
		again := &Store{state: state{repos: map[string]*repository{}}}
		j, torn, err = journal.Open(path, format, again.apply)
		if err != nil || torn || j.Records() != records+1 || again.repos["next"] == nil {
			t.Fatalf("cut at %d: what was appended later is lost: %v", cut, err)
		}
		j.Close()
	}
	if records == 0 {
		t.Error("no cut left a record")
	}
}

func TestDamageStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &blob.Memory{})
	fill(t, s)
	check(t, s.Close())
	path := filepath.Join(dir, "journal")
	b, err := os.ReadFile(path)
	check(t, err)
	b[len(b)/2] ^= 1
	check(t, os.WriteFile(path, b, 0o600))
	_, err = Open(ctx, Options{Dir: dir, Logger: s.log})
	if err == nil || !strings.Contains(err.Error(), "restore each repository") {
		t.Errorf("got %v", err)
	}
	check(t, os.WriteFile(path, []byte("something else"), 0o600))
	if _, err = Open(ctx, Options{Dir: dir, Logger: s.log}); err == nil || !strings.Contains(err.Error(), "not a journal") {
		t.Errorf("another file: %v", err)
	}
}

func TestZerosAfterTheEndAreNothing(t *testing.T) {
	dir, blobs := t.TempDir(), &blob.Memory{}
	s := open(t, dir, blobs)
	fill(t, s)
	want := picture(s)
	check(t, s.Close())
	f, err := os.OpenFile(filepath.Join(dir, "journal"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = f.Write(make([]byte, 100))
	check(t, errors.Join(err, f.Close()))
	if got := picture(open(t, dir, blobs)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheJournalIsCompacted(t *testing.T) {
	dir, blobs := t.TempDir(), &blob.Memory{}
	s := open(t, dir, blobs)
	fill(t, s)
	for i := range 3 * compactFrom {
		s.put(t, "work", "again", fmt.Sprint(i))
	}
	if n := s.journal.Records(); n > 2*compactFrom {
		t.Errorf("%d records", n)
	}
	want := picture(s)
	check(t, s.Close())
	s = open(t, dir, blobs)
	if got := picture(s); !reflect.DeepEqual(got, want) {
		t.Errorf("after compaction\n%v\nwant\n%v", got, want)
	}
	s.mustCommit(t, "work", "goes on")
	if len(s.repos["raw"].branches["work"].staged) != 0 {
		t.Error("the commit left something staged")
	}
}

func TestABrokenJournalTakesNoWrites(t *testing.T) {
	s := open(t, t.TempDir(), &blob.Memory{})
	fill(t, s)
	check(t, s.journal.Close())
	before := picture(s)
	for range 2 {
		if _, err := s.CreateBranch("raw", "new", "main"); err == nil {
			t.Error("a write without a journal succeeded")
		}
	}
	if got := picture(s); !reflect.DeepEqual(got, before) {
		t.Error("what was not written counts")
	}
}
