// Package datasetoutbox appends what ingests have written to the outbox to the
// event log. A timer wakes it; a nudge makes it fast.
package datasetoutbox

import (
	"net/http"

	"spiceharvester/shared/outbox"
	"spiceharvester/shared/platform"
)

const name = "dataset-ingest-outbox-worker"

// Function is the worker.
type Function struct{ http.Handler }

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	return &Function{outbox.Handler(&outbox.Publisher{Name: name, Pool: p.Pool, Log: p.Log, Now: p.Now, Logger: p.Logger})}, nil
}

// Close implements service.Function.
func (f *Function) Close() {}
