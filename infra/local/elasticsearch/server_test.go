package elasticsearch_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
)

func start(t *testing.T, c elasticsearch.Config) *elasticsearch.Server {
	t.Helper()
	s, err := elasticsearch.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

// ask sends a request over the network.
func ask(t *testing.T, method, url, body string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

func mustAsk(t *testing.T, method, url, body string, status int) string {
	t.Helper()
	res, answer, err := ask(t, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, url, res.StatusCode, status, answer)
	}
	return answer
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	s := start(t, elasticsearch.Config{Dir: dir})
	mustAsk(t, "PUT", s.URL()+"/shop_instances_v1", instanceMapping, 200)
	mustAsk(t, "POST", s.URL()+"/_bulk?refresh=true", bulkBody(0, 100, 3), 200)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = start(t, elasticsearch.Config{Dir: dir})
	if got := mustAsk(t, "GET", s.URL()+"/shop_instances/_count", "", 200); !strings.HasPrefix(got, `{"count":100,`) {
		t.Error(got)
	}
	if got := mustAsk(t, "GET", s.URL()+"/shop_instances/_doc/Product%2F000020?_source=false", "", 200); !strings.Contains(got, `"_version":3,`) {
		t.Error(got)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	port := 0
	for _, c := range s.URL()[strings.LastIndexByte(s.URL(), ':')+1:] {
		port = port*10 + int(c-'0')
	}
	if _, err := elasticsearch.Start(t.Context(), elasticsearch.Config{Port: port}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
}

func TestStopEndsAWaitThatNeverEnds(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	mustAsk(t, "PUT", s.URL()+"/i", `{"settings":{"refresh_interval":"-1"}}`, 200)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		ask(t, "PUT", s.URL()+"/i/_doc/a?refresh=wait_for", `{}`)
	}()
	for !strings.Contains(mustGet(t, s.URL()+"/i/_doc/a"), `"found":true`) {
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	<-answered
}

func mustGet(t *testing.T, url string) string {
	t.Helper()
	_, body, err := ask(t, "GET", url, "")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestVisibilityOverHTTP(t *testing.T) {
	clock := newClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := start(t, elasticsearch.Config{Clock: clock.Now})
	mustAsk(t, "PUT", s.URL()+"/i/_doc/a", `{"v":1}`, 201)
	search := func() string { return mustAsk(t, "POST", s.URL()+"/i/_search", `{"size":0}`, 200) }
	if got := search(); !strings.Contains(got, `"value":0`) {
		t.Errorf("at once: %s", got)
	}
	mustAsk(t, "GET", s.URL()+"/i/_doc/a", "", 200)
	clock.Advance(time.Second)
	if got := search(); !strings.Contains(got, `"value":1`) {
		t.Errorf("after a second: %s", got)
	}
	mustAsk(t, "PUT", s.URL()+"/i/_doc/b?refresh=true", `{"v":1}`, 201)
	if got := search(); !strings.Contains(got, `"value":2`) {
		t.Errorf("after refresh=true: %s", got)
	}
}
