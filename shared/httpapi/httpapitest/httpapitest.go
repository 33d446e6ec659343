// Package httpapitest is what the tests of the HTTP APIs share: an API on backing
// services that do not exist, and the check that every route is guarded.
package httpapitest

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
)

// Token is the token of an API that Open made.
const Token = "secret"

// Function is an API.
type Function interface {
	http.Handler
	Routes() []string
	Close()
}

// Open makes an API on backing services that do not exist: what is tested with it
// may need none.
func Open[F Function](t testing.TB, name string, open func(*platform.Platform) (F, error)) F {
	t.Helper()
	f, err := open(nowhere(t, name, map[string]string{"ADMIN_TOKEN": Token}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// nowhere is a platform whose services do not exist.
func nowhere(t testing.TB, name string, more map[string]string) *platform.Platform {
	t.Helper()
	settings := map[string]string{
		"POSTGRES_URL": "postgres://nobody@127.0.0.1:1/none", "MINIO_ENDPOINT_URL": "http://127.0.0.1:1", "ELASTICSEARCH_URL": "http://127.0.0.1:1",
		"LAKEFS_ENDPOINT": "http://127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1",
	}
	maps.Copy(settings, more)
	c, err := config.FromEnv(func(name string) string { return settings[name] })
	if err != nil {
		t.Fatal(err)
	}
	p, err := platform.Open(name, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// SafeDefaults checks that an API whose variables begin with prefix does not start
// without a token, nor without its guard unless that is said twice.
func SafeDefaults[F Function](t *testing.T, name, prefix string, open func(*platform.Platform) (F, error)) {
	t.Helper()
	for _, c := range []struct {
		env    map[string]string
		starts bool
	}{
		{nil, false},
		{map[string]string{"ADMIN_TOKEN": "  "}, false},
		{map[string]string{prefix + "_REQUIRE_AUTH": "false"}, false},
		{map[string]string{prefix + "_REQUIRE_AUTH": "false", "ADMIN_TOKEN": Token}, false},
		{map[string]string{prefix + "_REQUIRE_AUTH": "perhaps", "ADMIN_TOKEN": Token}, false},
		{map[string]string{"ALLOW_INSECURE_AUTH_DISABLE": "true"}, false},
		{map[string]string{prefix + "_REQUIRE_AUTH": "false", "ALLOW_INSECURE_OTHER_AUTH_DISABLE": "true"}, false},
		{map[string]string{prefix + "_REQUIRE_AUTH": "false", "ALLOW_INSECURE_" + prefix + "_AUTH_DISABLE": "true"}, true},
		{map[string]string{prefix + "_REQUIRE_AUTH": "false", "ALLOW_INSECURE_AUTH_DISABLE": "true"}, true},
		{map[string]string{prefix + "_WRITE_TOKEN": Token}, true},
		{map[string]string{"ADMIN_TOKEN": Token, "CORS_ORIGINS": "*"}, false},
		{map[string]string{"ADMIN_TOKEN": Token, "RATE_LIMIT_FAIL_OPEN": "perhaps"}, false},
		{map[string]string{"ADMIN_TOKEN": Token, "RATE_LIMIT_LOCAL_MAX_ENTRIES": "0"}, false},
	} {
		f, err := open(nowhere(t, name, c.env))
		if err == nil {
			f.Close()
		}
		if (err == nil) != c.starts {
			t.Errorf("%v: %v", c.env, err)
		}
	}
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// Guarded checks that every route wants the token but the exempt paths.
func Guarded(t *testing.T, f Function, exempt ...string) {
	t.Helper()
	routes := f.Routes()
	if len(routes) <= len(exempt) {
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
			if slices.Contains(exempt, path) {
				want = http.StatusOK
			}
			if w.Code != want {
				t.Errorf("%s with token %q: %d %s", route, token, w.Code, w.Body)
			}
		}
	}
}
