package eventlog_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// requests counts those for segments.
type requests struct {
	eventlog.Objects
	creates, gets atomic.Int64
}

func (c *requests) Create(ctx context.Context, key string, body []byte) error {
	if !strings.HasSuffix(key, "log.json") {
		c.creates.Add(1)
	}
	return c.Objects.Create(ctx, key, body)
}

func (c *requests) Get(ctx context.Context, key string) ([]byte, error) {
	if !strings.HasSuffix(key, "log.json") {
		c.gets.Add(1)
	}
	return c.Objects.Get(ctx, key)
}

type nowhere struct{}

func (nowhere) Publish(context.Context, []event.Event) error { return nil }

// TestASegmentCostsTwoRequests: the PUT, and the relay's look behind it. The
// followers of the process that wrote it need none.
func TestASegmentCostsTwoRequests(t *testing.T) {
	store := &requests{Objects: eventlogtest.NewObjects()}
	open := func(writer string) *eventlog.Log {
		log := eventlog.New(eventlog.Config{Objects: store, Index: eventlogtest.NewIndex(), Writer: writer, Chains: 1, NewID: func() string { return "log" }})
		t.Cleanup(log.Close)
		return log
	}
	log := open("w")
	if _, err := log.Relay(t.Context(), 0, nowhere{}); err != nil {
		t.Fatal(err)
	}
	const segments = 20
	store.gets.Store(0)
	for n := range segments {
		id := string(rune('a' + n))
		if _, err := log.Append(t.Context(), eventlog.Entry{Event: event.Event{
			ID: event.ID(id), Type: "CREATE_INSTANCE_REQUESTED", Source: "/test", Time: time.Unix(1, 0), Kind: event.Command, Aggregate: event.Aggregate{Type: "Instance", ID: id},
		}}); err != nil {
			t.Fatal(err)
		}
		if published, err := log.Relay(t.Context(), 0, nowhere{}); err != nil || published != 1 {
			t.Fatal(published, err)
		}
	}
	if n := store.creates.Load() + store.gets.Load(); n > 2*segments {
		t.Errorf("%d requests for %d segments", n, segments)
	}

	read := func(log *eventlog.Log) (ids string) {
		head, err := log.Head(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for seg, err := range log.Tail(t.Context(), 0, eventlog.Head{}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range seg.Events {
				ids += string(e.ID)
			}
			if seg.After() == head {
				break
			}
		}
		return ids
	}
	store.gets.Store(0)
	if ids := read(log); ids != "abcdefghijklmnopqrst" || store.gets.Load() != 0 {
		t.Errorf("the writer's process reads %q with %d requests", ids, store.gets.Load())
	}
	other := open("other")
	if err := other.CatchUp(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		store.gets.Store(0)
		if ids := read(other); ids != "abcdefghijklmnopqrst" {
			t.Errorf("another process reads %q", ids)
		}
	}
	if n := store.gets.Load(); n != 0 {
		t.Errorf("read again with %d requests", n)
	}
}
