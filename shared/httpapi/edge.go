package httpapi

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/ratelimit"
)

// Edge is what stands between the network and the routes of an API: other origins,
// limits, headers that every answer carries.
type Edge struct {
	CORS   CORS
	Limits Limits
	HSTS   bool // browsers shall use TLS only
}

// Open makes an API as its environment wants it. prefix begins its own variables,
// exempt are the paths that need no token.
func Open(p *platform.Platform, service, prefix string, exempt []string) (*API, error) {
	auth, err := AuthFromEnv(prefix, exempt, p.Config.Env)
	if err != nil {
		return nil, err
	}
	a := New(service, auth, p.Logger)
	if a.Edge.CORS, err = CORSFromEnv(p.Config.Env); err != nil {
		return nil, err
	}
	if a.Edge.Limits, err = limitsFromEnv(p); err != nil {
		return nil, err
	}
	a.Edge.HSTS = config.Production(p.Config.Env)
	return a, nil
}

// limitsFromEnv reads the RATE_LIMIT_ variables.
func limitsFromEnv(p *platform.Platform) (Limits, error) {
	on := func(name string, otherwise bool) (bool, error) {
		text := strings.TrimSpace(p.Config.Env(name))
		if text == "" {
			return otherwise, nil
		}
		v, ok := Switch(text)
		if !ok {
			return false, fmt.Errorf("%s is %q, not true or false", name, text)
		}
		return v, nil
	}
	entries := 10_000
	if text := strings.TrimSpace(p.Config.Env("RATE_LIMIT_LOCAL_MAX_ENTRIES")); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return Limits{}, fmt.Errorf("RATE_LIMIT_LOCAL_MAX_ENTRIES is %q, not a positive number", text)
		}
		entries = n
	}
	limiter := &ratelimit.Limiter{Local: ratelimit.NewMemory(entries), Now: p.Now, Logger: p.Logger}
	if p.Redis != nil {
		limiter.Shared = ratelimit.Redis{Client: p.Redis}
	}
	l := Limits{Limiter: limiter}
	var err error
	if limiter.FailOpen, err = on("RATE_LIMIT_FAIL_OPEN", false); err != nil {
		return l, err
	}
	if l.ExemptToken, err = on("RATE_LIMIT_EXEMPT_TOKEN", true); err != nil {
		return l, err
	}
	l.ExemptLoopback, err = on("RATE_LIMIT_EXEMPT_LOOPBACK", true)
	return l, err
}

// mark sets the headers that every answer carries.
func (e *Edge) mark(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept, Accept-Language")
	if e.HSTS || r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age="+strconv.Itoa(int((365*24*time.Hour).Seconds()))+"; includeSubDomains")
	}
	e.CORS.mark(w, r)
	if id := requestID(r); id != "" {
		h.Set("X-Request-ID", id)
	}
}

// maxRequestID bounds X-Request-ID, in bytes.
const maxRequestID = 128

// requestID gives the client's own name of the request, if it can stand in headers and
// logs: printable ASCII. Anything else is as good as none.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-ID")
	if len(id) > maxRequestID || strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c > '~' }) {
		return ""
	}
	return id
}

// acceptsProblem reports whether a client asks for RFC 9457.
func acceptsProblem(r *http.Request) bool {
	for _, value := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(value, ",") {
			media, params, err := mime.ParseMediaType(part)
			if err != nil || media != problem.MediaType {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			return err != nil || q > 0
		}
	}
	return false
}
