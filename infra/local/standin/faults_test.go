package standin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// served is a server that counts what it does.
type served struct {
	faults Faults
	done   atomic.Int32
	url    string
}

func serve(t *testing.T) *served {
	s := &served{}
	do := func(w http.ResponseWriter, r *http.Request) {
		s.done.Add(1)
		_, _ = io.Copy(w, r.Body)
	}
	answer := func(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) }
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.faults.Serve(w, r, do, answer) })
	l, err := Listen(t.Context(), 0, handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(context.Background(), s.faults.Clear, func() error { return nil }); err != nil {
			t.Error(err)
		}
	})
	s.url = l.URL()
	return s
}

// post answers the status, 0 if there is no answer.
func (s *served) post(ctx context.Context, path string) int {
	r, err := http.NewRequestWithContext(ctx, "POST", s.url+path, strings.NewReader("body"))
	if err != nil {
		return 0
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestFaults(t *testing.T) {
	for _, fault := range []struct {
		name   string
		set    func(*Faults)
		status int
		done   int32
	}{
		{"none", func(*Faults) {}, 200, 1},
		{"answer", func(f *Faults) { f.Answer(503, 1) }, 503, 0},
		{"drop", func(f *Faults) { f.Drop(1) }, 0, 0},
		{"lose", func(f *Faults) { f.Lose(1) }, 0, 1},
		{"delay", func(f *Faults) { f.Delay(time.Millisecond, 1) }, 200, 1},
		{"other path", func(f *Faults) { f.Answer(503, 1); f.Only("/other") }, 200, 1},
		{"cleared", func(f *Faults) { f.Hang(); f.Clear() }, 200, 1},
	} {
		t.Run(fault.name, func(t *testing.T) {
			s := serve(t)
			fault.set(&s.faults)
			if got := s.post(t.Context(), "/path"); got != fault.status || s.done.Load() != fault.done {
				t.Errorf("status %d, done %d; want %d, %d", got, s.done.Load(), fault.status, fault.done)
			}
			s.faults.Only("/path")
			if got := s.post(t.Context(), "/path"); got != 200 && fault.name != "other path" {
				t.Errorf("the next request: %d", got)
			}
		})
	}
}

func TestHang(t *testing.T) {
	s := serve(t)
	s.faults.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got := s.post(ctx, "/"); got != 0 || s.done.Load() != 0 {
		t.Errorf("a hanging request: %d", got)
	}
	waits := make(chan int)
	go func() { waits <- s.post(t.Context(), "/") }()
	s.faults.Clear()
	if got := <-waits; got != 200 {
		t.Errorf("let go: %d", got)
	}
}
