// Package objectifyoutbox appends what mapping specs and objectify jobs have
// written to the outbox to the event log. A timer wakes it; a nudge makes it fast.
package objectifyoutbox

import (
	"net/http"

	"spiceharvester/shared/objectify"
	"spiceharvester/shared/outbox"
	"spiceharvester/shared/platform"
)

// Function is the worker.
type Function struct{ http.Handler }

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	return &Function{outbox.Handler(&outbox.Publisher{Name: objectify.Publisher, Pool: p.Pool, Log: p.Log, Now: p.Now, Logger: p.Logger})}, nil
}

// Close implements service.Function.
func (f *Function) Close() {}
