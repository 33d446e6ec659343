package standin

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Faults are switches that make a server misbehave, for tests of its clients.
// The zero value does nothing. One fault is active at a time. All methods may
// be called at any time.
type Faults struct {
	mu    sync.Mutex
	kind  kind
	code  int           // status of answer
	delay time.Duration // of delay
	left  int           // requests still hit; -1: until cleared
	only  string        // part of the path that a request must have
	free  chan struct{} // of hang and delay: closed by the next change
}

type kind int

const (
	none kind = iota
	answerStatus
	drop
	lose
	hang
	delayed
)

// Answer makes the next n requests (0: all until Clear) fail with a status,
// before anything is done.
func (f *Faults) Answer(status, n int) { f.set(answerStatus, status, 0, n) }

// Drop closes the connections of the next n requests (0: all until Clear)
// without an answer and without doing anything.
func (f *Faults) Drop(n int) { f.set(drop, 0, 0, n) }

// Lose does what the next n requests (0: all until Clear) ask and then closes
// the connection without an answer.
func (f *Faults) Lose(n int) { f.set(lose, 0, 0, n) }

// Hang holds all requests until Clear, or until the client gives up.
func (f *Faults) Hang() { f.set(hang, 0, 0, 0) }

// Delay holds each of the next n requests (0: all until Clear) for a while,
// then serves it.
func (f *Faults) Delay(d time.Duration, n int) { f.set(delayed, 0, d, n) }

// Only limits the fault that was set last to requests whose path contains a
// text, for example "/_bulk".
func (f *Faults) Only(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only = path
}

// Clear ends the fault and lets waiting requests go on.
func (f *Faults) Clear() { f.set(none, 0, 0, 0) }

func (f *Faults) set(k kind, code int, d time.Duration, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.free != nil {
		close(f.free)
	}
	if n == 0 {
		n = -1
	}
	f.kind, f.code, f.delay, f.left, f.only, f.free = k, code, d, n, "", make(chan struct{})
}

// hit is what one request gets.
type hit struct {
	kind  kind
	code  int
	delay time.Duration
	free  chan struct{}
}

// next takes one hit of the active fault.
func (f *Faults) next(path string) hit {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == none || !strings.Contains(path, f.only) {
		return hit{}
	}
	h := hit{f.kind, f.code, f.delay, f.free}
	if f.left > 0 {
		if f.left--; f.left == 0 {
			f.kind = none
		}
	}
	return h
}

// Serve lets a request through, or applies the active fault to it. answer
// writes the failure that the real server would send with a status.
func (f *Faults) Serve(w http.ResponseWriter, r *http.Request, do http.HandlerFunc, answer func(w http.ResponseWriter, r *http.Request, status int)) {
	switch h := f.next(r.URL.Path); h.kind {
	case drop:
		// The server closes the connection without a word.
		panic(http.ErrAbortHandler)
	case lose:
		do(deaf{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case hang, delayed:
		var after <-chan time.Time
		if h.kind == delayed {
			timer := time.NewTimer(h.delay)
			defer timer.Stop()
			after = timer.C
		}
		select {
		case <-h.free:
			do(w, r)
		case <-after:
			do(w, r)
		case <-r.Context().Done():
		}
	case answerStatus:
		// Read what is small, so that the client hears the answer.
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 64<<20))
		answer(w, r, h.code)
	default:
		do(w, r)
	}
}

// deaf is a writer that nobody listens to.
type deaf struct{ header http.Header }

func (d deaf) Header() http.Header         { return d.header }
func (d deaf) Write(b []byte) (int, error) { return len(b), nil }
func (d deaf) WriteHeader(int)             {}
