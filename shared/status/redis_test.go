package status_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/infra/real/realtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/redisclient"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
)

func board(t *testing.T, address, log string) *status.Redis {
	t.Helper()
	c, err := redisclient.FromEnv(func(string) string { return address })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &status.Redis{Client: c, LogID: func(context.Context) (string, error) { return log, nil }}
}

func logID(context.Context) (string, error) { return "log", nil }

func TestBoards(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		statustest.Suite(t, func(*testing.T) status.Board { return statustest.NewBoard() })
	})
	t.Run("redis", func(t *testing.T) {
		statustest.Suite(t, func(t *testing.T) status.Board { return board(t, miniredis.RunT(t).Addr(), "log") })
	})
	t.Run("real redis", func(t *testing.T) {
		if realtest.Redis(t) == "" {
			t.Skip("make test-real runs it")
		}
		statustest.Suite(t, func(t *testing.T) status.Board { return board(t, realtest.Redis(t), "log") })
	})
}

func TestLogsDoNotMix(t *testing.T) {
	server := miniredis.RunT(t)
	a, b := board(t, server.Addr(), "a"), board(t, server.Addr(), "b")
	if _, err := a.Put(t.Context(), []status.Record{statustest.Record("c", string(event.Completed), 0)}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.Get(t.Context(), "c"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	heard, ready := make(chan status.Record, 10), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, func() { close(ready) }, func(r status.Record) { heard <- r }) }()
	<-ready
	if err := a.Client.Publish(ctx, "command_updates:x", "no record").Err(); err != nil {
		t.Fatal(err)
	}
	for _, to := range []*status.Redis{a, b} {
		if _, err := to.Put(ctx, []status.Record{statustest.Record("d", string(event.Failed), 0)}); err != nil {
			t.Fatal(err)
		}
	}
	if r := <-heard; r.CommandID != "d" || len(heard) > 0 {
		t.Errorf("%+v and %d more", r, len(heard))
	}
	cancel()
	<-ended
}

func TestForgetDropsTheStatesOfOneLog(t *testing.T) {
	server := miniredis.RunT(t)
	a, b := board(t, server.Addr(), "a"), board(t, server.Addr(), "b")
	var records []status.Record
	for i := range 1200 {
		records = append(records, statustest.Record(event.ID(fmt.Sprint("c", i)), string(event.Completed), 0))
	}
	for _, of := range []*status.Redis{a, b} {
		if _, err := of.Put(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := a.Forget(t.Context()); n != 1200 || err != nil {
		t.Errorf("%d states, %v", n, err)
	}
	if _, ok, err := a.Get(t.Context(), "c7"); ok || err != nil {
		t.Errorf("a dropped state: %t, %v", ok, err)
	}
	if _, ok, err := b.Get(t.Context(), "c7"); !ok || err != nil {
		t.Errorf("a state of another log: %t, %v", ok, err)
	}
}

func TestStatesExpire(t *testing.T) {
	server := miniredis.RunT(t)
	b := board(t, server.Addr(), "log")
	b.TTL = time.Minute
	if _, err := b.Put(t.Context(), []status.Record{statustest.Record("c", string(event.Completed), 0)}); err != nil {
		t.Fatal(err)
	}
	server.FastForward(2 * time.Minute)
	if _, ok, err := b.Get(t.Context(), "c"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	for text, want := range map[string]time.Duration{"": 0, "0": 0, "60": time.Minute, "2000000": 7 * 24 * time.Hour} {
		if got, err := status.TTLFromEnv(func(string) string { return text }); got != want || err != nil {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"-1", "x", "1.5"} {
		if _, err := status.TTLFromEnv(func(string) string { return text }); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestWhatIsTooLargeIsNotKept(t *testing.T) {
	b := board(t, miniredis.RunT(t).Addr(), "log")
	r := statustest.Record("c", string(event.Completed), 0)
	r.Result["rows"] = strings.Repeat("x", 100_000)
	if news, err := b.Put(t.Context(), []status.Record{r}); err != nil || !news[0] {
		t.Fatalf("%v, %v", news, err)
	}
	if _, ok, err := b.Get(t.Context(), "c"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	// It is terminal all the same.
	if news, err := b.Put(t.Context(), []status.Record{statustest.Record("c", "PENDING", 0)}); err != nil || news[0] {
		t.Errorf("%v, %v", news, err)
	}
}

// A listener notices that Redis hangs or goes away.
func TestAListenerDoesNotTrustSilence(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	never := func() { t.Error("ready") }
	if err := board(t, silent.Addr().String(), "log").Listen(t.Context(), never, nil); err == nil {
		t.Error("a Redis that says nothing is listened to")
	}
	server := miniredis.RunT(t)
	ready := make(chan struct{})
	ended := make(chan error, 1)
	b := board(t, server.Addr(), "log")
	go func() { ended <- b.Listen(t.Context(), func() { close(ready) }, func(status.Record) {}) }()
	<-ready
	server.Close()
	if err := <-ended; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the end of Redis: %v", err)
	}
}
