package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/infra/real/realtest"
	"spiceharvester/shared/ratelimit"
	"spiceharvester/shared/redisclient"
)

type local struct{ *ratelimit.Memory }

func (l local) Take(_ context.Context, p ratelimit.Preset, key string, now time.Time) (float64, bool, error) {
	tokens, allowed := l.Memory.Take(p, key, now)
	return tokens, allowed, nil
}

func shared(t *testing.T, address string) ratelimit.Redis {
	t.Helper()
	c, err := redisclient.FromEnv(func(string) string { return address })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return ratelimit.Redis{Client: c}
}

// all kinds of buckets, empty; the real Redis where make test-real has one.
func all(t *testing.T) map[string]ratelimit.Buckets {
	kinds := map[string]ratelimit.Buckets{"local": local{ratelimit.NewMemory(100)}, "redis": shared(t, miniredis.RunT(t).Addr())}
	if address := realtest.Redis(t); address != "" {
		kinds["real redis"] = shared(t, address)
	}
	return kinds
}

// All kinds of buckets count alike.
func TestBuckets(t *testing.T) {
	for name, buckets := range all(t) {
		t.Run(name, func(t *testing.T) {
			p := ratelimit.Preset{Name: "p", Requests: 6, Window: 3 * time.Second, Cost: 2}
			now := time.Unix(1_700_000_000, 0)
			for i, step := range []struct {
				pass    time.Duration
				key     string
				tokens  float64
				allowed bool
			}{
				{0, "a", 4, true}, {0, "a", 2, true}, {0, "a", 0, true}, {0, "a", 0, false},
				{0, "b", 4, true},                       // another client
				{500 * time.Millisecond, "a", 1, false}, // half of what it costs is back
				{500 * time.Millisecond, "a", 0, true},
				{-time.Second, "a", 0, false}, // a clock that is behind gives nothing
				{time.Hour, "a", 4, true},     // never more than full
			} {
				now = now.Add(step.pass)
				tokens, allowed, err := buckets.Take(t.Context(), p, step.key, now)
				if err != nil || allowed != step.allowed || math.Abs(tokens-step.tokens) > 0.01 {
					t.Errorf("step %d: %v tokens, allowed %t, %v; want %+v", i, tokens, allowed, err, step)
				}
			}
		})
	}
}

func TestManyAtOnceGetNoMoreThanTheBucketHolds(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for name, buckets := range all(t) {
		var allowed atomic.Int64
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				for range 5 {
					_, ok, err := buckets.Take(t.Context(), ratelimit.Strict, "k", now)
					if err != nil {
						t.Error(err)
					}
					if ok {
						allowed.Add(1)
					}
				}
			})
		}
		if clients.Wait(); allowed.Load() != 10 {
			t.Errorf("%s: %d of 40 requests passed, want 10", name, allowed.Load())
		}
	}
}

func TestMemoryForgetsTheOldest(t *testing.T) {
	m, now := ratelimit.NewMemory(2), time.Unix(0, 0)
	one := ratelimit.Preset{Name: "one", Requests: 1, Window: time.Hour, Cost: 1}
	for _, step := range []struct {
		key     string
		allowed bool
	}{{"a", true}, {"b", true}, {"a", false}, {"c", true}, {"a", false}, {"b", true}} {
		if _, allowed := m.Take(one, step.key, now); allowed != step.allowed {
			t.Errorf("%s: %t", step.key, allowed)
		}
	}
}

type broken struct{ calls int }

func (b *broken) Take(context.Context, ratelimit.Preset, string, time.Time) (float64, bool, error) {
	b.calls++
	return 0, false, errors.New("away")
}

func TestWithoutRedis(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	away := &broken{}
	l := &ratelimit.Limiter{Shared: away, Local: ratelimit.NewMemory(10), Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}
	for i := range 12 {
		d := l.Take(t.Context(), ratelimit.Strict, "k")
		if d.Mode != ratelimit.Local || d.Allowed != (i < 10) || d.Remaining != max(0, 9-i) || (d.RetryAfter == 0) != d.Allowed {
			t.Errorf("request %d: %+v", i, d)
		}
	}
	if away.calls != 1 {
		t.Errorf("Redis was asked %d times", away.calls)
	}
	now = now.Add(5 * time.Second)
	if l.Take(t.Context(), ratelimit.Strict, "k"); away.calls != 2 {
		t.Errorf("after a while Redis was asked %d times", away.calls)
	}
	l.FailOpen = true
	for range 20 {
		if d := l.Take(t.Context(), ratelimit.Strict, "k"); !d.Allowed || d.Mode != ratelimit.Disabled {
			t.Errorf("failing open: %+v", d)
		}
	}
}

func TestAHungRedisHoldsNobodyUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := &ratelimit.Limiter{Shared: shared(t, silent.Addr().String()), Local: ratelimit.NewMemory(10), Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	for range 3 {
		if d := l.Take(t.Context(), ratelimit.Relaxed, "k"); d.Mode != ratelimit.Local || !d.Allowed {
			t.Errorf("%+v", d)
		}
	}
}

func ExampleLimiter() {
	now := time.Unix(1_700_000_000, 0)
	l := &ratelimit.Limiter{Local: ratelimit.NewMemory(10_000), Now: func() time.Time { return now }}
	for range 10 {
		l.Take(context.Background(), ratelimit.Strict, "ip:192.0.2.1")
	}
	d := l.Take(context.Background(), ratelimit.Strict, "ip:192.0.2.1")
	fmt.Println(d.Allowed, d.RetryAfter, d.Mode)
	// Output: false 6s local
}
