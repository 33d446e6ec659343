package graphprojection_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graphprojection"
)

// BenchmarkProjection projects instances of 8 properties and 2 links. The figures
// are of the stand-in, if no other server is in the environment; what carries over
// is how many facts one commit serves.
func BenchmarkProjection(b *testing.B) {
	const facts = 3000
	for _, batch := range []int{1, 20, 150} {
		b.Run(fmt.Sprint(batch, " facts a commit"), func(b *testing.B) {
			var took time.Duration
			commits := 0
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b)
				w.sink = w.newSink(func(c *graphprojection.Config) { c.Facts = batch })
				n := facts
				if batch == 1 {
					n = facts / 10
				}
				w.fill(n)
				w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
					if strings.HasPrefix(r.URL.Path, "/api/woql") {
						commits++
					}
					return send()
				})
				b.StartTimer()
				begin := time.Now()
				w.mustFollow()
				took += time.Since(begin) * time.Duration(facts/n)
			}
			b.ReportMetric(float64(facts*b.N)/took.Seconds(), "documents/s")
			b.ReportMetric(float64(commits)/took.Seconds(), "commits/s")
		})
	}
}

// fill appends instances, in groups as bulk commands do.
func (w *world) fill(n int) {
	w.t.Helper()
	w.database("shop", event.Creates)
	w.append(w.instance("shop", "Owner", "o", event.Creates, nil))
	for from := 0; from < n; from += 300 {
		var list []eventlog.Entry
		for i := from; i < min(n, from+300); i++ {
			data := map[string]any{"key": fmt.Sprint(i), "price": i, "flag": true, "at": "2024-01-01T00:00:00Z", "note": strings.Repeat("words ", 10), "n": 1, "m": 2, "cat": "c"}
			list = append(list, w.instance("shop", "Item", fmt.Sprint(i), event.Creates, data, [3]string{"owner", "Owner", "o"}, [3]string{"previous", "Item", fmt.Sprint(max(0, i-1))}))
		}
		w.append(list...)
	}
}
