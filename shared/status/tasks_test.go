package status_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/shared/status"
)

// Changes of tasks are heard in their own installation, however many at once.
func TestTaskNews(t *testing.T) {
	server := miniredis.RunT(t)
	a, b := board(t, server.Addr(), "a"), board(t, server.Addr(), "b")
	heard, ready, ended := make(chan string, 1000), make(chan bool, 2), make(chan error, 2)
	ctx, cancel := context.WithCancel(t.Context())
	for name, r := range map[string]*status.Redis{"a": a, "b": b} {
		go func() { ended <- r.ListenTasks(ctx, func() { ready <- true }, func() { heard <- name }) }()
	}
	<-ready
	<-ready
	news := status.NewTaskNews(a, slog.New(slog.DiscardHandler))
	for range 100 {
		news.Changed()
	}
	if who := <-heard; who != "a" {
		t.Errorf("heard by %s", who)
	}
	news.Close()
	news.Changed() // after the end nothing happens
	if err := b.AnnounceTasks(ctx); err != nil {
		t.Fatal(err)
	}
	for who := range heard {
		if who == "b" {
			break
		}
	}
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	var none *status.TaskNews // without Redis
	none.Changed()
	none.Close()
}

// A Redis that is away keeps nobody waiting.
func TestTaskNewsWithoutRedis(t *testing.T) {
	news := status.NewTaskNews(board(t, "127.0.0.1:1", "a"), slog.New(slog.DiscardHandler))
	for range 100 {
		news.Changed()
	}
	news.Close()
}
