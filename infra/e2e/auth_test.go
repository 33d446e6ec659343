package e2e

import (
	"testing"

	"spiceharvester/infra/e2e/client"
)

// Every route of both APIs is tried in functions/bff and functions/oms; here is
// what a client sees.
func TestAuthentication(t *testing.T) {
	w := sharedWorld(t)
	for name, c := range map[string]struct {
		api
		path   string
		exempt []string
	}{
		"bff": {w.asBFF(t), "/api/v1/databases", []string{"/api/v1/", "/api/v1/health", "/healthz", "/readyz", "/_/health", "/_/ready"}},
		"oms": {w.asOMS(t), "/api/v1/database/list", []string{"/", "/health", "/healthz", "/readyz", "/_/health", "/_/ready"}},
	} {
		for _, lang := range []string{"en", "ko"} {
			r := c.call(401, "GET", c.path, nil, client.Anonymous, client.Lang(lang))
			if r.Text("detail") != "Authentication required" || r.Text("code") != "AUTH_REQUIRED" || r.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s without a token: %s", name, r)
			}
			r = c.call(403, "GET", c.path, nil, client.Header("X-Admin-Token", "wrong"), client.Lang(lang))
			if r.Text("detail") != "Invalid authentication credentials" || r.Text("code") != "AUTH_INVALID" {
				t.Errorf("%s with a wrong token: %s", name, r)
			}
		}
		token := c.Token
		c.call(200, "GET", c.path, nil, client.Anonymous, client.Header("Authorization", "Bearer "+token))
		c.call(200, "GET", c.path, nil, client.Anonymous, client.Header("Authorization", "bearer "+token))
		c.call(401, "GET", c.path, nil, client.Anonymous, client.Header("Authorization", "Basic "+token))
		c.call(403, "GET", c.path, nil, client.Header("X-Admin-Token", "wrong"), client.Header("Authorization", "Bearer "+token))
		c.call(401, "GET", "/api/v1/no/such/path", nil, client.Anonymous)
		c.call(401, "POST", c.path, "{", client.Anonymous)
		for _, path := range c.exempt {
			c.call(200, "GET", path, nil, client.Anonymous)
		}
	}
}

func TestHealthSpeaksTheReadersLanguage(t *testing.T) {
	w := sharedWorld(t)
	bff := w.asBFF(t)
	for query, want := range map[string]string{"": "백엔드 포 프론트엔드 서비스", "?lang=en": "Backend for Frontend service.", "?language=english": "Backend for Frontend service.", "?lang=fr": "백엔드 포 프론트엔드 서비스"} {
		r := bff.call(200, "GET", "/api/v1/health"+query, nil, client.Anonymous)
		if r.Text("data", "description") != want || r.Get("data", "oms_connected") != true || r.Text("data", "status") != "healthy" {
			t.Errorf("%q: %s", query, r)
		}
	}
	if r := w.asOMS(t).call(200, "GET", "/health", nil, client.Anonymous); r.Text("status") != "success" || r.Text("data", "status") != "healthy" {
		t.Errorf("OMS: %s", r)
	}
}

func TestUnknownRoutes(t *testing.T) {
	w := sharedWorld(t)
	for _, c := range []struct {
		api
		path, allow string
	}{{w.asBFF(t), "/api/v1/databases", "GET, HEAD, POST"}, {w.asOMS(t), "/api/v1/database/create", "DELETE, POST"}} {
		for lang, want := range map[string][2]string{"en": {"Not Found", "Method Not Allowed"}, "ko": {"찾을 수 없습니다.", "요청에 실패했습니다."}} {
			if r := c.call(404, "GET", "/api/v1/nothing", nil, client.Lang(lang)); r.Text("detail") != want[0] {
				t.Errorf("%s: %s", c.path, r)
			}
			if r := c.call(405, "PATCH", c.path, nil, client.Lang(lang)); r.Text("detail") != want[1] || r.Header.Get("Allow") != c.allow {
				t.Errorf("%s: %s, Allow %q", c.path, r, r.Header.Get("Allow"))
			}
		}
	}
}
