// Package bench measures the whole local host through its HTTP API.
package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/infra/e2e/process"
)

// start runs a host and gives a client of its BFF, with a database and a class.
func start(b *testing.B) (*process.Host, *client.Client) {
	b.Helper()
	env := map[string]string{}
	if address := os.Getenv("PPROF_ADDRESS"); address != "" {
		env["PPROF_ADDRESS"] = address // the host serves its profiles there
	}
	return startWith(b, env)
}

// startWith runs a host with settings of its own.
func startWith(b *testing.B, env map[string]string) (*process.Host, *client.Client) {
	b.Helper()
	project, err := process.Project(b.Context(), ".")
	if err != nil {
		b.Fatal(err)
	}
	binary, err := process.Build(b.Context(), project, b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	// PostgreSQL's account must be able to enter the data folder.
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.Chmod(data, 0o711); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(data) })
	config := process.Config{Program: binary, Project: project, Data: filepath.Join(data, "data"), Env: env}
	endServers, err := config.UseRealServers(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { endServers() })
	host, err := process.Start(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { host.Stop() })
	api := client.New(host.URL("BFF_PORT"), host.Env["ADMIN_TOKEN"])
	api.HTTP.Transport.(*http.Transport).MaxIdleConnsPerHost = 128
	must(b, api, "/api/v1/databases", map[string]any{"name": "bench"}, client.Wait(10))
	must(b, api, "/api/v1/databases/bench/ontology", map[string]any{
		"id": "Item", "label": "Item", "properties": []map[string]any{
			{"name": "item_id", "type": "string", "label": "Id", "primary_key": true}, {"name": "price", "type": "decimal", "label": "Price"}, {"name": "note", "type": "string", "label": "Note"},
		},
	}, client.Wait(10))
	return host, api
}

func must(b *testing.B, api *client.Client, path string, body any, options ...client.Option) {
	b.Helper()
	r, err := api.Do(b.Context(), http.MethodPost, path, body, options...)
	if err != nil {
		b.Fatal(err)
	}
	if r.Status != http.StatusAccepted && r.Status != http.StatusOK {
		b.Fatalf("%s: %d %s", path, r.Status, r.Body)
	}
}

// BenchmarkCreate sends single creates. Reported are what was accepted (202) per
// second with its latencies, and the rate until the last of them was COMPLETED.
func BenchmarkCreate(b *testing.B) {
	host, api := start(b)
	round := 0
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			round++
			var next atomic.Int64
			var mu sync.Mutex
			var latencies []time.Duration
			var work sync.WaitGroup
			before := cpu(b, host)
			b.ResetTimer()
			for range clients {
				work.Go(func() {
					var mine []time.Duration
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						begin := time.Now()
						must(b, api, "/api/v1/databases/bench/instances/Item/create", map[string]any{
							"data": map[string]any{"item_id": fmt.Sprintf("%d-%d-%d", round, b.N, n), "price": n, "note": "ordinary text of an ordinary length"},
						})
						mine = append(mine, time.Since(begin))
					}
					mu.Lock()
					defer mu.Unlock()
					latencies = append(latencies, mine...)
				})
			}
			work.Wait()
			accepted := b.Elapsed()
			untilNoneIsOpen(b, host)
			b.StopTimer()
			spent := cpu(b, host) - before
			slices.Sort(latencies)
			b.ReportMetric(float64(b.N)/accepted.Seconds(), "accepted/s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "completed/s")
			b.ReportMetric(perThousand(spent, b.N), "cpu-ms/1000")
			b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

func untilNoneIsOpen(b *testing.B, host *process.Host) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), host.Env["POSTGRES_URL"])
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(b.Context()))
	for open := 1; open > 0; time.Sleep(2 * time.Millisecond) {
		if err := conn.QueryRow(b.Context(), `select count(*) from spice_event_log.open_commands`).Scan(&open); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBulk sends bulk creates of 1,000 rows, one after the other, until each
// has ended.
func BenchmarkBulk(b *testing.B) {
	host, api := start(b)
	const rows = 1000
	before := cpu(b, host)
	for n := 0; b.Loop(); n++ {
		instances := make([]map[string]any, rows)
		for i := range instances {
			instances[i] = map[string]any{"item_id": fmt.Sprintf("%d-%d", n, i), "price": i, "note": "ordinary text of an ordinary length"}
		}
		must(b, api, "/api/v1/databases/bench/instances/Item/bulk-create", map[string]any{"instances": instances}, client.Wait(60))
	}
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(perThousand(cpu(b, host)-before, b.N*rows), "cpu-ms/1000")
}
