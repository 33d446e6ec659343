package s3

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const segment = "log/v1/000/00000000000000000000"

// syncs records what was synced, as paths relative to the data folder; "content" is a file without a name. hook, when
// set, runs before each with that path.
type syncs struct {
	dir  string
	mu   sync.Mutex
	list []string
	hook func(path string) error
}

func (s *syncs) sync(f *os.File) error {
	path, err := filepath.Rel(s.dir, f.Name())
	if err != nil || strings.HasPrefix(path, "..") || strings.Contains(path, ".sgwtmp") {
		path = "content"
	}
	s.mu.Lock()
	s.list = append(s.list, path)
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		if err := hook(path); err != nil {
			return err
		}
	}
	return f.Sync()
}

// take answers what was synced since the last call.
func (s *syncs) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

func (s *syncs) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := s.take(); !slices.Equal(got, want) {
		t.Errorf("synced\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *syncs) setHook(hook func(string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

func startRecorded(t *testing.T, dir string) (*syncs, *Server, testClient) {
	t.Helper()
	recorded := &syncs{dir: dir}
	s, c := startTest(t, Config{Dir: dir, sync: recorded.sync})
	return recorded, s, c
}

func TestTheLogIsSyncedBeforeTheAnswer(t *testing.T) {
	recorded, _, c := startRecorded(t, t.TempDir())
	c.expectCreate("data/one", "content", http.StatusOK)
	recorded.expect(t)

	c.expectCreate(segment, "content", http.StatusOK)
	recorded.expect(t, "content", "buckets/events/"+segment,
		"buckets/events/log/v1/000", "buckets/events/log/v1", "buckets/events/log", "buckets/events", "buckets")

	next := "log/v1/000/00000000000000000001"
	c.expectCreate(next, "content", http.StatusOK)
	recorded.expect(t, "content", "buckets/events/"+next, "buckets/events/log/v1/000")

	c.expectCreate(next, "other", http.StatusPreconditionFailed)
	recorded.expect(t)

	c.expectCreate("log/v1/data/abc", "content", http.StatusOK)
	recorded.expect(t, "content", "buckets/events/log/v1/data/abc", "buckets/events/log/v1/data", "buckets/events/log/v1")
}

func TestTheSidecarIsSynced(t *testing.T) {
	recorded, _, c := startRecorded(t, folders["sidecar"](t))
	c.expectCreate(segment, "content", http.StatusOK)
	got := recorded.take()
	for _, want := range []string{
		"content", "buckets/events/" + segment, "metadata/events/" + segment + "/meta/etag",
		"metadata/events/" + segment + "/meta", "metadata/events/log", "metadata/events", "metadata",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s was not synced, only\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestRemovedFoldersAreSyncedAgain(t *testing.T) {
	recorded, _, c := startRecorded(t, t.TempDir())
	for range 2 {
		c.expectCreate("log/a/1", "content", http.StatusOK)
		recorded.expect(t, "content", "buckets/events/log/a/1",
			"buckets/events/log/a", "buckets/events/log", "buckets/events", "buckets")
		// Removes the folders too, as they become empty.
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(testBucket), Key: aws.String("log/a/1")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoSyncSyncsNothing(t *testing.T) {
	recorded := &syncs{dir: t.TempDir()}
	_, c := startTest(t, Config{Dir: recorded.dir, NoSync: true, sync: recorded.sync})
	c.expectCreate(segment, "content", http.StatusOK)
	recorded.expect(t)
}

func TestNobodySeesAnObjectThatIsNotDurable(t *testing.T) {
	recorded, _, c := startRecorded(t, t.TempDir())
	named, release := make(chan struct{}), make(chan struct{})
	recorded.setHook(func(path string) error {
		if path == "buckets/events/"+segment {
			close(named)
			<-release
		}
		return nil
	})
	written := make(chan int, 1)
	go func() { written <- c.create(segment, "content") }()
	<-named // the file has its name now

	read := make(chan int, 2)
	go func() {
		got, content := c.get(segment)
		if got == http.StatusOK && content != "content" {
			t.Errorf("GET answers %q", content)
		}
		read <- got
	}()
	go func() {
		_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(testBucket), Key: aws.String(segment)})
		read <- status(err)
	}()
	// Others do not wait, and another writer learns that it lost.
	c.expectCreate(segment, "other", http.StatusPreconditionFailed)
	c.expectGet("log/v1/000/00000000000000000001", http.StatusNotFound, "")
	c.expectCreate("log/v1/001/00000000000000000000", "other chain", http.StatusOK)
	c.expectGet("log/v1/001/00000000000000000000", http.StatusOK, "other chain")
	select {
	case got := <-written:
		t.Errorf("PUT answered %d before the object was durable", got)
	case got := <-read:
		t.Errorf("a reader was answered %d before the object was durable", got)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	for _, answers := range []chan int{written, read, read} {
		if got := <-answers; got != http.StatusOK {
			t.Errorf("after the sync: %d", got)
		}
	}
}

func TestAFailedSyncIsNeverAnswered(t *testing.T) {
	dir := t.TempDir()
	recorded, s, c := startRecorded(t, dir)
	failing := func(what string) func(string) error {
		return func(path string) error {
			if path == what {
				return errors.New("the disk is gone")
			}
			return nil
		}
	}
	// Before the object has its name: nothing happened.
	recorded.setHook(failing("content"))
	c.expectCreate(segment, "content", http.StatusInternalServerError)
	c.expectGet(segment, http.StatusNotFound, "")

	// After it: unknown until the next start.
	recorded.setHook(failing("buckets/events/log/v1/000"))
	c.expectCreate(segment, "content", http.StatusInternalServerError)
	recorded.setHook(nil)
	c.expectGet(segment, http.StatusInternalServerError, "")
	c.expectCreate(segment, "other", http.StatusPreconditionFailed)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	_, c = startTest(t, Config{Dir: dir})
	c.expectGet(segment, http.StatusOK, "content")
}

func TestAFileWithoutAttributesIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	_, c := startTest(t, Config{Dir: dir})
	file := filepath.Join(bucketFolder(dir), testBucket, segment)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	// What a power cut may leave on a file system that does not keep the order.
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.expectCreate(segment, "other", http.StatusPreconditionFailed)
	c.expectGet(segment, http.StatusOK, "content")
}
