package graphprojection_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/shared/event"
)

// unfenced takes the fence out of a request that writes: what it expects of it, and
// that it moves it.
func unfenced(r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	var q map[string]any
	if err := json.NewDecoder(body).Decode(&q); err != nil {
		return err
	}
	query := q["query"].(map[string]any)
	var kept []any
	for _, term := range query["and"].([]any) {
		t := term.(map[string]any)
		subject, _ := t["subject"].(map[string]any)
		if node, _ := subject["node"].(string); strings.HasPrefix(node, "spice.Fence/") {
			continue
		}
		kept = append(kept, term)
	}
	query["and"] = kept
	changed, err := json.Marshal(q)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
	return err
}

// A projector that was held up between its decision and its write does nothing once
// another has moved the fence.
func TestWithoutTheFenceASlowProjectorOverwritesANewerState(t *testing.T) {
	for _, c := range []struct {
		name   string
		fenced bool
	}{{"with", true}, {"without", false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.database("shop", event.Creates)
			w.class("A", event.Creates, "n")
			w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"n": "first"}))
			w.mustFollow()
			w.append(w.instance("shop", "A", "1", event.Changes, map[string]any{"n": "second"}))
			fast, held := w.newSink(), false
			w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				if held || !strings.HasPrefix(r.URL.Path, "/api/woql") {
					return send()
				}
				held = true
				w.append(w.instance("shop", "A", "1", event.Changes, map[string]any{"n": "third"}))
				if err := w.follow(fast); err != nil {
					return nil, err
				}
				if !c.fenced {
					if err := unfenced(r); err != nil {
						return nil, err
					}
				}
				if resp, err := send(); err == nil {
					resp.Body.Close()
				}
				return nil, errCut // its process ends here
			})
			if err := w.follow(w.sink); err == nil {
				t.Error("the projector was not cut off")
			}
			if d := w.differences("shop"); (len(d) == 0) != c.fenced {
				t.Errorf("differences %q", d)
			}
		})
	}
}
