package redis_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/redis"
	"spiceharvester/shared/redisclient"
)

func TestKeysExpireByTheClock(t *testing.T) {
	s, err := redis.Start(0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	c, err := redisclient.FromEnv(func(string) string { return s.URL() })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Set(t.Context(), "k", "v", 100*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for c.Exists(ctx, "k").Val() == 1 {
		time.Sleep(10 * time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Error("the key stays")
	}
}

func TestATakenPort(t *testing.T) {
	s, err := redis.Start(0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	port := 0
	for _, digit := range strings.TrimSuffix(s.URL()[strings.LastIndex(s.URL(), ":")+1:], "/0") {
		port = 10*port + int(digit-'0')
	}
	if _, err := redis.Start(port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
}
