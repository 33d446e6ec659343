package nudge_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"spiceharvester/shared/nudge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// relay is the function that is nudged: it takes a nudge and holds it until it
// is let go.
type relay struct {
	*httptest.Server
	came chan string
	free chan struct{}

	mu   sync.Mutex
	seen []string
}

func newRelay(t *testing.T) (*relay, *nudge.Nudger) {
	r := &relay{came: make(chan string), free: make(chan struct{})}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.seen = append(r.seen, req.Method+" "+req.URL.String())
		r.mu.Unlock()
		select {
		case r.came <- req.URL.Query().Get("chain"):
		case <-req.Context().Done():
			return
		}
		select {
		case <-r.free:
		case <-req.Context().Done():
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	n := nudge.New(client, r.URL+"/relay", slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		n.Close()
		client.CloseIdleConnections()
		r.Close()
	})
	return r, n
}

func (r *relay) requests() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.seen)
	return fmt.Sprint(r.seen)
}

func TestNudgesUnderWayBecomeOne(t *testing.T) {
	r, n := newRelay(t)
	n.Nudge(3)
	<-r.came // the first is under way
	for range 100 {
		n.Nudge(3)
	}
	r.free <- struct{}{}
	<-r.came // and all others are one after it
	r.free <- struct{}{}
	n.Close()
	if got := r.requests(); got != "[POST /relay/nudge?chain=3 POST /relay/nudge?chain=3]" {
		t.Error(got)
	}
}

func TestChainsAreNudgedApart(t *testing.T) {
	r, n := newRelay(t)
	n.Nudge(1)
	n.Nudge(2)
	both := []string{<-r.came, <-r.came} // neither waits for the other
	slices.Sort(both)
	if fmt.Sprint(both) != "[1 2]" {
		t.Error(both)
	}
	r.free <- struct{}{}
	r.free <- struct{}{}
	n.Close()
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	r, n := newRelay(t)
	n.Nudge(1)
	<-r.came
	n.Nudge(1)
	n.Close() // nobody lets the first one go
	n.Nudge(1)
	n.Close()
	if got := r.requests(); got != "[POST /relay/nudge?chain=1]" {
		t.Error(got)
	}
}

func TestALostNudgeIsNoError(t *testing.T) {
	for _, target := range []string{"http://127.0.0.1:1", "::no url"} {
		client := &http.Client{Transport: &http.Transport{}}
		n := nudge.New(client, target, slog.New(slog.DiscardHandler))
		n.Nudge(0)
		n.Close()
		client.CloseIdleConnections()
	}
}

func TestNobodyToNudge(t *testing.T) {
	var n *nudge.Nudger
	n.Nudge(1)
	n.Close()
}
