package service_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"spiceharvester/shared/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A request in flight is answered although the process was told to end; new ones
// are not taken.
func TestTheEndWaitsForWhatIsInFlight(t *testing.T) {
	in, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(in)
		<-finish
		io.WriteString(w, "done")
	})
	listener := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- service.Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	url := "http://" + listener.Addr().String()
	answers := make(chan string, 1)
	go func() {
		r, err := client.Get(url)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		answers <- string(body) + errorText(err)
	}()
	<-in
	stop()
	for refused := false; !refused; {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if refused = err != nil; !refused {
			conn.Close()
		}
	}
	select {
	case err := <-served:
		t.Fatalf("ended with a request in flight: %v", err)
	default:
	}
	close(finish)
	if got := <-answers; got != "done" {
		t.Errorf("answer %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func errorText(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestAListenerThatFails(t *testing.T) {
	listener := listen(t)
	listener.Close()
	if err := service.Serve(t.Context(), listener, http.NotFoundHandler(), slog.New(slog.DiscardHandler)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestProbes(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	away := errors.New("postgres is away")
	for _, c := range []struct {
		method, path string
		ready        error
		want         int
	}{
		{"GET", "/healthz", nil, 200},
		{"GET", "/healthz", away, 200},
		{"GET", "/_/health", away, 200},
		{"GET", "/readyz", nil, 200},
		{"GET", "/readyz", away, 503},
		{"GET", "/_/ready", away, 503},
		{"GET", "/", away, 418},
		{"POST", "/", nil, 418},
		{"GET", "/anything/else", nil, 418},
	} {
		h := service.WithProbes(next, func(context.Context) error { return c.ready })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s %s with %v: %d", c.method, c.path, c.ready, w.Code)
		}
	}
}
