package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Faults are switches that make the server misbehave, for tests of its
// clients. The zero value does nothing. One fault is active at a time; Lost
// shards are separate. All methods may be called at any time.
type Faults struct {
	mu   sync.Mutex
	kind string // "", answer, drop, hang
	code int    // status of answer
	left int    // requests still hit; -1: until cleared
	only string // part of the path that a request must have
	free chan struct{}
	lost bool
}

// Answer makes the next n requests (0: all until Clear) fail as a whole with
// the status: 429 es_rejected_execution_exception, 503
// no_shard_available_action_exception, any other illegal_state_exception.
func (f *Faults) Answer(status, n int) { f.set("answer", status, n) }

// Drop closes the connections of the next n requests (0: all until Clear)
// without an answer.
func (f *Faults) Drop(n int) { f.set("drop", 0, n) }

// Hang holds all requests until Clear, or until the client gives up.
func (f *Faults) Hang() { f.set("hang", 0, 0) }

// Only limits the fault that was set last to requests whose path contains a
// text, for example "/_bulk".
func (f *Faults) Only(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only = path
}

// LoseShards makes the node behave as one whose shards have not started:
// searches and reads 503, _mget and _bulk 200 with an error per item, health
// red.
func (f *Faults) LoseShards(lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = lost
}

// Clear ends all faults and lets hanging requests go on.
func (f *Faults) Clear() {
	f.set("", 0, 0)
	f.LoseShards(false)
}

// Lost reports whether the shards are lost.
func (f *Faults) Lost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

func (f *Faults) set(kind string, code, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.free != nil {
		close(f.free)
		f.free = nil
	}
	if n == 0 {
		n = -1
	}
	f.kind, f.code, f.left, f.only = kind, code, n, ""
	if kind == "hang" {
		f.free = make(chan struct{})
	}
}

// next takes one hit of the active fault.
func (f *Faults) next(path string) (kind string, code int, free chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == "" || !strings.Contains(path, f.only) {
		return "", 0, nil
	}
	kind, code, free = f.kind, f.code, f.free
	if f.left > 0 {
		if f.left--; f.left == 0 {
			f.kind = ""
		}
	}
	return kind, code, free
}

// intercept applies the active fault; true means the request is answered.
func (f *Faults) intercept(w http.ResponseWriter, r *http.Request) bool {
	kind, code, free := f.next(r.URL.Path)
	switch kind {
	case "drop":
		// The server closes the connection without a word.
		panic(http.ErrAbortHandler)
	case "hang":
		select {
		case <-free:
			return false
		case <-r.Context().Done():
			return true
		}
	case "answer":
		io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
		err := faultError(code, r.ContentLength)
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Header().Set("Content-Type", responseType(r))
		w.WriteHeader(code)
		w.Write(xcontent.Append(nil, xcontent.Obj{{Key: "error", Val: err.Body()}, {Key: "status", Val: code}}))
		return true
	}
	return false
}

func faultError(status int, size int64) *eserr.Error {
	switch status {
	case http.StatusTooManyRequests:
		return eserr.New(status, "es_rejected_execution_exception", "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, coordinating_operation_bytes=%d, max_coordinating_bytes=%d]", max(size, 0), 102400)
	case http.StatusServiceUnavailable:
		e := eserr.New(status, "no_shard_available_action_exception", "")
		e.NoReason = true
		return e
	}
	return eserr.New(status, "illegal_state_exception", "a fault of this stand-in is switched on")
}

// faultRequest is the body of PUT /_faults.
type faultRequest struct {
	Answer     int    `json:"answer"` // a status
	Drop       bool   `json:"drop"`
	Hang       bool   `json:"hang"`
	LoseShards bool   `json:"lose_shards"`
	Count      int    `json:"count"` // requests to hit; 0: until cleared
	Only       string `json:"only"`  // part of the path
}

// serveFaults sets faults with PUT and clears them with DELETE.
func (h *Handler) serveFaults(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodDelete:
		h.faults.Clear()
	case http.MethodPut:
		var q faultRequest
		d := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
		d.DisallowUnknownFields()
		if err := d.Decode(&q); err != nil {
			http.Error(w, fmt.Sprintf("the body is no fault: %v", err), http.StatusBadRequest)
			return
		}
		switch {
		case q.Answer >= 400 && q.Answer <= 599:
			h.faults.Answer(q.Answer, q.Count)
		case q.Drop:
			h.faults.Drop(q.Count)
		case q.Hang:
			h.faults.Hang()
		case q.LoseShards:
			h.faults.LoseShards(true)
		default:
			http.Error(w, "name one of answer (400-599), drop, hang, lose_shards", http.StatusBadRequest)
			return
		}
		if q.Only != "" {
			h.faults.Only(q.Only)
		}
	default:
		http.Error(w, "use PUT or DELETE", http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
