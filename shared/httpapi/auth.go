package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

// Auth is the guard of an API: one shared secret.
type Auth struct {
	Service  string // as the 503 text names it: BFF or OMS
	Token    string
	Admin    []string // tokens that count as an administrator's
	Disabled bool
	Exempt   []string // exact paths that need no token
}

// AuthFromEnv reads the settings of an API whose variables begin with prefix
// (bff-api 1.4). A guard that cannot work, or that is off without saying so
// twice, is refused at start.
func AuthFromEnv(prefix string, exempt []string, getenv func(string) string) (Auth, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if v := strings.TrimSpace(getenv(name)); v != "" {
				return v
			}
		}
		return ""
	}
	a := Auth{
		Service: prefix, Exempt: exempt,
		Token: first(prefix+"_ADMIN_TOKEN", prefix+"_WRITE_TOKEN", "ADMIN_API_KEY", "ADMIN_TOKEN"),
	}
	for _, name := range []string{"OMS_ADMIN_TOKEN", "BFF_ADMIN_TOKEN", "ADMIN_API_KEY", "ADMIN_TOKEN"} {
		if v := first(name); v != "" {
			a.Admin = append(a.Admin, v)
		}
	}
	if list := first(prefix + "_AUTH_EXEMPT_PATHS"); list != "" {
		a.Exempt = nil
		for path := range strings.SplitSeq(list, ",") {
			a.Exempt = append(a.Exempt, strings.TrimSpace(path))
		}
	}
	if v := first(prefix + "_REQUIRE_AUTH"); v != "" {
		required, ok := Switch(v)
		if !ok {
			return a, fmt.Errorf("%s_REQUIRE_AUTH is %q, not true or false", prefix, v)
		}
		a.Disabled = !required
	}
	insecure, _ := Switch(first("ALLOW_INSECURE_"+prefix+"_AUTH_DISABLE", "ALLOW_INSECURE_AUTH_DISABLE"))
	switch {
	case a.Disabled && !insecure:
		return a, fmt.Errorf("%s_REQUIRE_AUTH is off; that needs ALLOW_INSECURE_%s_AUTH_DISABLE=true", prefix, prefix)
	case !a.Disabled && a.Token == "":
		return a, errors.New(prefix + " needs a token; set ADMIN_TOKEN")
	}
	return a, nil
}

// Switch reads a yes or no of the environment.
func Switch(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// Credential gives the token that a client sent in a header; "" is none.
func Credential(r *http.Request) string {
	if t := r.Header.Get("X-Admin-Token"); t != "" {
		return t
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

func (a *Auth) check(r *http.Request) *problem.Problem {
	if a.Disabled || slices.Contains(a.Exempt, r.URL.Path) {
		return nil
	}
	return a.admit(Credential(r))
}

// admit checks a token; "" is none.
func (a *Auth) admit(token string) *problem.Problem {
	switch {
	case a.Disabled:
		return nil
	case a.Token == "":
		return problem.AuthNotConfigured(a.Service)
	case token == "":
		return problem.Unauthenticated()
	case !same(token, a.Token):
		return problem.InvalidCredentials()
	}
	return nil
}

// isAdmin reports whether the request carries an administrator's token.
func (a *Auth) isAdmin(r *http.Request) bool {
	token := Credential(r)
	return token != "" && slices.ContainsFunc(a.Admin, func(admin string) bool { return same(token, admin) })
}

// same compares in a time that tells neither content nor length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
