package oms_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"spiceharvester/functions/oms"
	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
)

// open makes the function on backing services that do not exist: nothing here
// may need them.
func open(t *testing.T) *oms.Function {
	t.Helper()
	settings := map[string]string{
		"POSTGRES_URL": "postgres://nobody@127.0.0.1:1/none", "MINIO_ENDPOINT_URL": "http://127.0.0.1:1", "ELASTICSEARCH_URL": "http://127.0.0.1:1",
		"ADMIN_TOKEN": "secret",
	}
	c, err := config.FromEnv(func(name string) string { return settings[name] })
	if err != nil {
		t.Fatal(err)
	}
	p, err := platform.Open("oms", c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	f, err := oms.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// Every route wants the token but those that are named here.
func TestEveryRouteIsGuarded(t *testing.T) {
	f := open(t)
	exempt := map[string]bool{"/": true, "/health": true}
	routes := f.Routes()
	if len(routes) < 15 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, route := range routes {
		method, pattern, _ := strings.Cut(route, " ")
		path := parameter.ReplaceAllString(strings.TrimSuffix(pattern, "{$}"), "x")
		for token, want := range map[string]int{"": http.StatusUnauthorized, "wrong": http.StatusForbidden} {
			r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
			r.Header.Set("X-Admin-Token", token)
			w := httptest.NewRecorder()
			f.ServeHTTP(w, r)
			if exempt[path] {
				want = http.StatusOK
			}
			if w.Code != want {
				t.Errorf("%s with token %q: %d %s", route, token, w.Code, w.Body)
			}
		}
	}
}
