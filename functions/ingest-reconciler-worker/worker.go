// Package ingestreconciler ends what broken uploads have left: versions that were
// committed and not registered, uploads that nobody goes on with, branches of the
// lake. A timer wakes it.
package ingestreconciler

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/shared/ingest"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/telemetry"
)

// Limits of a run.
const (
	limit      = 200 // ingests
	runTimeout = 30 * time.Second
)

// Function is the worker.
type Function struct {
	ingest *ingest.Service
	logger *slog.Logger
}

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	s, err := ingest.Open(p)
	if err != nil {
		return nil, err
	}
	return &Function{ingest: s, logger: p.Logger}, nil
}

// Close implements service.Function.
func (f *Function) Close() {}

// ServeHTTP makes one run for a POST and answers what it did.
func (f *Function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "the reconciler runs on POST", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), runTimeout)
	defer cancel()
	begin := time.Now()
	done, err := f.ingest.Reconcile(ctx, limit)
	count(done, err, time.Since(begin))
	if err != nil {
		f.logger.WarnContext(ctx, "ingest reconciler", "result", done, "error", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(done) // the dispatcher may be gone
}

// count adds a run to the metrics.
func count(done ingest.Reconciled, err error, took time.Duration) {
	telemetry.ReconcilerRuns.Inc()
	telemetry.ReconcilerPublished.Add(float64(done.Published))
	telemetry.ReconcilerAborted.Add(float64(done.Aborted))
	telemetry.ReconcilerCommitted.Add(float64(done.Committed))
	telemetry.ReconcilerSkipped.Add(float64(done.Skipped))
	if err != nil {
		telemetry.ReconcilerErrors.Add(float64(max(1, done.Failed)))
	}
	telemetry.ReconcilerDuration.Observe(took.Seconds())
}
