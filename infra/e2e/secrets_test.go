package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// TestSecretsStayWhereTheyBelong plants a secret in every place that the platform is
// given one, lets it write, fail and be refused, and looks for them in all that it
// tells: logs, spans, metrics, answers, configuration, and the log of events.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	const mark = "swordfish" // of every secret
	// Two services are away, so that errors tell of their addresses.
	w := ownWorld(t, "ADMIN_TOKEN", "token-"+mark, "MINIO_ACCESS_KEY", "access-"+mark, "MINIO_SECRET_KEY", "secret-"+mark,
		"LAKEFS_ACCESS_KEY_ID", "lake-"+mark, "LAKEFS_SECRET_ACCESS_KEY", "lake-secret-"+mark, "TERMINUS_KEY", "graph-"+mark,
		"REDIS_URL", "redis://user:redis-"+mark+"@127.0.0.1:1/0", "TERMINUS_SERVER_URL", "http://user:graph-"+mark+"@127.0.0.1:1",
		"LLM_API_KEY", "llm-"+mark, "OTEL_EXPORTER_OTLP_ENDPOINT", c.URL, "OTEL_EXPORTER_OTLP_HEADERS", "x-key="+mark, "OTEL_BSP_SCHEDULE_DELAY", "100", "OTEL_METRIC_EXPORT_INTERVAL", "1000", "LOG_LEVEL", "debug")
	bff, oms := w.asBFF(t), w.asOMS(t)
	var told strings.Builder
	keep := func(r *client.Response) *client.Response {
		told.Write(r.Body)
		for name, values := range r.Header {
			told.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
		}
		return r
	}
	const db = "secrets"
	bff.done("POST", "/api/v1/databases", object{"name": db})
	product(bff, db)
	bearer := []client.Option{client.Anonymous, client.Header("Authorization", "Bearer "+bff.Token), client.Header("X-Request-ID", "request-7"), client.Header("Cookie", "session="+mark),
		client.Header("Referer", "http://user:"+mark+"@host/"), client.Header("Baggage", "key="+mark)}
	made := keep(bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}}, bearer...))
	keep(bff.done("POST", instances(db, "Product")+"/create?token="+mark+"&url=http://user:"+mark+"@host/", object{"data": object{"product_id": "p2"}}))
	keep(bff.call(404, "DELETE", instances(db, "Product")+"/p9/delete?expected_seq=1&password="+mark, nil))
	for path, a := range w.apis(t) {
		keep(a.call(403, "POST", path, object{}, client.Header("X-Admin-Token", "wrong-"+mark)))
		keep(a.call(403, "POST", path, object{}, client.Anonymous, client.Header("Authorization", "Bearer wrong-"+mark)))
	}
	uploaded := keep(bff.upload(200, db, "k", "a.csv", "a,b\n1,2\n"))
	if uploaded.Status != 200 {
		t.Error(uploaded)
	}
	for _, a := range []api{bff, oms} {
		for _, path := range []string{"/metrics", "/api/v1/monitoring/health/detailed", "/api/v1/monitoring/config?include_sensitive=true", "/api/v1/config/config/current", "/api/v1/config/config/report", "/api/v1/config/current", "/api/v1/audit/logs?partition_key=db:" + db, "/api/v1/commands/" + made.Command() + "/status", "/api/v1/tasks/"} {
			r, err := a.Do(t.Context(), "GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			keep(r)
		}
	}
	if r := bff.call(200, "GET", "/api/v1/config/config/current", nil); len(r.Body) < 100 {
		t.Errorf("no configuration: %s", r)
	}
	// The lines of the request and of its command name them.
	eventually(t, time.Minute, func() string {
		for line := range strings.Lines(w.logged(t)) {
			if strings.Contains(line, `"msg":"request"`) && strings.Contains(line, `"request_id":"request-7"`) && strings.Contains(line, `"command_id":"`+made.Command()+`"`) && strings.Contains(line, `"trace_id":"`) {
				return ""
			}
		}
		return "a line of the request with its ids"
	})
	eventually(t, time.Minute, func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, want := range []string{"append INSTANCE_CREATED", "redis "} {
			if !strings.Contains(c.text.String(), want) {
				return "a span of " + want
			}
		}
		return ""
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for place, text := range map[string]string{"logs": w.logged(t), "spans": c.text.String(), "answers": told.String()} {
		if text == "" {
			t.Errorf("there are no %s", place)
		}
		for line := range strings.Lines(text) {
			if i := strings.Index(line, mark); i >= 0 {
				t.Errorf("%s: …%s", place, line[max(0, i-200):min(len(line), i+60)])
			}
		}
	}
	files := 0
	err := filepath.WalkDir(filepath.Join(w.config.Data, "s3"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // removed while we look, as unfinished files are
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil // as above
		}
		if files++; bytes.Contains(content, []byte(mark)) {
			t.Errorf("%s holds a secret", path)
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}

// logged gives the lines that the host logged so far.
func (w *world) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.config.Data, "host.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
