package eventlog_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// counted counts the requests to the stores, per segment the design allows one
// PUT, one snapshot and one application.
type counted struct {
	eventlog.Objects
	eventlog.Index
	puts, gets, sql atomic.Int64
}

func (c *counted) Create(ctx context.Context, key string, body []byte) error {
	c.puts.Add(1)
	return c.Objects.Create(ctx, key, body)
}

func (c *counted) Get(ctx context.Context, key string) ([]byte, error) {
	c.gets.Add(1)
	return c.Objects.Get(ctx, key)
}

func (c *counted) Snapshot(ctx context.Context, chain int, q eventlog.Query) (eventlog.View, error) {
	c.sql.Add(1)
	return c.Index.Snapshot(ctx, chain, q)
}

func (c *counted) Apply(ctx context.Context, d eventlog.Delta) (bool, error) {
	c.sql.Add(1)
	return c.Index.Apply(ctx, d)
}

// BenchmarkAppend measures appends of one fact each, on one chain. "plain" is
// what group commit replaces: one PUT per event, nothing else.
func BenchmarkAppend(b *testing.B) {
	for _, store := range []struct {
		name string
		open func(testing.TB) (eventlog.Objects, eventlog.Index)
	}{
		{"memory", func(testing.TB) (eventlog.Objects, eventlog.Index) {
			return eventlogtest.NewObjects(), eventlogtest.NewIndex()
		}},
		{"S3+PostgreSQL", realStores},
	} {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", store.name, clients), func(b *testing.B) {
				objects, index := store.open(b)
				c := &counted{Objects: objects, Index: index}
				l := newLog(b, c, c)
				mustAppend(b, l, create("warm"))
				c.puts.Store(0)
				c.sql.Store(0)
				hammer(b, clients, func(n int64) {
					mustAppend(b, l, create("i"+strconv.FormatInt(n, 10)))
				})
				b.ReportMetric(float64(c.puts.Load())/float64(b.N), "PUT/event")
				b.ReportMetric(float64(c.sql.Load())/float64(c.puts.Load()), "SQL/segment")
			})
		}
	}
	b.Run("plain PUT/clients=64", func(b *testing.B) {
		objects, _ := realStores(b)
		e := create("plain").Event
		line, err := event.AppendLine(nil, &e)
		if err != nil {
			b.Fatal(err)
		}
		hammer(b, 64, func(n int64) {
			if err := objects.Create(b.Context(), fmt.Sprintf("log/v1/plain/%d", n), line); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// hammer runs b.N calls from some clients and reports the latencies.
func hammer(b *testing.B, clients int, call func(n int64)) {
	var next atomic.Int64
	var mu sync.Mutex
	var latencies []time.Duration
	var work sync.WaitGroup
	b.ResetTimer()
	for range clients {
		work.Go(func() {
			var mine []time.Duration
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				start := time.Now()
				call(n)
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, mine...)
		})
	}
	work.Wait()
	b.StopTimer()
	slices.Sort(latencies)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99-ms")
}
