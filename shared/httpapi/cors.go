package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"spiceharvester/shared/config"
	"spiceharvester/shared/problem"
)

// CORS says which pages of other origins may call an API (bff-api 1.11). The zero
// value lets none.
type CORS struct {
	Enabled bool
	Any     bool     // every origin
	Origins []string // scheme://host[:port], lower case
	// Headers are what a page may send; nil allows whatever it asks for.
	Headers []string
	Expose  string
	MaxAge  string // seconds that a browser may remember a pre-flight
}

const corsMethods = "GET, POST, PUT, DELETE, OPTIONS, PATCH"

// What production allows. The contract's list lacks what the API itself asks for
// (bff-api 9, #4): the last seven are added.
var productionHeaders = []string{
	"Accept", "Accept-Language", "Authorization", "Content-Type", "DNT", "Origin", "User-Agent", "X-Requested-With",
	"X-Admin-Token", "X-Change-Reason", "Idempotency-Key", "X-Request-ID", "Prefer", "X-DB-Name", "Traceparent",
}

const productionExpose = "Content-Length, Content-Type, X-Request-ID, Content-Disposition, Content-Language, Location, Retry-After, " +
	"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"

// CORSFromEnv reads CORS_ENABLED and CORS_ORIGINS, a JSON array.
func CORSFromEnv(getenv func(string) string) (CORS, error) {
	production := config.Production(getenv)
	c := CORS{Enabled: true, Expose: "*", MaxAge: "3600"}
	if production {
		c.Headers, c.Expose, c.MaxAge = productionHeaders, productionExpose, "86400"
	}
	if text := strings.TrimSpace(getenv("CORS_ENABLED")); text != "" {
		var ok bool
		if c.Enabled, ok = Switch(text); !ok {
			return c, fmt.Errorf("CORS_ENABLED is %q, not true or false", text)
		}
	}
	origins := defaultOrigins(production)
	if text := strings.TrimSpace(getenv("CORS_ORIGINS")); text != "" {
		if err := json.Unmarshal([]byte(text), &origins); err != nil {
			return c, fmt.Errorf("CORS_ORIGINS is no JSON array of origins: %w", err)
		}
	}
	for _, origin := range origins {
		if origin == "*" {
			c.Any = c.Any || !production // a production never opens to everybody
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return c, fmt.Errorf("CORS_ORIGINS: %q is no origin, for example https://app.example.com", origin)
		}
		c.Origins = append(c.Origins, strings.ToLower(u.Scheme+"://"+u.Host))
	}
	return c, nil
}

func defaultOrigins(production bool) []string {
	if production {
		return []string{"https://app.spice-harvester.com", "https://www.spice-harvester.com", "https://spice-harvester.com"}
	}
	list := []string{"*"}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		for _, port := range []int{3000, 3001, 3002, 5173, 5174, 8080, 8081, 8082, 4200, 4201} {
			list = append(list, fmt.Sprintf("http://%s:%d", host, port), fmt.Sprintf("https://%s:%d", host, port))
		}
	}
	return list
}

// Allows reports whether pages of an origin may call. What is not printable ASCII is
// no origin, and never repeated in a header.
func (c *CORS) Allows(origin string) bool {
	return c.Enabled && origin != "" && !strings.ContainsFunc(origin, func(r rune) bool { return r <= ' ' || r > '~' }) && (c.Any || slices.Contains(c.Origins, strings.ToLower(origin)))
}

// isPreflight reports whether a browser asks before it sends something.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// mark sets the headers that let a page read any answer, refusals included. The
// origin is named, never "*", which browsers do not take together with credentials.
func (c *CORS) mark(w http.ResponseWriter, r *http.Request) {
	if !c.Enabled {
		return
	}
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); c.Allows(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Expose-Headers", c.Expose)
	}
}

var textOrigin = problem.Define("http.cors_origin",
	"Pages of the origin '{origin}' may not call this API; CORS_ORIGINS lists those that may.",
	"'{origin}' 출처의 페이지는 이 API를 호출할 수 없습니다. 허용되는 출처는 CORS_ORIGINS에 있습니다.")

// preflight answers a pre-flight: no token is needed for it, browsers send none.
func (c *CORS) preflight(w http.ResponseWriter, r *http.Request) *problem.Problem {
	if origin := r.Header.Get("Origin"); !c.Allows(origin) {
		return problem.Forbidden(textOrigin.With("origin", origin))
	}
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Max-Age", c.MaxAge)
	if allowed := strings.Join(c.Headers, ", "); allowed != "" {
		h.Set("Access-Control-Allow-Headers", allowed)
	} else if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
