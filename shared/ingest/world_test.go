package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a service over a real registry and the stand-in of the lake.
type world struct {
	t *testing.T
	*ingest.Service
	lake  *flaky
	blobs lakefs.Blobs

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC), blobs: lakefs.Memory()}
	w.Service = &ingest.Service{
		Store: &datasets.Store{Pool: pgtest.Pool(t), Now: w.clock}, MaxBytes: 1 << 20, Now: w.clock, Logger: slog.New(slog.DiscardHandler),
	}
	w.newLake()
	return w
}

// newLake starts a lake that knows nothing, over the bytes that are there.
func (w *world) newLake() {
	w.t.Helper()
	server, err := lakefs.Start(context.Background(), lakefs.Config{AccessKey: "key", SecretKey: "secret", Blobs: w.blobs})
	if err != nil {
		w.t.Fatal(err)
	}
	transport := &http.Transport{}
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Stop(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	client, err := lake.New(lake.Config{Endpoint: server.URL(), AccessKey: "key", SecretKey: "secret", HTTP: &http.Client{Transport: transport}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.lake = &flaky{Lake: client}
	w.Repository = &ingest.Repository{Lake: w.lake, Name: "raw", Bucket: "bucket", Objects: objects{w.blobs}}
}

// objects reads the bucket past the lake.
type objects struct{ lakefs.Blobs }

func (o objects) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	return o.Get(ctx, bucket, key, 0, -1)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func target(key string) ingest.Target {
	return ingest.Target{Database: "shop", Branch: "main", Endpoint: "csv-upload", Key: key, Actor: "kim", Lang: problem.English}
}

const file = "id,n\na,1\nb,2\n"

// upload does what the API does with one request.
func (w *world) upload(key, content string, known, said ingest.Settings) (ingest.Result, error) {
	return w.receive(key, strings.NewReader(content), known, said)
}

func (w *world) receive(key string, content io.Reader, known, said ingest.Settings) (result ingest.Result, err error) {
	ctx := w.t.Context()
	u, err := w.Begin(ctx, target(key))
	if err != nil {
		return result, err
	}
	defer func() {
		if err != nil {
			u.Abort(ctx, err)
		}
	}()
	if err := u.Receive(ctx, "t.csv", content, known); err != nil {
		return result, err
	}
	return u.Finish(ctx, said)
}

// put uploads the file, which must succeed.
func (w *world) put(key, content string) ingest.Result {
	w.t.Helper()
	s := ingest.Settings{Name: "things"}
	r, err := w.upload(key, content, s, s)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// state describes what is stored: versions, outbox rows, ingests by status,
// branches of ingests that are still there, and commits on main.
func (w *world) state() string {
	w.t.Helper()
	ctx := w.t.Context()
	var versions, outbox, untidy int
	err := errors.Join(
		w.Store.Pool.QueryRow(ctx, `select count(*) from spice_datasets.dataset_versions`).Scan(&versions),
		w.Store.Pool.QueryRow(ctx, `select count(*) from spice_outbox.outbox`).Scan(&outbox),
		w.Store.Pool.QueryRow(ctx, `select count(*) from spice_datasets.ingest_requests where merged_at is null`).Scan(&untidy))
	if err != nil {
		w.t.Fatal(err)
	}
	branches := 0
	rows, err := w.Store.Pool.Query(ctx, `select ingest_request_id, attempt from spice_datasets.ingest_requests`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var attempts int
		if err := rows.Scan(&id, &attempts); err != nil {
			w.t.Fatal(err)
		}
		for n := 1; n <= attempts; n++ {
			if _, err := w.lake.Lake.Head(ctx, "raw", fmt.Sprintf("ingest-%s-%d", id, n)); err == nil {
				branches++
			} else if !errors.Is(err, lake.ErrNotFound) {
				w.t.Fatal(err)
			}
		}
	}
	return fmt.Sprintf("%d versions, %d outbox rows, %d untidy, %d branches", versions, outbox, untidy, branches)
}

func (w *world) is(want string) {
	w.t.Helper()
	if got := w.state(); got != want {
		w.t.Errorf("%s, want %s", got, want)
	}
}

// read gives the bytes of a version.
func (w *world) read(v datasets.Version) string {
	w.t.Helper()
	body, err := w.Repository.Open(w.t.Context(), v)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// refused checks that an error is a problem with a status and, if code is not
// empty, with that code in its context.
func refused(t *testing.T, err error, status int, code string) *problem.Problem {
	t.Helper()
	p, ok := problem.AsProblem(err)
	if !ok || p.Status != status || code != "" && p.Context["code"] != code {
		t.Fatalf("%v is not the %d %s that is wanted", err, status, code)
	}
	return p
}

// flaky is a lake of which one kind of call fails once: before it has its effect,
// or after, so that only the answer is lost.
type flaky struct {
	lake.Lake
	call  string
	after bool
	err   error
}

func (f *flaky) fails(call string, after bool) error {
	if f.call != call || f.after != after {
		return nil
	}
	f.call = ""
	return f.err
}

// around runs a call that may fail.
func around(f *flaky, name string, call func() error) error {
	if err := f.fails(name, false); err != nil {
		return err
	}
	if err := call(); err != nil {
		return err
	}
	return f.fails(name, true)
}

func (f *flaky) EnsureRepository(ctx context.Context, repo, namespace string) error {
	return around(f, "EnsureRepository", func() error { return f.Lake.EnsureRepository(ctx, repo, namespace) })
}

func (f *flaky) CreateBranch(ctx context.Context, repo, branch, source string) (commit string, err error) {
	return commit, around(f, "CreateBranch", func() (err error) {
		commit, err = f.Lake.CreateBranch(ctx, repo, branch, source)
		return err
	})
}

func (f *flaky) DeleteBranch(ctx context.Context, repo, branch string) error {
	return around(f, "DeleteBranch", func() error { return f.Lake.DeleteBranch(ctx, repo, branch) })
}

func (f *flaky) Upload(ctx context.Context, repo, branch, path string, content io.Reader, p lake.Properties) (up lake.Uploaded, err error) {
	return up, around(f, "Upload", func() (err error) {
		up, err = f.Lake.Upload(ctx, repo, branch, path, content, p)
		return err
	})
}

func (f *flaky) Commit(ctx context.Context, repo, branch, message string, metadata map[string]string) (commit string, err error) {
	err = around(f, "Commit", func() (err error) {
		commit, err = f.Lake.Commit(ctx, repo, branch, message, metadata)
		return err
	})
	return commit, err
}

func (f *flaky) Merge(ctx context.Context, repo, source, branch, message string, metadata map[string]string) (commit string, err error) {
	err = around(f, "Merge", func() (err error) {
		commit, err = f.Lake.Merge(ctx, repo, source, branch, message, metadata)
		return err
	})
	return commit, err
}

func (f *flaky) Dump(ctx context.Context, repo string) (refs lake.Refs, err error) {
	err = around(f, "Dump", func() (err error) {
		refs, err = f.Lake.Dump(ctx, repo)
		return err
	})
	return refs, err
}
