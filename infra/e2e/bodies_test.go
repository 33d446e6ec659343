package e2e

import (
	"bytes"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestBodiesThatAreNoJSON(t *testing.T) {
	w := sharedWorld(t)
	for _, c := range []struct {
		api
		path string
	}{{w.asBFF(t), "/api/v1/databases"}, {w.asOMS(t), "/api/v1/database/create"}} {
		for _, bad := range []struct{ name, body, offset string }{
			{"empty", "", "0"},
			{"cut", `{"name":"shop"`, "14"},
			{"trailing", `{"name":"shop"} x`, "16"},
			{"single quotes", `{'name':'shop'}`, "1"},
			{"NaN", `{"name":NaN}`, "8"},
			{"leading zero", `{"name":01}`, "9"},
			{"NUL byte", "{\"name\":\"sh\x00op\"}", "11"},
			{"not UTF-8", "{\"name\":\"sh\xffop\"}", "11"},
		} {
			r := c.call(400, "POST", c.path, []byte(bad.body), client.Lang("en"))
			if r.Text("code") != "JSON_DECODE_ERROR" || r.Text("message") != "Invalid JSON format" || r.Text("errors", 0, "loc", 1) != bad.offset ||
				!strings.Contains(r.Text("errors", 0, "msg"), "at byte "+bad.offset) {
				t.Errorf("%s: %s", bad.name, r)
			}
			if r := c.call(400, "POST", c.path, []byte(bad.body)); r.Text("message") != "JSON 형식이 올바르지 않습니다." {
				t.Errorf("%s in Korean: %s", bad.name, r)
			}
		}
	}
}

func TestJSONThatIsAmbiguousOrTooMuch(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := instances(db, "Product") + "/create"
	keys := strings.Builder{}
	for i := range 1001 {
		keys.WriteString(`"k` + strings.Repeat("a", i) + `":1,`)
	}
	for name, bad := range map[string]struct{ body, en string }{
		"duplicate key":  {`{"data":{"product_id":"a","name":"x","name":"y"}}`, "The key occurs twice in this object"},
		"control in key": {`{"data":{"product_id":"a","na\u0000me":"x"}}`, "A key must not hold control characters"},
		"half a pair":    {`{"data":{"product_id":"a","name":"\ud800"}}`, "A string holds half of a surrogate pair, which is no text"},
		"depth":          {`{"data":{"product_id":"a","sizes":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}}`, "Values may be nested at most 32 levels deep"},
		"keys":           {`{"data":{` + keys.String() + `"product_id":"a"}}`, "An object may have at most 1000 keys"},
	} {
		r := bff.call(422, "POST", path, bad.body, client.Lang("en"))
		if r.Text("errors", 0, "msg") != bad.en || r.Text("errors", 0, "loc", 1) != "data" {
			t.Errorf("%s: %s", name, r)
		}
	}
	// What a value says is never a reason to refuse it.
	r := bff.done("POST", path, `{"data":{"product_id":"a","name":"\u0000 #' -- <script> ../","sizes":`+strings.Repeat("[", 30)+strings.Repeat("]", 30)+`}}`)
	if fact := stored(t, w, r); fact.Text("data", "name") != "\x00 #' -- <script> ../" {
		t.Errorf("stored: %s", fact)
	}
}

func TestAnOversizedBodyIsRefused(t *testing.T) {
	w := sharedWorld(t)
	body := append([]byte(`{"name":"`), bytes.Repeat([]byte("a"), 32<<20)...)
	for _, c := range []struct {
		api
		path string
	}{{w.asBFF(t), "/api/v1/databases"}, {w.asOMS(t), "/api/v1/database/create"}} {
		r := c.call(413, "POST", c.path, body)
		if r.Text("code") != "PAYLOAD_TOO_LARGE" || r.Text("context", "limit_bytes") != "33554432" {
			t.Errorf("%s", r)
		}
	}
}

func TestErrorBodies(t *testing.T) {
	w := sharedWorld(t)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	options := []client.Option{client.Lang("en"), client.Header("Traceparent", "00-"+trace+"-b7ad6b7169203331-01"), client.Header("X-Request-ID", "r-1")}
	for service, a := range map[string]api{"bff": w.asBFF(t), "oms": w.asOMS(t)} {
		r := a.call(404, "GET", "/api/v1/commands/00000000-0000-4000-8000-000000000000/status", nil, options...)
		if r.Text("status") != "error" || r.Text("category") != "resource" || r.Text("http_status") != "404" || r.Get("retryable") != false ||
			r.Text("trace_id") != trace || r.Text("request_id") != "r-1" || r.Text("origin", "service") != service || r.Text("origin", "method") != "GET" ||
			r.Text("enterprise", "code") != "SHV-"+strings.ToUpper(service)+"-RES-NOT-0001" || r.Text("enterprise", "legacy_code") != "RESOURCE_NOT_FOUND" ||
			r.Header.Get("Content-Language") != "en" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s", r)
		}
	}
}
