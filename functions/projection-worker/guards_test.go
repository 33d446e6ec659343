package projectionworker_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	projectionworker "spiceharvester/functions/projection-worker"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/search"
)

// wire changes the actions of _bulk on their way to Elasticsearch.
type wire func(action, document map[string]any) (map[string]any, map[string]any)

func (f wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/_bulk" {
		return http.DefaultTransport.RoundTrip(r)
	}
	var out bytes.Buffer
	in, lines := json.NewDecoder(r.Body), json.NewEncoder(&out)
	in.UseNumber()
	for in.More() {
		var action, document map[string]any
		if err := in.Decode(&action); err != nil {
			return nil, err
		}
		if err := in.Decode(&document); err != nil {
			return nil, err
		}
		action, document = f(action, document)
		if err := lines.Encode(action); err != nil {
			return nil, err
		}
		if document != nil {
			if err := lines.Encode(document); err != nil {
				return nil, err
			}
		}
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(&out), int64(out.Len())
	return http.DefaultTransport.RoundTrip(r)
}

// forgetful is another worker, whose registry was lost, behind a wire.
func (w *world) forgetful(f wire) {
	w.t.Helper()
	client, err := search.New(w.server.URL(), f, 1, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.worker = projectionworker.New(w.log, consumetest.NewRegistry(), client, func() time.Time { return w.time }, slog.New(slog.DiscardHandler))
	w.t.Cleanup(w.worker.Close)
}

func asSent(action, document map[string]any) (map[string]any, map[string]any) {
	return action, document
}

// unversioned takes the external version off.
func unversioned(action, document map[string]any) (map[string]any, map[string]any) {
	index := action["index"].(map[string]any)
	delete(index, "version")
	delete(index, "version_type")
	return action, document
}

// Behind the watermark, which a lost registry forgets, the version of the document
// refuses what is late.
func TestWithoutTheExternalVersionALateFactReplacesANewer(t *testing.T) {
	for _, c := range []struct {
		name  string
		wire  wire
		equal bool
	}{{"with", asSent, true}, {"without", unversioned, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			first := []event.Event{w.database(event.Creates), w.instance("a", event.Creates, map[string]any{"n": 1})}
			w.deliver(append(first, w.instance("a", event.Changes, map[string]any{"n": 2}))...)
			w.forgetful(c.wire)
			w.deliver(first[1])
			if r := w.check(); r.Equal != c.equal {
				t.Errorf("%+v", r.Classes)
			}
		})
	}
}

// A deleted instance stays as a document, so that its version still refuses what is
// late. Elasticsearch itself forgets the versions of what it deletes.
func TestWithoutTombstonesALateFactBringsADeletedInstanceBack(t *testing.T) {
	removed := func(action, document map[string]any) (map[string]any, map[string]any) {
		index := action["index"].(map[string]any)
		if document["deleted"] != true {
			return action, document
		}
		return map[string]any{"delete": map[string]any{"_index": index["_index"], "_id": index["_id"]}}, nil
	}
	for _, c := range []struct {
		name string
		wire wire
		back bool
	}{{"with", asSent, false}, {"without", removed, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			first := []event.Event{w.database(event.Creates), w.instance("a", event.Creates, map[string]any{"n": 1})}
			w.deliver(first...)
			w.forgetful(c.wire)
			w.deliver(w.instance("a", event.Deletes, nil))
			w.forgetful(asSent)
			w.later.Store(int64(time.Hour)) // Elasticsearch remembers a deletion for a minute
			w.deliver(first[1])
			if back := w.check().Classes[0].Different == 1; back != c.back {
				t.Errorf("back: %t", back)
			}
		})
	}
}
