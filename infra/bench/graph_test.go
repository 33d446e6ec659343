package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/infra/demo"
	"spiceharvester/infra/e2e/client"
)

const readers = 4 // clients that read at the same time

// measure sends b.N requests from four clients and reports requests per second
// and latencies.
func measure(b *testing.B, api *client.Client, method string, request func(*rand.Rand) (path string, body any)) {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var latencies []time.Duration
	var work sync.WaitGroup
	b.ResetTimer()
	for reader := range readers {
		work.Go(func() {
			random := rand.New(rand.NewPCG(uint64(reader), 7))
			var mine []time.Duration
			for next.Add(1) <= int64(b.N) {
				path, body := request(random)
				begin := time.Now()
				ask(b, api, method, path, body)
				mine = append(mine, time.Since(begin))
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, mine...)
		})
	}
	work.Wait()
	b.StopTimer()
	slices.Sort(latencies)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99-ms")
}

type object = map[string]any

// routes are hops between the demo's airports.
var routes = []object{
	{"predicate": "origin", "target_class": "Route", "direction": "reverse"}, {"predicate": "destination", "target_class": "Airport"},
	{"predicate": "origin", "target_class": "Route", "direction": "reverse"},
}

// BenchmarkGraph asks for what is one, two and three hops away from an airport of
// the demo, with documents and paths as by default and with all of the answer's
// bounds used, and reads the same data as lists, instances and searches.
func BenchmarkGraph(b *testing.B) {
	_, api := start(b)
	if err := demo.Run(b.Context(), demo.Options{BaseURL: api.Base, Token: api.Token, Out: io.Discard}); err != nil {
		b.Fatal(err)
	}
	airports := starts(b, api)
	query := func(hops int, more object) func(*rand.Rand) (string, any) {
		return func(random *rand.Rand) (string, any) {
			body := object{"start_class": "Airport", "filters": object{"iata": airports[random.IntN(len(airports))]}, "hops": routes[:hops], "include_paths": true}
			for name, v := range more {
				body[name] = v
			}
			return "/api/v1/graph-query/demo", body
		}
	}
	for hops := 1; hops <= 3; hops++ {
		b.Run(fmt.Sprintf("demo/hops=%d", hops), func(b *testing.B) { measure(b, api, http.MethodPost, query(hops, nil)) })
	}
	b.Run("demo/hops=3/limit=1000", func(b *testing.B) {
		measure(b, api, http.MethodPost, query(3, object{"limit": 1000, "max_nodes": 2000, "max_edges": 5000, "max_paths": 1000}))
	})
	b.Run("demo/list", func(b *testing.B) {
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/demo/class/Route/instances?limit=20&offset=" + strconv.Itoa(random.IntN(5000)), nil
		})
	})
	b.Run("demo/get", func(b *testing.B) {
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/demo/class/Airport/instance/" + airports[random.IntN(len(airports))], nil
		})
	})
	b.Run("demo/search", func(b *testing.B) {
		words := []string{"Chicago", "International", "Municipal", "AK", "San", "Field"}
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/demo/class/Airport/instances?limit=20&search=" + words[random.IntN(len(words))], nil
		})
	})
	b.Run("demo/query", func(b *testing.B) {
		measure(b, api, http.MethodPost, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/demo/query", object{
				"class_id": "Route", "filters": []object{{"field": "flights", "operator": ">=", "value": random.IntN(1000)}}, "order_by": "flights", "order_direction": "desc", "limit": 20,
			}
		})
	})
}

// starts lists the airports that routes begin at.
func starts(b *testing.B, api *client.Client) []string {
	b.Helper()
	var ids []string
	seen := map[string]bool{}
	for offset := 0; offset < 5000; offset += 1000 {
		r := ask(b, api, http.MethodGet, "/api/v1/databases/demo/class/Route/instances?limit=1000&offset="+strconv.Itoa(offset), nil)
		rows, _ := r.Get("instances").([]any)
		for i := range rows {
			if id := r.Text("instances", i, "data", "from"); id != "" && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// nodes is the size of the synthetic graph.
const nodes = 100_000

// BenchmarkGraphOf100000 asks the same of a graph of 100,000 nodes with three
// links each, towards random older ones, and the other way round.
func BenchmarkGraphOf100000(b *testing.B) {
	_, api := start(b)
	must(b, api, "/api/v1/databases/bench/ontology", object{
		"id": "Node", "label": "Node", "properties": []object{{"name": "node_id", "type": "string", "label": "Id", "primary_key": true}, {"name": "weight", "type": "integer", "label": "Weight"}},
		"relationships": []object{{"predicate": "to", "target": "Node", "label": "To", "cardinality": "n:m"}},
	}, client.Wait(10))
	random := rand.New(rand.NewPCG(1, 2))
	position := ""
	for from := 0; from < nodes; from += 1000 {
		rows := make([]object, 1000)
		for i := range rows {
			n := from + i
			rows[i] = object{"node_id": strconv.Itoa(n), "weight": random.IntN(1000)}
			if n > 0 {
				rows[i]["to"] = []string{"Node/" + strconv.Itoa(random.IntN(n)), "Node/" + strconv.Itoa(random.IntN(n)), "Node/" + strconv.Itoa(n-1)}
			}
		}
		r := ask(b, api, http.MethodPost, "/api/v1/databases/bench/instances/Node/bulk-create", object{"instances": rows}, client.Wait(60))
		if r.Text("status") != "COMPLETED" {
			b.Fatalf("%s", r)
		}
		position = r.Text("result", "position")
	}
	settled(b, api, "/api/v1/databases/bench/class/Node/instances?limit=1&min_position="+position)
	for _, direction := range []string{"forward", "reverse"} {
		hops := slices.Repeat([]object{{"predicate": "to", "target_class": "Node", "direction": direction}}, 3)
		for n := 1; n <= len(hops); n++ {
			b.Run(fmt.Sprintf("%s/hops=%d", direction, n), func(b *testing.B) {
				measure(b, api, http.MethodPost, func(random *rand.Rand) (string, any) {
					return "/api/v1/graph-query/bench", object{"start_class": "Node", "filters": object{"node_id": strconv.Itoa(random.IntN(nodes))}, "hops": hops[:n], "include_paths": true}
				})
			})
		}
	}
	b.Run("without filters", func(b *testing.B) {
		measure(b, api, http.MethodPost, func(random *rand.Rand) (string, any) {
			return "/api/v1/graph-query/bench", object{"start_class": "Node", "hops": []object{{"predicate": "to", "target_class": "Node"}}, "offset": random.IntN(1000)}
		})
	})
	b.Run("list", func(b *testing.B) {
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/bench/class/Node/instances?limit=20&offset=" + strconv.Itoa(random.IntN(5000)), nil
		})
	})
	b.Run("get", func(b *testing.B) {
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/bench/class/Node/instance/" + strconv.Itoa(random.IntN(nodes)), nil
		})
	})
	b.Run("search", func(b *testing.B) {
		measure(b, api, http.MethodGet, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/bench/class/Node/instances?limit=20&search=" + strconv.Itoa(random.IntN(1000)), nil
		})
	})
	b.Run("query", func(b *testing.B) {
		measure(b, api, http.MethodPost, func(random *rand.Rand) (string, any) {
			return "/api/v1/databases/bench/query", object{
				"class_id": "Node", "filters": []object{{"field": "weight", "operator": "eq", "value": random.IntN(1000)}}, "order_by": "node_id", "limit": 20,
			}
		})
	})
}

// settled waits until a read sees what was written.
func settled(b *testing.B, api *client.Client, path string) {
	b.Helper()
	for end := time.Now().Add(5 * time.Minute); ; {
		r, err := api.Do(context.WithoutCancel(b.Context()), http.MethodGet, path, nil)
		if err != nil {
			b.Fatal(err)
		}
		if r.Status == http.StatusOK {
			return
		}
		if r.Text("code") != "READ_BEHIND" || time.Now().After(end) {
			b.Fatalf("%s: %s", path, r)
		}
	}
}
