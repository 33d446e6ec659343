package bff_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"spiceharvester/shared/httpapi/httpapitest"
)

// What is refused is refused before the handshake: 403, with the code that a close
// would have had.
func TestRefusedSockets(t *testing.T) {
	f := open(t)
	f.Edge.CORS.Any = false
	const id, good = "/6f1d9c0e-5f0a-4b8a-9a51-4f8a1c0b7d11", "token=" + httpapitest.Token
	for name, c := range map[string]struct {
		target string
		header [2]string
		status int
		code   float64
		detail string // "" is not compared
	}{
		"no token":               {id, [2]string{}, 403, 4401, "Authentication required"},
		"no token, a bad id":     {"?user_id=a%20b", [2]string{}, 403, 4401, ""},
		"wrong token":            {id + "?token=x", [2]string{}, 403, 4403, "Invalid authentication credentials"},
		"wrong token in header":  {id, [2]string{"X-Admin-Token", "x"}, 403, 4403, ""},
		"wrong bearer":           {id, [2]string{"Authorization", "Bearer x"}, 403, 4403, ""},
		"the query counts first": {id + "?token=x", [2]string{"X-Admin-Token", httpapitest.Token}, 403, 4403, ""},
		"no UUID":                {"/x?" + good, [2]string{}, 403, 4000, ""},
		"a bad client id":        {id + "?client_id=a%20b&" + good, [2]string{}, 403, 4000, ""},
		"a bad user id":          {"?user_id=%ED%95%9C&" + good, [2]string{}, 403, 4000, ""},
		"a long user id":         {"?user_id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&" + good, [2]string{}, 403, 4000, ""},
		"no user id":             {"?" + good, [2]string{}, 403, 4000, ""},
		"a bad time":             {"?user_id=ada&since=yesterday&" + good, [2]string{}, 403, 4000, ""},
		"a time":                 {"?user_id=ada&since=2026-05-06T07:08:09.5+00:00&" + good, [2]string{}, 426, 0, ""},
		"another origin":         {id + "?" + good, [2]string{"Origin", "https://evil.example"}, 403, 4403, ""},
		"no WebSocket":           {id + "?" + good, [2]string{}, 426, 0, ""},
		"the same origin":        {id + "?" + good, [2]string{"Origin", "http://example.com"}, 426, 0, ""},
		"bearer":                 {"?user_id=ada", [2]string{"Authorization", "bearer " + httpapitest.Token}, 426, 0, ""},
		"header":                 {"?user_id=ada&client_id=c-1_A", [2]string{"X-Admin-Token", httpapitest.Token}, 426, 0, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/api/v1/ws/commands"+c.target, nil)
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if c.status != 403 {
			continue
		}
		var body struct {
			Detail  string
			Context map[string]any
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if body.Context["close_code"] != c.code || c.detail != "" && body.Detail != c.detail {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	f.Auth.Token = "" // the server lost its token
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/ws/commands"+id, nil))
	var body struct{ Context map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 403 || body.Context["close_code"] != 1011.0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
