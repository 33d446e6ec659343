// Package objectifyworker turns rows of dataset versions into instances, in
// steps that fit a request. The event of a started job, a timer and a nudge all
// mean the same: do what is due.
package objectifyworker

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/core"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/platform"
)

const name = "objectify-worker"

// Limits of one request and of one process.
const (
	budget   = 20 * time.Second // of a step
	requests = 40 * time.Second // of a request; it begins no step after budget
	parallel = 2                // jobs at a time
)

// Function is the worker.
type Function struct {
	step   func(ctx context.Context, budget time.Duration) (found bool, err error)
	again  func() // tells this function that there is more
	ended  func() // tells the outbox
	slots  chan struct{}
	logger *slog.Logger
}

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	files, err := ingest.Open(p)
	if err != nil {
		return nil, err
	}
	c := core.Open(p, "/functions/"+name)
	runner := &objectify.Runner{
		Store: &objectify.Store{Pool: p.Pool, Now: p.Now}, Datasets: &datasets.Store{Pool: p.Pool, Now: p.Now}, Files: files.Repository,
		Classes: classes.NewReader(p.Log), Writes: c.Writes, Log: p.Log, Now: p.Now, Logger: p.Logger,
	}
	again, outbox := p.Nudger(name), p.Nudger(objectify.Publisher)
	return New(runner.Step, func() { again.Nudge(0) }, func() { outbox.Nudge(0) }, p.Logger), nil
}

// New makes the worker around the step of a job.
func New(step func(context.Context, time.Duration) (bool, error), again, ended func(), logger *slog.Logger) *Function {
	return &Function{step: step, again: again, ended: ended, slots: make(chan struct{}, parallel), logger: logger}
}

// Close implements service.Function; a step ends with its request.
func (f *Function) Close() {}

// ServeHTTP does steps until nothing is due or the time of a request is used up;
// then the function nudges itself, so that a job goes on where no timer comes
// soon. While enough requests are at work, another one has nothing to do.
func (f *Function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "the objectify worker works on POST", http.StatusMethodNotAllowed)
		return
	}
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	default:
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requests)
	defer cancel()
	for began := time.Now(); ; {
		found, err := f.step(ctx, budget)
		if found {
			f.ended()
		}
		if err != nil {
			f.logger.WarnContext(ctx, "objectify", "error", err)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		if !found {
			return
		}
		if time.Since(began) >= budget {
			f.again()
			return
		}
	}
}
