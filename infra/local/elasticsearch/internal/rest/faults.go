package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
	"spiceharvester/infra/local/standin"
)

// Faults are switches that make the server misbehave, for tests of its
// clients. The zero value does nothing. Lost shards are separate from the other
// faults. A status makes requests fail as a whole: 429
// es_rejected_execution_exception, 503 no_shard_available_action_exception, any
// other illegal_state_exception.
type Faults struct {
	standin.Faults
	lost   atomic.Bool
	poison atomic.Pointer[string]
}

// LoseShards makes the node behave as one whose shards have not started:
// searches and reads 503, _mget and _bulk 200 with an error per item, health
// red.
func (f *Faults) LoseShards(lost bool) { f.lost.Store(lost) }

// Refuse makes the mapping refuse every document whose source holds a text, with
// document_parsing_exception, and takes all others. It is separate from the other
// faults; "" ends it.
func (f *Faults) Refuse(text string) {
	if text == "" {
		f.poison.Store(nil)
		return
	}
	f.poison.Store(&text)
}

// refused gives the answer to a document that Refuse speaks of, nil for others.
func (f *Faults) refused(op *engine.Op) *eserr.Error {
	text := f.poison.Load()
	if text == nil || op.Action == engine.DeleteDoc || !strings.Contains(op.Source, *text) {
		return nil
	}
	return eserr.New(http.StatusBadRequest, "document_parsing_exception", "[1:1] failed to parse: a fault of this stand-in refuses documents that hold [%s]", *text)
}

// Clear ends all faults and lets hanging requests go on.
func (f *Faults) Clear() {
	f.Faults.Clear()
	f.Refuse("")
	f.LoseShards(false)
}

// Lost reports whether the shards are lost.
func (f *Faults) Lost() bool { return f.lost.Load() }

// fault answers as the server does when it cannot serve.
func fault(w http.ResponseWriter, r *http.Request, status int) {
	err := faultError(status, r.ContentLength)
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", responseType(r))
	w.WriteHeader(status)
	w.Write(xcontent.Append(nil, xcontent.Obj{{Key: "error", Val: err.Body()}, {Key: "status", Val: status}}))
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
	Refuse     string `json:"refuse"` // documents that hold this text
	Count      int    `json:"count"`  // requests to hit; 0: until cleared
	Only       string `json:"only"`   // part of the path
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
		case q.Refuse != "":
			h.faults.Refuse(q.Refuse)
		default:
			http.Error(w, "name one of answer (400-599), drop, hang, lose_shards, refuse", http.StatusBadRequest)
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
