package telemetry

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeTimeout bounds the look-ups of one scrape; what does not answer is absent.
const scrapeTimeout = 2 * time.Second

// Source sets gauges when somebody asks for them.
type Source func(ctx context.Context) error

var sources = struct {
	mu   sync.Mutex
	list map[string]Source
}{list: map[string]Source{}}

// SetSource adds a source, or replaces the one of that name. The function that
// it returns takes it away.
func SetSource(name string, s Source) (remove func()) {
	sources.mu.Lock()
	defer sources.mu.Unlock()
	sources.list[name] = s
	return func() {
		sources.mu.Lock()
		defer sources.mu.Unlock()
		delete(sources.list, name)
	}
}

// collect runs the sources, one scrape at a time.
func collect(ctx context.Context) {
	sources.mu.Lock()
	defer sources.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	for name, source := range sources.list {
		if err := source(ctx); err != nil {
			SourceErrors.WithLabelValues(name).Inc()
		}
	}
}

var scrape = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})

// Metrics answers the metrics of the process, in Prometheus' text format.
func Metrics(w http.ResponseWriter, r *http.Request) {
	collect(r.Context())
	scrape.ServeHTTP(w, r)
}

// started is when this process began, as near as it can tell itself.
var started = time.Now()

// Serving records that a function serves now: its cold start is over.
func (s *Scope) Serving() { ColdStart.WithLabelValues(s.Service).Set(time.Since(started).Seconds()) }
