package e2e

import (
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestPagesOfOtherOrigins(t *testing.T) {
	w := sharedWorld(t)
	for path, a := range map[string]api{"/api/v1/databases": w.asBFF(t), "/api/v1/database/list": w.asOMS(t)} {
		origin := client.Header("Origin", "http://localhost:3000")
		r := a.call(204, "OPTIONS", path, nil, client.Anonymous, origin, client.Header("Access-Control-Request-Method", "GET"), client.Header("Access-Control-Request-Headers", "x-admin-token"))
		if r.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || r.Header.Get("Access-Control-Allow-Headers") != "x-admin-token" {
			t.Errorf("%s: %v", path, r.Header)
		}
		for _, r := range []*client.Response{a.call(401, "GET", path, nil, client.Anonymous, origin), a.call(200, "GET", path, nil, origin), a.call(404, "GET", "/none", nil, origin)} {
			if r.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v", path, r.Status, r.Header)
			}
		}
	}
}

func TestErrorBodiesAndHeaders(t *testing.T) {
	w := sharedWorld(t)
	a := w.asBFF(t)
	r := a.call(404, "GET", "/api/v1/databases/no-such-db/classes", nil, client.Header("Accept", "application/problem+json"), client.Header("X-Request-ID", "r-7"), client.Lang("en"))
	if r.Header.Get("Content-Type") != "application/problem+json" || r.Text("status") != "404" || r.Text("type") == "" || r.Text("title") != "Resource not found" ||
		r.Text("code") != "RESOURCE_NOT_FOUND" || r.Text("request_id") != "r-7" || r.Header.Get("X-Request-ID") != "r-7" || r.Header.Get("Content-Language") != "en" {
		t.Errorf("%s %v", r, r.Header)
	}
	if r := a.call(404, "GET", "/api/v1/databases/no-such-db/classes", nil); r.Text("status") != "error" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Content-Language") != "ko" {
		t.Errorf("%s %v", r, r.Header)
	}
}

// The limit of the OMS's creation of classes: 2000 tokens, 3 a request.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, pairs := range map[string][]string{
		"shared": {"RATE_LIMIT_EXEMPT_LOOPBACK", "false"},
		"local":  {"RATE_LIMIT_EXEMPT_LOOPBACK", "false", "REDIS_URL", "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ownWorld(t, pairs...)
			a := w.asOMS(t)
			bearer := client.Header("Authorization", "Bearer "+a.Token)
			post := func(options ...client.Option) *client.Response {
				t.Helper()
				r, err := a.Do(t.Context(), "POST", "/api/v1/database/none/ontology", "{", append(options, client.Lang("en"))...)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			limited := false
			for i := 0; i < 5000 && !limited; i++ {
				r := post(client.Anonymous, bearer)
				if name == "shared" && r.Header.Get("X-RateLimit-Degraded") == "true" {
					continue // on a loaded machine Redis may be too slow for once
				}
				if r.Header.Get("X-RateLimit-Limit") != "2000" || r.Header.Get("X-RateLimit-Reset") == "" || (r.Header.Get("X-RateLimit-Degraded") == "true") != (name == "local") ||
					(r.Header.Get("X-RateLimit-Mode") == "local") != (name == "local") {
					t.Fatalf("%d %v", r.Status, r.Header)
				}
				if limited = r.Status == 429; !limited {
					continue
				}
				if r.Header.Get("Retry-After") == "" || r.Text("code") != "RATE_LIMITED" || r.Text("context", "detail", "error") != "Rate limit exceeded" || r.Text("context", "detail", "window") != "60" {
					t.Errorf("%s %v", r, r.Header)
				}
			}
			if !limited {
				t.Fatal("never refused")
			}
			// Only a valid token in X-Admin-Token is let through.
			if r := post(client.Header("X-Admin-Token", "wrong"), bearer); r.Status != 403 {
				t.Errorf("a wrong token: %s", r)
			}
			for range 3 {
				if r := post(); r.Status != 400 {
					t.Errorf("a valid token: %s", r)
				}
			}
		})
	}
}
