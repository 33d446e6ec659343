package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"spiceharvester/shared/httpapi"
)

// env reads variables from "NAME=value" texts.
func env(list ...string) func(string) string {
	return func(name string) string {
		for _, entry := range list {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestTheFirstTokenCounts(t *testing.T) {
	for _, c := range []struct {
		prefix string
		env    []string
		want   string
	}{
		{"BFF", []string{"ADMIN_TOKEN=d"}, "d"},
		{"BFF", []string{"ADMIN_TOKEN=d", "ADMIN_API_KEY=c"}, "c"},
		{"BFF", []string{"ADMIN_TOKEN=d", "ADMIN_API_KEY=c", "BFF_WRITE_TOKEN=b"}, "b"},
		{"BFF", []string{"ADMIN_TOKEN=d", "BFF_WRITE_TOKEN=b", "BFF_ADMIN_TOKEN=a"}, "a"},
		{"BFF", []string{"OMS_ADMIN_TOKEN=x", "ADMIN_TOKEN= d "}, "d"},
		{"OMS", []string{"OMS_WRITE_TOKEN=x", "BFF_ADMIN_TOKEN=b"}, "x"},
	} {
		a, err := httpapi.AuthFromEnv(c.prefix, nil, env(c.env...))
		if err != nil || a.Token != c.want {
			t.Errorf("%s %v: token %q, %v", c.prefix, c.env, a.Token, err)
		}
	}
}

func TestAnAPIRefusesToStartOpen(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want string // part of the refusal; "" starts
	}{
		{nil, "set ADMIN_TOKEN"},
		{[]string{"ADMIN_TOKEN=x", "BFF_REQUIRE_AUTH=maybe"}, "not true or false"},
		{[]string{"ADMIN_TOKEN=x", "BFF_REQUIRE_AUTH=false"}, "ALLOW_INSECURE_BFF_AUTH_DISABLE"},
		{[]string{"BFF_REQUIRE_AUTH=off", "ALLOW_INSECURE_OMS_AUTH_DISABLE=true"}, "ALLOW_INSECURE_BFF_AUTH_DISABLE"},
		{[]string{"BFF_REQUIRE_AUTH=0", "ALLOW_INSECURE_BFF_AUTH_DISABLE=false"}, "ALLOW_INSECURE_BFF_AUTH_DISABLE"},
		{[]string{"BFF_REQUIRE_AUTH=no", "ALLOW_INSECURE_BFF_AUTH_DISABLE=yes"}, ""},
		{[]string{"BFF_REQUIRE_AUTH=FALSE", "ALLOW_INSECURE_AUTH_DISABLE=1"}, ""},
		{[]string{"BFF_REQUIRE_AUTH=on", "ALLOW_INSECURE_AUTH_DISABLE=1"}, "set ADMIN_TOKEN"},
		{[]string{"OMS_REQUIRE_AUTH=false", "ADMIN_TOKEN=x"}, ""},
	} {
		a, err := httpapi.AuthFromEnv("BFF", nil, env(c.env...))
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: %v", c.env, err)
		case c.want == "" && a.Disabled != (a.Token == ""):
			t.Errorf("%v: disabled %t", c.env, a.Disabled)
		}
	}
}

func TestTheGuard(t *testing.T) {
	const ok = http.StatusOK
	for name, c := range map[string]struct {
		path   string
		header map[string]string
		want   int
	}{
		"none":              {"/x", nil, 401},
		"empty":             {"/x", map[string]string{"X-Admin-Token": ""}, 401},
		"wrong":             {"/x", map[string]string{"X-Admin-Token": "secre"}, 403},
		"longer":            {"/x", map[string]string{"X-Admin-Token": "secrets"}, 403},
		"right":             {"/x", map[string]string{"X-Admin-Token": "secret"}, ok},
		"bearer":            {"/x", map[string]string{"Authorization": "Bearer secret"}, ok},
		"bearer, case":      {"/x", map[string]string{"Authorization": "bEARER  secret"}, ok},
		"basic":             {"/x", map[string]string{"Authorization": "Basic secret"}, 401},
		"no scheme":         {"/x", map[string]string{"Authorization": "secret"}, 401},
		"first one counts":  {"/x", map[string]string{"X-Admin-Token": "wrong", "Authorization": "Bearer secret"}, 403},
		"exempt":            {"/open", nil, ok},
		"exempt, wrong":     {"/open", map[string]string{"X-Admin-Token": "wrong"}, ok},
		"below an exempt":   {"/open/more", nil, 401},
		"exempt with slash": {"/open/", nil, 401},
		"no route":          {"/nothing", nil, 401},
	} {
		a := newAPI(t, "BFF", "ADMIN_TOKEN=secret", "BFF_AUTH_EXEMPT_PATHS=/open, /other")
		for _, pattern := range []string{"GET /x", "GET /open", "GET /open/more"} {
			a.Handle(pattern, func(r *httpapi.Request) (*httpapi.Response, error) { return httpapi.OK("in"), nil })
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := serve(a, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (challenge == "Bearer") != (w.Code == 401) {
			t.Errorf("%s: WWW-Authenticate %q with %d", name, challenge, w.Code)
		}
	}
}

func TestATokenThatVanished(t *testing.T) {
	a := newAPI(t, "OMS", "ADMIN_TOKEN=secret")
	a.Auth.Token = ""
	w := serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), `"detail":"OMS auth required but no token configured"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAdminTokens(t *testing.T) {
	for token, want := range map[string]bool{"write": false, "oms": true, "bff": true, "key": true, "admin": true, "": false} {
		a := newAPI(t, "BFF", "BFF_WRITE_TOKEN=write", "OMS_ADMIN_TOKEN=oms", "BFF_ADMIN_TOKEN=bff", "ADMIN_API_KEY=key", "ADMIN_TOKEN=admin")
		a.Auth.Disabled = true // the guard lets one of them in only
		var admin bool
		a.Handle("GET /x", func(r *httpapi.Request) (*httpapi.Response, error) {
			admin = r.Caller("x").Admin
			return httpapi.OK(nil), nil
		})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
		r.Header.Set("X-Admin-Token", token)
		if serve(a, r); admin != want {
			t.Errorf("%q: administrator %t", token, admin)
		}
	}
}

func TestSwitch(t *testing.T) {
	for text, want := range map[string][2]bool{
		"true": {true, true}, "1": {true, true}, "Yes": {true, true}, "ON": {true, true},
		"false": {false, true}, "0": {false, true}, "no": {false, true}, "off": {false, true}, "": {false, false}, "2": {false, false},
	} {
		if on, ok := httpapi.Switch(text); on != want[0] || ok != want[1] {
			t.Errorf("%q: %t, %t", text, on, ok)
		}
	}
}

func TestRoutesKeepTheirOrder(t *testing.T) {
	a := newAPI(t, "BFF", "ADMIN_TOKEN=x")
	patterns := []string{"GET /b", "POST /a", "GET /a/{id}"}
	for _, p := range patterns {
		a.Handle(p, func(*httpapi.Request) (*httpapi.Response, error) { return nil, nil })
	}
	got := a.Routes()
	if !slices.Equal(got, patterns) {
		t.Errorf("%v", got)
	}
	got[0] = "changed"
	if !slices.Equal(a.Routes(), patterns) {
		t.Error("the list is shared")
	}
}
