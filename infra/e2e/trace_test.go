package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// span is what a collector learns of one span.
type span struct {
	Trace, ID, Parent string
	Name, Service     string
	Code              int
	Attributes        map[string]string
}

// collector takes spans as OpenTelemetry's collector does, OTLP over HTTP in
// JSON.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
	text  strings.Builder // all that came
	paths map[string]bool
}

func newCollector(t *testing.T) *collector {
	c := &collector{paths: map[string]bool{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	type attribute struct {
		Key   string
		Value map[string]any
	}
	var body struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []attribute }
			ScopeSpans []struct {
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name string
					Attributes                          []attribute
					Status                              struct{ Code int }
				}
			}
		}
	}
	var came strings.Builder
	if err := json.NewDecoder(io.TeeReader(r.Body, &came)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text := func(list []attribute) map[string]string {
		m := map[string]string{}
		for _, a := range list {
			for _, v := range a.Value {
				m[a.Key] = fmt.Sprint(v)
			}
		}
		return m
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(came.String())
	c.paths[r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")] = true
	for _, rs := range body.ResourceSpans {
		service := text(rs.Resource.Attributes)["service.name"]
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				c.spans = append(c.spans, span{s.TraceID, s.SpanID, s.ParentSpanID, s.Name, service, s.Status.Code, text(s.Attributes)})
			}
		}
	}
}

// trace gives the spans of a trace by id.
func (c *collector) trace(id string) map[string]span {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := map[string]span{}
	for _, s := range c.spans {
		if s.Trace == id {
			m[s.ID] = s
		}
	}
	return m
}

// lacks tells which metrics did not come.
func (c *collector) lacks(names ...string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if !strings.Contains(c.text.String(), `"name":"`+name+`"`) {
			return name
		}
	}
	return ""
}

// missing tells which of the wanted spans, "service: name below parent", a trace lacks.
func missing(spans map[string]span, wanted []string) (lacking []string) {
	have := map[string]bool{}
	for _, s := range spans {
		have[s.Service+": "+s.Name+" < "+spans[s.Parent].Name] = true
	}
	for _, w := range wanted {
		if !have[w] {
			lacking = append(lacking, w)
		}
	}
	return lacking
}

// TestOneCommandIsOneTrace creates one instance and finds its whole way, from
// the request to the document, connected in one trace.
func TestOneCommandIsOneTrace(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	w := ownWorld(t, "OTEL_EXPORTER_OTLP_ENDPOINT", c.URL, "OTEL_BSP_SCHEDULE_DELAY", "100", "OTEL_METRIC_EXPORT_INTERVAL", "1000")
	bff := w.asBFF(t)
	bff.done(http.MethodPost, "/api/v1/databases", map[string]any{"name": "traced"})
	bff.done(http.MethodPost, "/api/v1/databases/traced/ontology", map[string]any{"id": "Thing", "label": "Thing", "properties": []map[string]any{
		{"name": "thing_id", "type": "string", "label": "Id", "primary_key": true},
	}})

	const trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	parent := client.Header("Traceparent", "00-"+trace+"-"+caller+"-01")
	bff.done(http.MethodPost, "/api/v1/databases/traced/instances/Thing/create", map[string]any{"data": map[string]any{"thing_id": "t1"}}, parent)
	const route = "POST /api/v1/databases/{db_name}/instances/{class_label}/create"
	const effect = "effect projection_worker:instance_events"
	wanted := []string{
		"bff: " + route + " < ",
		"bff: append CREATE_INSTANCE_REQUESTED < " + route,
		"bff: commit segment < append CREATE_INSTANCE_REQUESTED",
		"bff: HTTP PUT < commit segment",
		"message-relay: publish instance_commands < append CREATE_INSTANCE_REQUESTED",
		"instance-worker: consume CREATE_INSTANCE_REQUESTED < append CREATE_INSTANCE_REQUESTED",
		"instance-worker: append INSTANCE_CREATED < consume CREATE_INSTANCE_REQUESTED",
		"message-relay: publish instance_events < append INSTANCE_CREATED",
		"projection-worker: consume INSTANCE_CREATED < append INSTANCE_CREATED",
		"projection-worker: " + effect + " < consume INSTANCE_CREATED",
		"projection-worker: HTTP POST < " + effect,
	}
	var spans map[string]span
	eventually(t, time.Minute, func() string {
		spans = c.trace(trace)
		return strings.Join(missing(spans, wanted), "; ")
	})
	for _, s := range spans {
		if _, known := spans[s.Parent]; !known && s.Parent != caller {
			t.Errorf("%s of %s hangs in the air", s.Name, s.Service)
		}
		if s.Code == 2 {
			t.Errorf("%s of %s is marked as an error", s.Name, s.Service)
		}
	}
	eventually(t, time.Minute, func() string {
		return c.lacks("http_requests_total", "http_response_size_bytes", "db_connection_pool_size", "events_published_total", "ontology_created_total")
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.paths) != 2 || !c.paths["POST /v1/traces application/json"] || !c.paths["POST /v1/metrics application/json"] {
		t.Errorf("the collector is asked %v", c.paths)
	}
}
