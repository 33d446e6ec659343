package redisclient_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"spiceharvester/shared/redisclient"
	"spiceharvester/shared/telemetry"
)

// Commands inside a span are spans with the command's name. Neither keys nor
// values show, not even in what the server says of them.
func TestSpansNameCommandsOnly(t *testing.T) {
	bodies := make(chan string, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
	}))
	defer collector.Close()
	told, err := telemetry.Open(func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}[name]
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c, err := redisclient.FromEnv(env(miniredis.RunT(t).Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Set(t.Context(), "outside", "1", 0) // belongs to nobody's request: no span
	ctx, span := told.Scope("bff").Server(t.Context(), "", "GET")
	c.Set(ctx, "key-swordfish", "value-swordfish", 0)
	c.Get(ctx, "absent-swordfish")
	c.LPush(ctx, "key-swordfish", "x") // of another type: an error
	c.Do(ctx, "SWORDFISH-COMMAND", "swordfish")
	redis.NewScript("return ARGV[1]").Run(ctx, c, nil, "swordfish")
	c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "n-swordfish")
		return p.Incr(ctx, "m-swordfish").Err()
	})
	span.End()
	told.Close()
	body := <-bodies
	for _, want := range []string{`"redis set"`, `"redis get"`, `"redis lpush"`, `"redis evalsha"`, `"redis eval"`, `"redis pipeline"`, `"message":"WRONGTYPE"`, `"db.system","value":{"stringValue":"redis"}`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if n := strings.Count(body, `"message"`); n != 2 {
		t.Errorf("%d spans are errors, not the two that are", n)
	}
	if strings.Contains(strings.ReplaceAll(body, "swordfish-command", ""), "swordfish") || strings.Count(body, `"redis set"`) != 1 {
		t.Error(body)
	}
}

// An address that cannot be read is not repeated: it may hold a password.
func TestAWrongAddressIsNotTold(t *testing.T) {
	for _, address := range []string{"redis://:swordfish@host:port", "redis://:swordfish@ho st/0", "http://:swordfish@x", "redis://:swordfish@x/first"} {
		if _, err := redisclient.FromEnv(env(address)); err == nil || strings.Contains(err.Error(), "swordfish") || !strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
