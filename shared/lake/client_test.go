package lake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/shared/lake"
)

// scripted is a client of a server that answers what the test says.
func scripted(t *testing.T, handler http.HandlerFunc) *lake.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	client, err := lake.New(lake.Config{Endpoint: s.URL, HTTP: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// source is content that takes its time.
type source struct{ reading, release chan struct{} }

func (s source) Read(b []byte) (int, error) {
	s.reading <- struct{}{}
	<-s.release
	return copy(b, "content"), nil
}

// TestUploadWaitsForItsReader: when Upload returns, nobody reads the content.
func TestUploadWaitsForItsReader(t *testing.T) {
	client := scripted(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	content := source{make(chan struct{}, 1), make(chan struct{})}
	returned := make(chan error)
	go func() {
		_, err := client.Upload(ctx, "raw", "b", "a", content, lake.Properties{})
		returned <- err
	}()
	<-content.reading
	cancel()
	select {
	case err := <-returned:
		t.Errorf("Upload returned while its content was being read: %v", err)
	case <-time.After(50 * time.Millisecond):
		close(content.release)
		if err := <-returned; !errors.Is(err, context.Canceled) || lake.Retryable(err) {
			t.Errorf("a cancelled upload: %v", err)
		}
	}
}

func TestAnAnswerThatComesEarly(t *testing.T) {
	client := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"message":"branch 'none' not found"}`, http.StatusNotFound)
	})
	if _, err := client.Upload(t.Context(), "raw", "none", "a", endless{}, lake.Properties{}); err == nil {
		t.Error("an endless upload succeeded")
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestAnswersThatCannotBe(t *testing.T) {
	client := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"size_bytes":3,"results":[]}`)
	})
	for name, ask := range map[string]func() error{
		"a size that differs": func() error {
			_, err := client.Upload(t.Context(), "raw", "b", "a", strings.NewReader("content"), lake.Properties{})
			return err
		},
		"a range that was ignored": func() error {
			_, err := client.Get(t.Context(), "raw", "b", "a", lake.Range{Offset: 1})
			return err
		},
		"a log without commits": func() error { _, err := client.Head(t.Context(), "raw", "b"); return err },
		"no JSON": func() error {
			bad := scripted(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") })
			_, err := bad.Stat(t.Context(), "raw", "b", "a")
			return err
		},
	} {
		if err := ask(); err == nil || !strings.HasPrefix(err.Error(), "lakefs: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTasks checks the waiting for dumps and restores that take a while, which
// the stand-in's do not.
func TestTasks(t *testing.T) {
	var asked atomic.Int32
	last := `{"id":"DR1","done":true,"update_time":"2026-11-23T01:19:34Z","refs":{"commits_meta_range_id":"c","tags_meta_range_id":"t","branches_meta_range_id":"b"}}`
	client := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"id":"DR1"}`)
		case r.URL.Query().Get("task_id") != "DR1":
			http.Error(w, `{"message":"not found"}`, http.StatusNotFound)
		case strings.HasPrefix(r.URL.Path, "/api/v1/repositories/broken/"):
			_, _ = io.WriteString(w, `{"id":"DR1","done":true,"error":"the bucket is gone"}`)
		case strings.HasPrefix(r.URL.Path, "/api/v1/repositories/slow/"), asked.Add(1) < 4:
			_, _ = io.WriteString(w, `{"id":"DR1","done":false}`)
		default:
			_, _ = io.WriteString(w, last)
		}
	})
	refs, err := client.Dump(t.Context(), "raw")
	if want := (lake.Refs{Commits: "c", Tags: "t", Branches: "b"}); err != nil || refs != want || asked.Load() != 4 {
		t.Errorf("%+v, %v after %d questions", refs, err, asked.Load())
	}
	if _, err := client.Dump(t.Context(), "broken"); err == nil || !strings.Contains(err.Error(), "the bucket is gone") {
		t.Errorf("a failed dump: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := client.Restore(ctx, "slow", "s3://b", refs); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a restore without end: %v", err)
	}
}

// TestAFailingServer goes through the faults that callers must tell apart.
func TestAFailingServer(t *testing.T) {
	s, client := standIn(t, lakefs.Memory())
	ctx := t.Context()
	if err := client.EnsureRepository(ctx, "raw", "s3://b/raw"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateBranch(ctx, "raw", "work", "main"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Upload(ctx, "raw", "work", "a", strings.NewReader("a"), lake.Properties{}); err != nil {
		t.Fatal(err)
	}
	s.Faults().Answer(503, 1)
	if err := client.DeleteBranch(ctx, "raw", "none"); !lake.Retryable(err) {
		t.Errorf("503: %v", err)
	}
	// An answer is lost: the second call finds the work done.
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"commit", func() error { _, err := client.Commit(ctx, "raw", "work", "m", nil); return err }},
		{"merge", func() error { _, err := client.Merge(ctx, "raw", "work", "main", "m", nil); return err }},
	} {
		s.Faults().Lose(1)
		if err := step.do(); !lake.Retryable(err) {
			t.Errorf("%s: a lost answer: %v", step.name, err)
		}
		if err := step.do(); !errors.Is(err, lake.ErrNoChanges) {
			t.Errorf("%s again: %v", step.name, err)
		}
	}
	wrong, err := lake.New(lake.Config{Endpoint: s.URL(), AccessKey: "key", SecretKey: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	var refused *lake.Error
	if _, err := wrong.Head(ctx, "raw", "main"); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || lake.Retryable(err) {
		t.Errorf("wrong keys: %v", err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := client.Ready(ctx); !lake.Retryable(err) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestFromEnv(t *testing.T) {
	s, _ := standIn(t, lakefs.Memory())
	env := map[string]string{"LAKEFS_ENDPOINT": s.URL(), "LAKEFS_ACCESS_KEY_ID": "key", "LAKEFS_SECRET_ACCESS_KEY": "secret"}
	var used atomic.Bool
	client, err := lake.FromEnv(func(name string) string { return env[name] }, func(rt http.RoundTripper) http.RoundTripper {
		used.Store(true)
		return rt
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.EnsureRepository(t.Context(), "raw", "s3://b/raw"); err != nil || !used.Load() {
		t.Error(err, used.Load())
	}
	if _, err := lake.New(lake.Config{Endpoint: "nowhere"}); err == nil {
		t.Error("an endpoint without a host is accepted")
	}
}
