// Package ratelimit counts the requests of clients with token buckets: a bucket holds
// as many tokens as a preset allows requests, fills up evenly within the window, and
// each request takes out what it costs.
//
//	ratelimit.go  presets, decisions, Redis first and the process's own memory else
//	redis.go      buckets that all processes share
//	local.go      buckets of one process
package ratelimit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Preset is how much a client may do (bff-api 1.10).
type Preset struct {
	Name     string
	Requests int
	Window   time.Duration
	Cost     int
}

// The presets of the contract.
var (
	Strict   = Preset{"strict", 10, time.Minute, 1}
	Standard = Preset{"standard", 60, time.Minute, 1}
	Relaxed  = Preset{"relaxed", 200, time.Minute, 1}
	Burst    = Preset{"burst", 20, time.Second, 1}
	Search   = Preset{"search", 30, time.Minute, 2}
	Write    = Preset{"write", 2000, time.Minute, 3}
)

// perSecond is how many tokens come back in a second.
func (p Preset) perSecond() float64 { return float64(p.Requests) / p.Window.Seconds() }

// Mode is how a decision came about.
type Mode string

// The modes.
const (
	Shared   Mode = "shared"   // all processes count together
	Local    Mode = "local"    // Redis is away: this process counts alone
	Disabled Mode = "disabled" // Redis is away, and nobody is to be limited then
)

// Decision is what a request is told.
type Decision struct {
	Allowed    bool
	Remaining  int           // tokens left
	Full       time.Duration // until the bucket is full again
	RetryAfter time.Duration // until there are enough tokens; zero if allowed
	Mode       Mode
}

// decide turns a bucket's tokens after a request into a decision.
func (p Preset) decide(tokens float64, allowed bool, mode Mode) Decision {
	d := Decision{Allowed: allowed, Remaining: max(0, int(tokens)), Mode: mode}
	d.Full = time.Duration((float64(p.Requests) - tokens) / p.perSecond() * float64(time.Second))
	if !allowed {
		d.RetryAfter = time.Duration((float64(p.Cost) - tokens) / p.perSecond() * float64(time.Second))
	}
	return d
}

// Buckets keeps buckets by key.
type Buckets interface {
	// Take takes the preset's cost out of a bucket if it holds as much.
	Take(ctx context.Context, p Preset, key string, now time.Time) (tokens float64, allowed bool, err error)
}

// How long a request waits for Redis, and for how long it is left alone after it
// failed.
const (
	patience = 100 * time.Millisecond
	pause    = 5 * time.Second
)

// Limiter decides. It never fails: without Redis it counts in the process.
type Limiter struct {
	Shared   Buckets // nil without Redis
	Local    *Memory
	FailOpen bool // without Redis nobody is limited (RATE_LIMIT_FAIL_OPEN)
	Now      func() time.Time
	Logger   *slog.Logger

	mu    sync.Mutex
	until time.Time // Redis is left alone
}

// Take counts a request of a client.
func (l *Limiter) Take(ctx context.Context, p Preset, key string) Decision {
	now := l.Now()
	key = p.Name + ":" + key
	if l.Shared != nil && l.tryShared(now) {
		limited, cancel := context.WithTimeout(ctx, patience)
		tokens, allowed, err := l.Shared.Take(limited, p, key, now)
		cancel()
		if err == nil {
			return p.decide(tokens, allowed, Shared)
		}
		if ctx.Err() == nil {
			l.mu.Lock()
			l.until = now.Add(pause)
			l.mu.Unlock()
			l.Logger.WarnContext(ctx, "rate limits are counted in this process: Redis is away", "error", err)
		}
	}
	if l.Shared != nil && l.FailOpen {
		return Decision{Allowed: true, Remaining: p.Requests, Mode: Disabled}
	}
	tokens, allowed := l.Local.Take(p, key, now)
	return p.decide(tokens, allowed, Local)
}

func (l *Limiter) tryShared(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !now.Before(l.until)
}
