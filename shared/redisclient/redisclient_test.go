package redisclient_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/shared/redisclient"
)

func env(url string) func(string) string {
	return func(name string) string {
		if name == "REDIS_URL" {
			return url
		}
		return ""
	}
}

func TestFromEnv(t *testing.T) {
	server := miniredis.RunT(t)
	for _, address := range []string{"redis://" + server.Addr() + "/0", server.Addr(), " redis://" + server.Addr() + " "} {
		c, err := redisclient.FromEnv(env(address))
		if err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		if err := c.Ping(t.Context()).Err(); err != nil {
			t.Errorf("%q: %v", address, err)
		}
		c.Close()
	}
	if c, err := redisclient.FromEnv(env("")); c != nil || err != nil {
		t.Errorf("without an address: %v, %v", c, err)
	}
	if _, err := redisclient.FromEnv(env("http://x")); err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("another scheme: %v", err)
	}
}

// A Redis that takes connections and says nothing must not hold anybody up.
func TestAHungServerIsGivenUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, err := redisclient.FromEnv(env(silent.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Ping(ctx).Err(); err == nil || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}
