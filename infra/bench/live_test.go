package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spiceharvester/infra/e2e/client"
)

// BenchmarkLiveStatus measures, while 64 clients write, how long after a command's
// outcome was decided (its event's time, so the append is part of it) a WebSocket that
// follows the user's commands has the news: announced by Redis, or, while it is away,
// found in the log.
func BenchmarkLiveStatus(b *testing.B) {
	for name, env := range map[string]map[string]string{"redis": nil, "log": {"REDIS_URL": "redis://127.0.0.1:1"}} {
		b.Run(name, func(b *testing.B) {
			_, api := startWith(b, env)
			const clients = 64
			ended := follow(b, api, "bench")
			var next atomic.Int64
			var work sync.WaitGroup
			b.ResetTimer()
			for range clients {
				work.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						r, err := api.Do(b.Context(), http.MethodPost, "/api/v1/databases/bench/instances/Item/create",
							map[string]any{"data": map[string]any{"item_id": fmt.Sprintf("live-%d", n)}}, client.Header("X-User-ID", "bench"))
						if err != nil || r.Status != http.StatusAccepted {
							b.Errorf("create: %v %v", r, err)
							return
						}
					}
				})
			}
			var delays []time.Duration
			for len(delays) < b.N && !b.Failed() {
				select {
				case d := <-ended:
					delays = append(delays, d)
				case <-time.After(time.Minute):
					b.Fatalf("news of %d of %d commands", len(delays), b.N)
				}
			}
			work.Wait()
			b.StopTimer()
			slices.Sort(delays)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "told/s")
			b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// follow gives the delays of the outcomes that a socket of a user hears of.
func follow(b *testing.B, api *client.Client, user string) <-chan time.Duration {
	b.Helper()
	conn, _, err := websocket.Dial(b.Context(), api.Base+"/api/v1/ws/commands?user_id="+user, &websocket.DialOptions{HTTPHeader: http.Header{"X-Admin-Token": {api.Token}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.CloseNow() })
	ended := make(chan time.Duration, 1<<20)
	greeted := make(chan struct{})
	go func() {
		for {
			_, raw, err := conn.Read(context.WithoutCancel(b.Context()))
			at := time.Now()
			if err != nil {
				return
			}
			var m struct {
				Type string
				Data struct {
					CompletedAt string `json:"completed_at"`
				}
			}
			if err := json.Unmarshal(raw, &m); err != nil {
				return
			}
			if m.Type == "connection_established" {
				close(greeted)
			}
			if since, err := time.Parse(time.RFC3339Nano, m.Data.CompletedAt); err == nil {
				ended <- at.Sub(since)
			}
		}
	}()
	<-greeted
	return ended
}
