package rest

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// Faults are switches that make the server misbehave, for tests of its
// clients. The zero value does nothing. One fault is active at a time. All
// methods may be called at any time.
type Faults struct {
	mu   sync.Mutex
	kind kind
	code int    // status of answer
	left int    // requests still hit; -1: until cleared
	only string // part of the path that a request must have
	free chan struct{}
}

type kind int

const (
	none kind = iota
	answerStatus
	drop
	lose
	hang
)

// Answer makes the next n requests (0: all until Clear) fail with a status,
// before anything is done.
func (f *Faults) Answer(status, n int) { f.set(answerStatus, status, n) }

// Drop closes the connections of the next n requests (0: all until Clear)
// without an answer and without doing anything.
func (f *Faults) Drop(n int) { f.set(drop, 0, n) }

// Lose does what the next n requests (0: all until Clear) ask and then closes
// the connection without an answer.
func (f *Faults) Lose(n int) { f.set(lose, 0, n) }

// Hang holds all requests until Clear, or until the client gives up.
func (f *Faults) Hang() { f.set(hang, 0, 0) }

// Only limits the fault that was set last to requests whose path contains a
// text, for example "/merge/".
func (f *Faults) Only(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only = path
}

// Clear ends the fault and lets hanging requests go on.
func (f *Faults) Clear() { f.set(none, 0, 0) }

func (f *Faults) set(k kind, code, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.free != nil {
		close(f.free)
		f.free = nil
	}
	if n == 0 {
		n = -1
	}
	f.kind, f.code, f.left, f.only = k, code, n, ""
	if k == hang {
		f.free = make(chan struct{})
	}
}

// next takes one hit of the active fault.
func (f *Faults) next(path string) (k kind, code int, free chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == none || !strings.Contains(path, f.only) {
		return none, 0, nil
	}
	k, code, free = f.kind, f.code, f.free
	if f.left > 0 {
		if f.left--; f.left == 0 {
			f.kind = none
		}
	}
	return k, code, free
}

// serve lets a request through, or applies the active fault to it.
func (f *Faults) serve(w http.ResponseWriter, r *http.Request, do http.HandlerFunc) {
	k, code, free := f.next(r.URL.Path)
	switch k {
	case drop:
		// The server closes the connection without a word.
		panic(http.ErrAbortHandler)
	case lose:
		do(deaf{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case hang:
		select {
		case <-free:
			do(w, r)
		case <-r.Context().Done():
		}
	case answerStatus:
		// Read what is small, so that the client hears the answer.
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"message":"a fault of this stand-in is switched on"}`)
	default:
		do(w, r)
	}
}

// deaf is a writer that nobody listens to.
type deaf struct{ header http.Header }

func (d deaf) Header() http.Header         { return d.header }
func (d deaf) Write(b []byte) (int, error) { return len(b), nil }
func (d deaf) WriteHeader(int)             {}
