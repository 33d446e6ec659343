package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/ratelimit"
	"spiceharvester/shared/telemetry"
)

// Limits decide whether a limited route may be called now (bff-api 1.10).
//
// Who is counted but never refused: clients with a valid token in X-Admin-Token (any
// value did once, bff-api 9, #25), which are the project's own services and operators;
// and clients of the same machine. Others, for example those that send the token as
// Bearer, are limited. Both exemptions can be switched off.
type Limits struct {
	Limiter        *ratelimit.Limiter
	ExemptToken    bool // RATE_LIMIT_EXEMPT_TOKEN
	ExemptLoopback bool // RATE_LIMIT_EXEMPT_LOOPBACK
}

// Strategy is what tells clients apart.
type Strategy string

// The strategies. What a client did not send is replaced by its address.
const (
	ByIP     Strategy = "ip"
	ByUser   Strategy = "user"    // X-User-ID
	ByAPIKey Strategy = "api_key" // X-API-Key
)

// Option changes a route.
type Option func(*route)

type route struct {
	pattern string
	handler Handler
	limit   *ratelimit.Preset
	by      Strategy
}

// Limit limits a route by the client's address.
func Limit(p ratelimit.Preset) Option { return LimitBy(p, ByIP) }

// LimitBy limits a route.
func LimitBy(p ratelimit.Preset, by Strategy) Option {
	return func(r *route) { r.limit, r.by = &p, by }
}

// take counts a request to a limited route and tells the client where it stands.
func (a *API) take(w http.ResponseWriter, r *http.Request, rt *route) *problem.Problem {
	limits := &a.Edge.Limits
	if rt.limit == nil || limits.Limiter == nil {
		return nil
	}
	d := limits.Limiter.Take(r.Context(), *rt.limit, clientKey(r, rt.by))
	if !d.Allowed && (limits.ExemptToken && a.Auth.trusts(r.Header.Get("X-Admin-Token")) || limits.ExemptLoopback && clientIP(r).IsLoopback()) {
		d.Allowed = true
	}
	result := "allowed"
	if !d.Allowed {
		result = "rejected"
	}
	telemetry.RateLimit.WithLabelValues(a.Service, a.endpoint(r), string(rt.by), result).Inc()
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(rt.limit.Requests))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(d.Remaining))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(limits.Limiter.Now().Add(d.Full).Unix(), 10))
	switch d.Mode {
	case ratelimit.Local:
		if limits.Limiter.Shared != nil {
			h.Set("X-RateLimit-Degraded", "true")
		}
		h.Set("X-RateLimit-Mode", "local")
	case ratelimit.Disabled:
		h.Set("X-RateLimit-Disabled", "true")
	}
	if d.Allowed {
		return nil
	}
	return problem.RateLimit(rt.limit.Requests, rt.limit.Window, d.RetryAfter)
}

func clientKey(r *http.Request, by Strategy) string {
	switch by {
	case ByUser:
		if id := r.Header.Get("X-User-ID"); id != "" {
			return "user:" + digest(id)
		}
	case ByAPIKey:
		if key := r.Header.Get("X-API-Key"); key != "" {
			return "api_key:" + digest(key)
		}
	}
	return "ip:" + clientIP(r).String()
}

// digest makes a short name of a text of any length; keys are secrets.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// clientIP gives the client's address: what a proxy of ours says that it is, else the
// peer's. A peer on a public address could say anything.
func clientIP(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, _ := netip.ParseAddr(host)
	peer = peer.Unmap()
	if peer.IsLoopback() || peer.IsPrivate() {
		first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
		if client, err := netip.ParseAddr(strings.TrimSpace(first)); err == nil {
			return client.Unmap()
		}
	}
	return peer
}

// trusts reports whether a token is one of the API's.
func (a *Auth) trusts(token string) bool {
	return token != "" && (a.Token != "" && same(token, a.Token) || slices.ContainsFunc(a.Admin, func(admin string) bool { return same(token, admin) }))
}
