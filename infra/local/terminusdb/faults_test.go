package terminusdb_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/terminusdb"
)

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// try sends a fenced request and tells whether an answer came.
func (s server) try(ctx context.Context, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", s.URL()+fencedPath, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(user, key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

// TestFaults: a client sees refusals, lost answers and silence, and what was
// done or not done is told by the fence.
func TestFaults(t *testing.T) {
	s := start(t, terminusdb.Config{})
	s.fenceDatabase()
	s.Faults().Answer(500, 1)
	s.Faults().Only("/woql/")
	if resp, err := s.try(t.Context(), fenced(0, 1, upserts(0, 3)...)); err != nil || resp.StatusCode != 500 {
		t.Errorf("refused: %v %v", resp, err)
	}
	s.Faults().Drop(1)
	s.Faults().Only("/woql/")
	if _, err := s.try(t.Context(), fenced(0, 1, upserts(0, 3)...)); err == nil {
		t.Error("a dropped request was answered")
	}
	if s.position() != "0" {
		t.Error("a refused or dropped request was applied")
	}
	s.Faults().Lose(1)
	s.Faults().Only("/woql/")
	if _, err := s.try(t.Context(), fenced(0, 1, upserts(0, 3)...)); err == nil {
		t.Error("a lost answer came")
	}
	if s.position() != "1" {
		t.Error("a request whose answer was lost was not applied")
	}
	s.Faults().Hang()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := s.try(ctx, fenced(1, 2)); err == nil {
		t.Error("a hanging request was answered")
	}
	s.Faults().Clear()
	s.Faults().Delay(30*time.Millisecond, 1)
	begin := time.Now()
	if _, err := s.try(t.Context(), fenced(1, 2)); err != nil || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("delayed: %v after %s", err, time.Since(begin))
	}
	if s.position() != "2" {
		t.Error("a delayed request was not applied")
	}
}

// TestStopWhileHanging: a hanging request does not hold up the end.
func TestStopWhileHanging(t *testing.T) {
	s := start(t, terminusdb.Config{})
	s.Faults().Hang()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.try(context.Background(), fenced(0, 1))
	}()
	s.stop()
	<-done
}

// TestBounds: what is too large or too deep is refused, and the server goes on.
func TestBounds(t *testing.T) {
	s := thingsServer(t)
	if a := s.ask("POST", docs+by, `{"@type":"A","x":"`+strings.Repeat("x", 65<<20)+`"}`); a.status != 413 {
		t.Errorf("a body of 65 MB: %d %.200s", a.status, a.text)
	}
	if a := s.ask("POST", docs+by, strings.Repeat("[", 100_000)); a.status != 400 {
		t.Errorf("100,000 brackets: %d %.200s", a.status, a.text)
	}
	hops := object{"@type": "PathTimes", "from": 1, "to": 1_000_000, "times": object{"@type": "PathPredicate"}}
	path := object{"@type": "Path", "subject": node("A/1"), "pattern": hops, "object": object{"@type": "Value", "variable": "o"}}
	if a := s.ask("POST", "/api/woql/admin/d", query(path)); a.status != 400 {
		t.Errorf("a million hops: %d %.200s", a.status, a.text)
	}
	s.must("POST", docs+by, `{"@type":"A","x":"1"}`)
}
