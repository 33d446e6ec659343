package ingestreconciler

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/ingest"
	"spiceharvester/shared/telemetry"
)

func TestRunsAreCounted(t *testing.T) {
	count(ingest.Reconciled{Published: 2, Aborted: 3, Committed: 4, Tidied: 7, Skipped: 5, Failed: 6}, errors.New("six"), 20*time.Millisecond)
	count(ingest.Reconciled{}, errors.New("the registry is away"), time.Second)
	count(ingest.Reconciled{}, nil, time.Second)
	w := httptest.NewRecorder()
	telemetry.Metrics(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, line := range []string{"runs_total 3", "published_total 2", "aborted_total 3", "committed_tx_total 4", "skipped_total 5", "errors_total 7", `duration_seconds_bucket{le="0.025"} 1`} {
		if !strings.Contains(w.Body.String(), "\ningest_reconciler_"+line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
}
