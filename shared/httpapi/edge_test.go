package httpapi_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/ratelimit"
)

// edge makes a guarded API with the CORS settings of an environment.
func edge(t *testing.T, settings ...string) *httpapi.API {
	t.Helper()
	a := newAPI(t, "BFF", append(settings, "ADMIN_TOKEN=secret")...)
	var err error
	if a.Edge.CORS, err = httpapi.CORSFromEnv(env(settings...)); err != nil {
		t.Fatal(err)
	}
	ok := func(*httpapi.Request) (*httpapi.Response, error) { return httpapi.OK("in"), nil }
	a.Handle("GET /x", ok)
	a.Handle("GET /broken", func(*httpapi.Request) (*httpapi.Response, error) { panic("x") })
	return a
}

func request(t *testing.T, method, target string, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestPreflightNeedsNoToken(t *testing.T) {
	a := edge(t)
	w := serve(a, request(t, "OPTIONS", "/x", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-admin-token, x-odd"))
	h := w.Header()
	if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || h.Get("Access-Control-Allow-Credentials") != "true" ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") || h.Get("Access-Control-Allow-Headers") != "x-admin-token, x-odd" || h.Get("Access-Control-Max-Age") != "3600" {
		t.Errorf("%d %v", w.Code, h)
	}
	// What is no pre-flight is an ordinary request.
	if w := serve(a, request(t, "OPTIONS", "/x", "Origin", "http://localhost:3000")); w.Code != 401 {
		t.Errorf("OPTIONS alone: %d", w.Code)
	}
}

func TestEveryAnswerCarriesCORSHeaders(t *testing.T) {
	a := edge(t)
	for target, want := range map[string]int{"/x": 200, "/broken": 500, "/nothing": 404} {
		w := serve(a, request(t, "GET", target, "Origin", "https://any.example", "X-Admin-Token", "secret"))
		if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "https://any.example" || !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
	for token, want := range map[string]int{"": 401, "wrong": 403} {
		w := serve(a, request(t, "GET", "/x", "Origin", "https://any.example", "X-Admin-Token", token, "X-Request-ID", "r-1"))
		if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "https://any.example" {
			t.Errorf("token %q: %d %v", token, w.Code, w.Header())
		}
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		for _, member := range []string{"detail", "code", "category", "enterprise", "origin", "trace_id", "type", "title", "instance"} {
			if body[member] == nil {
				t.Errorf("token %q: no %s in %s", token, member, w.Body)
			}
		}
		if body["request_id"] != "r-1" {
			t.Errorf("%s", w.Body)
		}
	}
}

func TestCORSInProduction(t *testing.T) {
	a := edge(t, "ENVIRONMENT=prod", `CORS_ORIGINS=["*", "https://App.example.com"]`)
	preflight := func(origin string) *httptest.ResponseRecorder {
		return serve(a, request(t, "OPTIONS", "/x", "Origin", origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-odd"))
	}
	w := preflight("https://app.example.com")
	for _, header := range []string{"X-Admin-Token", "X-Change-Reason", "Idempotency-Key", "X-Request-ID"} {
		if !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), header) {
			t.Errorf("%s may not be sent: %v", header, w.Header())
		}
	}
	if w.Code != 204 || w.Header().Get("Access-Control-Max-Age") != "86400" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = preflight("https://evil.example")
	if w.Code != 403 || w.Header().Get("Access-Control-Allow-Origin") != "" || !strings.Contains(w.Body.String(), "evil.example") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for origin, want := range map[string]bool{"https://app.spice-harvester.com": true, "https://spice-harvester.com": true, "http://localhost:3000": false, "null": false, "": false} {
		c, err := httpapi.CORSFromEnv(env("APP_ENV=production"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Allows(origin) != want {
			t.Errorf("%q by default: %t", origin, !want)
		}
	}
	for _, bad := range []string{"CORS_ENABLED=maybe", "CORS_ORIGINS=https://a", `CORS_ORIGINS=["a"]`} {
		if _, err := httpapi.CORSFromEnv(env(bad)); err == nil || !strings.Contains(err.Error(), "CORS_") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCORSSwitchedOff(t *testing.T) {
	a := edge(t, "CORS_ENABLED=off")
	w := serve(a, request(t, "OPTIONS", "/x", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "PUT"))
	if w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	a := edge(t)
	for _, token := range []string{"secret", "wrong"} {
		h := serve(a, request(t, "GET", "/x", "X-Admin-Token", token)).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Strict-Transport-Security": "", "Content-Language": "ko", "X-Request-Id": "",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %q", name, h.Get(name))
			}
		}
		if vary := strings.Join(h.Values("Vary"), ", "); vary != "Accept, Accept-Language, Origin" {
			t.Errorf("Vary %q", vary)
		}
	}
	a.Edge.HSTS = true
	if h := serve(a, request(t, "GET", "/x")).Header(); h.Get("Strict-Transport-Security") != "max-age=31536000; includeSubDomains" {
		t.Errorf("%v", h)
	}
}

func TestRequestID(t *testing.T) {
	a := edge(t)
	for sent, want := range map[string]string{
		"r-1": "r-1", "a b~": "a b~", "": "", "한글": "", "a\tb": "", strings.Repeat("x", 128): strings.Repeat("x", 128), strings.Repeat("x", 129): "",
	} {
		w := serve(a, request(t, "GET", "/nothing", "X-Admin-Token", "secret", "X-Request-ID", sent))
		var body struct {
			ID *string `json:"request_id"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		got := ""
		if body.ID != nil {
			got = *body.ID
		}
		if got != want || w.Header().Get("X-Request-ID") != want {
			t.Errorf("%q: %q in the body, %q in the header", sent, got, w.Header().Get("X-Request-ID"))
		}
	}
}

func TestProblemJSONOnRequest(t *testing.T) {
	a := edge(t)
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "application/problem+json": true, "application/json, application/problem+json;q=0.5": true,
		"application/problem+json;q=0": false, "Application/Problem+JSON": true, ";": false,
	} {
		w := serve(a, request(t, "GET", "/nothing", "X-Admin-Token", "secret", "Accept", accept))
		if got := w.Header().Get("Content-Type") == "application/problem+json"; got != want || strings.Contains(w.Body.String(), `"status":404`) != want {
			t.Errorf("%q: %v %s", accept, w.Header(), w.Body)
		}
	}
}

func TestTheLanguageOfAnAnswer(t *testing.T) {
	a := edge(t)
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "ko"}, {"?lang=EN-us", "", "en"}, {"?lang=kr", "en", "ko"}, {"?lang=fr", "en", "ko"}, {"?language=english", "ko", "en"},
		{"", "fr,en;q=0.8", "ko"}, {"", "ko;q=0.1,en;q=0.9", "en"},
	} {
		for path, detail := range map[string]map[string]string{"/x": nil, "/nothing": {"en": "Not Found", "ko": "찾을 수 없습니다."}} {
			w := serve(a, request(t, "GET", path+c.query, "X-Admin-Token", "secret", "Accept-Language", c.accept))
			if w.Header().Get("Content-Language") != c.want || !strings.Contains(w.Body.String(), detail[c.want]) {
				t.Errorf("%s%s with %q: %v %s", path, c.query, c.accept, w.Header(), w.Body)
			}
		}
	}
}

func TestLimitedRoutes(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a := newAPI(t, "BFF", "ADMIN_TOKEN=secret")
	a.Edge.Limits = httpapi.Limits{
		Limiter:     &ratelimit.Limiter{Local: ratelimit.NewMemory(100), Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)},
		ExemptToken: true, ExemptLoopback: true,
	}
	ok := func(*httpapi.Request) (*httpapi.Response, error) { return httpapi.OK("in"), nil }
	a.Handle("GET /x", ok, httpapi.Limit(ratelimit.Strict))
	a.Handle("GET /user", ok, httpapi.LimitBy(ratelimit.Strict, httpapi.ByUser))
	a.Handle("GET /free", ok)
	send := func(path, peer string, headers ...string) *httptest.ResponseRecorder {
		r := request(t, "GET", path, append(headers, "Accept-Language", "en")...)
		r.RemoteAddr = peer
		return serve(a, r)
	}
	const client, bearer = "198.51.100.7:4000", "Bearer secret"
	for i := range 10 {
		w := send("/x", client, "Authorization", bearer)
		if w.Code != 200 || w.Header().Get("X-RateLimit-Limit") != "10" || w.Header().Get("X-RateLimit-Remaining") != string(rune('0'+9-i)) ||
			w.Header().Get("X-RateLimit-Reset") == "" || w.Header().Get("X-RateLimit-Mode") != "local" {
			t.Fatalf("request %d: %d %v", i, w.Code, w.Header())
		}
	}
	w := send("/x", client, "Authorization", bearer)
	var body struct {
		Code    string
		Context struct{ Detail map[string]any }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	d := body.Context.Detail
	if w.Code != 429 || w.Header().Get("Retry-After") != "6" || w.Header().Get("X-RateLimit-Remaining") != "0" || body.Code != string(problem.RateLimited) ||
		d["error"] != "Rate limit exceeded" || d["retry_after"] != 6.0 || d["limit"] != 10.0 || d["window"] != 60.0 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for name, c := range map[string]struct {
		path, peer string
		headers    []string
		want       int
	}{
		"a valid token in the header":       {"/x", client, []string{"X-Admin-Token", "secret"}, 200},
		"an invalid one":                    {"/x", client, []string{"X-Admin-Token", "wrong"}, 403},
		"another client":                    {"/x", "198.51.100.8:1", []string{"Authorization", bearer}, 200},
		"a public peer names another":       {"/x", client, []string{"Authorization", bearer, "X-Forwarded-For", "192.0.2.1"}, 429},
		"a proxy names the client":          {"/x", "10.0.0.1:1", []string{"Authorization", bearer, "X-Forwarded-For", "198.51.100.7, 10.0.0.9"}, 429},
		"a proxy of this machine does":      {"/x", "127.0.0.1:1", []string{"Authorization", bearer, "X-Forwarded-For", "198.51.100.7"}, 429},
		"a route without a limit":           {"/free", client, []string{"Authorization", bearer}, 200},
		"a route that tells users apart, a": {"/user", client, []string{"Authorization", bearer, "X-User-ID", "a"}, 200},
	} {
		if w := send(c.path, c.peer, c.headers...); w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for i := range 12 {
		if w := send("/x", "[::1]:9", "Authorization", bearer); w.Code != 200 {
			t.Errorf("request %d of this machine: %d", i, w.Code)
		}
	}
	a.Edge.Limits.ExemptLoopback, a.Edge.Limits.ExemptToken = false, false
	if w := send("/x", "[::1]:9", "X-Admin-Token", "secret"); w.Code != 429 {
		t.Errorf("without exemptions: %d", w.Code)
	}
	if w := send("/free", client, "Authorization", bearer); w.Header().Get("X-RateLimit-Limit") != "" {
		t.Errorf("a route without a limit: %v", w.Header())
	}
}
