package lakefs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/reexec"
	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/shared/lake"
)

// childConfig is what a server in a child process, which can be killed, needs.
type childConfig struct {
	Dir      string
	Endpoint s3test.Endpoint
}

func init() {
	reexec.Register("lakefs-server", func(ctx context.Context, c childConfig, ready func(url string)) error {
		s, err := lakefs.Start(ctx, lakefs.Config{Dir: c.Dir, AccessKey: accessKey, SecretKey: secretKey, Blobs: lakefs.S3(c.Endpoint.Client())})
		if err != nil {
			return err
		}
		ready(s.URL())
		<-ctx.Done()
		return s.Stop(context.Background())
	})
}

// acknowledged is what a server said it did.
type acknowledged struct {
	mu      sync.Mutex
	commits map[string]string // id: content of the file "file"
	staged  map[string]string // branch: content of the file "file"
}

// TestKill kills the server while it works, again and again: what it
// acknowledged is there.
func TestKill(t *testing.T) {
	const rounds, writers = 4, 4
	config := childConfig{Dir: t.TempDir(), Endpoint: s3test.New(t)}
	done := acknowledged{commits: map[string]string{}, staged: map[string]string{}}
	for round := range rounds + 1 {
		child, url, err := reexec.Start[childConfig, string](t.Context(), "lakefs-server", config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(child.Kill)
		s := connect(t, nil, url)
		if err := s.lake.EnsureRepository(t.Context(), "raw", "s3://"+config.Endpoint.Bucket+"/raw"); err != nil {
			t.Fatal(err)
		}
		for id, want := range done.commits {
			s.expect(t, id, "file", want)
		}
		for branch, want := range done.staged {
			s.expect(t, branch, "file", want)
		}
		if t.Failed() || round == rounds {
			break
		}
		enough := make(chan struct{}, 1000)
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() { write(s, fmt.Sprintf("w%d-%d", round, i), &done, enough) })
		}
		for range 10 * (round + 1) {
			<-enough
		}
		child.Kill()
		group.Wait()
	}
	t.Logf("%d commits and %d staged objects survived", len(done.commits), len(done.staged))
}

// write uploads to a branch and commits, until the server is gone.
func write(s server, branch string, done *acknowledged, progress chan<- struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := s.lake.CreateBranch(ctx, "raw", branch, "main"); err != nil {
		return
	}
	for i := 0; ; i++ {
		content := fmt.Sprint(branch, " ", i)
		if _, err := s.lake.Upload(ctx, "raw", branch, "file", strings.NewReader(content), lake.Properties{}); err != nil {
			// Whether it arrived is unknown.
			done.mu.Lock()
			delete(done.staged, branch)
			done.mu.Unlock()
			return
		}
		done.mu.Lock()
		done.staged[branch] = content
		done.mu.Unlock()
		id, err := s.lake.Commit(ctx, "raw", branch, content, nil)
		if err != nil {
			return
		}
		done.mu.Lock()
		done.commits[id] = content
		done.mu.Unlock()
		select {
		case progress <- struct{}{}:
		default:
		}
	}
}

// TestALostFolder builds everything again from the bucket alone.
func TestALostFolder(t *testing.T) {
	endpoint := s3test.New(t)
	place := "s3://" + endpoint.Bucket + "/lake/raw"
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, lakefs.Config{Dir: dir, Blobs: lakefs.S3(endpoint.Client())})
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.lake.EnsureRepository(ctx, "raw", place))
	heads := map[string]string{}
	var paths []string
	for i := range 5 {
		branch := fmt.Sprint("ingest-", i)
		_, err := s.lake.CreateBranch(ctx, "raw", branch, "main")
		must(err)
		s.upload(t, "raw", branch, "data/"+branch, branch)
		heads[branch] = s.commit(t, "raw", branch)
		heads["main"], err = s.lake.Merge(ctx, "raw", branch, "main", "merge", map[string]string{"ingest": branch})
		must(err)
		_, err = s.lake.Dump(ctx, "raw")
		must(err)
		paths = append(paths, "data/"+branch)
	}
	s.mustAsk(t, "POST", "/repositories/raw/tags", `{"id":"v1","ref":"ingest-1"}`, 201)
	_, err := s.lake.Dump(ctx, "raw")
	must(err)
	stop(t, s.Server)
	must(os.RemoveAll(dir))

	s = start(t, lakefs.Config{Dir: dir, Blobs: lakefs.S3(endpoint.Client())})
	if err := s.lake.EnsureRepository(ctx, "raw", place); !errors.Is(err, lake.ErrNamespaceInUse) {
		t.Fatalf("a repository that is lost: %v", err)
	}
	out, err := endpoint.Client().GetObject(ctx, &s3.GetObjectInput{Bucket: &endpoint.Bucket, Key: aws.String("lake/raw/" + lake.ManifestName)})
	must(err)
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	must(err)
	var refs lake.Refs
	must(json.Unmarshal(body, &refs))
	must(s.lake.Restore(ctx, "raw", place, refs))

	heads["v1"] = heads["ingest-1"]
	for ref, want := range heads {
		if head, err := s.lake.Head(ctx, "raw", ref); err != nil || head.ID != want {
			t.Errorf("%s is %s, %v, want %s", ref, head.ID, err, want)
		}
	}
	var got []string
	for o, err := range s.lake.List(ctx, "raw", "main", "") {
		must(err)
		got = append(got, o.Path)
	}
	if !slices.Equal(got, paths) {
		t.Errorf("main has %v, want %v", got, paths)
	}
	for _, path := range paths {
		s.expect(t, "main", path, strings.TrimPrefix(path, "data/"))
	}
	head, err := s.lake.Head(ctx, "raw", "main")
	must(err)
	if head.Metadata["ingest"] != "ingest-4" || len(head.Parents) != 2 {
		t.Errorf("the head of main is %+v", head)
	}
	// A second restore is refused: it would undo what came since.
	if err := s.lake.Restore(ctx, "raw", place, refs); err == nil || lake.Retryable(err) {
		t.Errorf("a second restore: %v", err)
	}
}
