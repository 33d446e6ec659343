package lakefs_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/shared/lake"
)

const (
	accessKey = "test"
	secretKey = "secret"

	// namespace is where repositories of tests keep their objects.
	namespace = "s3://bucket/raw"
)

// server is a stand-in under test.
type server struct {
	*lakefs.Server // nil if it runs in another process
	client         *http.Client
	lake           *lake.Client
}

// start runs a server, in memory unless the config says otherwise.
func start(tb testing.TB, c lakefs.Config) server {
	tb.Helper()
	if c.Blobs == nil {
		c.Blobs = lakefs.Memory()
	}
	c.AccessKey, c.SecretKey = accessKey, secretKey
	s, err := lakefs.Start(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { stop(tb, s) })
	return connect(tb, s, s.URL())
}

// connect makes the clients of a server.
func connect(tb testing.TB, s *lakefs.Server, address string) server {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	l, err := lake.New(lake.Config{Endpoint: address, AccessKey: accessKey, SecretKey: secretKey, HTTP: client})
	if err != nil {
		tb.Fatal(err)
	}
	return server{s, client, l}
}

func stop(tb testing.TB, s *lakefs.Server) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		tb.Error(err)
	}
}

func (s server) upload(tb testing.TB, repo, branch, path, content string) {
	tb.Helper()
	if _, err := s.lake.Upload(tb.Context(), repo, branch, path, strings.NewReader(content), lake.Properties{}); err != nil {
		tb.Fatal(err)
	}
}

func (s server) commit(tb testing.TB, repo, branch string) string {
	tb.Helper()
	id, err := s.lake.Commit(tb.Context(), repo, branch, "message", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// repository makes the repository "raw".
func (s server) repository(tb testing.TB) {
	tb.Helper()
	if err := s.lake.EnsureRepository(tb.Context(), "raw", namespace); err != nil {
		tb.Fatal(err)
	}
}

// expect checks the content of a path.
func (s server) expect(tb testing.TB, ref, path, want string) {
	tb.Helper()
	body, err := s.lake.Get(tb.Context(), "raw", ref, path, lake.Range{})
	if err != nil {
		tb.Error(err)
		return
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != want {
		tb.Errorf("%s at %s is %.100q, %v, want %.100q", path, ref, got, err, want)
	}
}

// ask sends a request of the API and answers status and body.
func (s server) ask(tb testing.TB, method, path, body string, header ...string) (int, string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.URL()+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.SetBasicAuth(accessKey, secretKey)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (s server) mustAsk(tb testing.TB, method, path, body string, want int, header ...string) string {
	tb.Helper()
	status, answer := s.ask(tb, method, path, body, header...)
	if status != want {
		tb.Errorf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	return answer
}
