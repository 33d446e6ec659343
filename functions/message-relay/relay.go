// Package messagerelay publishes the event log to Kafka and sweeps what
// deliveries left undone.
//
//	POST /             a timer's event: relay every chain, then sweep
//	POST /nudge?chain= something was appended to a chain: relay it
//	POST /dead-letter  the dead-letter sink of every trigger: keep the bytes
//
// Timers alone are enough; nudges make it fast.
package messagerelay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/sweep"
)

// limits of a request.
const (
	maxDeadLetter = 1 << 20
	workTimeout   = 30 * time.Second
)

// Deps is what the function needs.
type Deps struct {
	Log       *eventlog.Log
	Publisher eventlog.Publisher
	Registry  consume.Registry
	Sweep     *sweep.Sweep
	Forget    func(ctx context.Context, before time.Time) error // drops what is remembered for some days only
	Now       func() time.Time
	Logger    *slog.Logger
}

// Function is the HTTP handler of the message relay.
type Function struct {
	Deps
	mux         *http.ServeMux
	closeClient func() // nil if the publisher is the caller's

	mu        sync.Mutex
	busy      map[int]bool // a run holds the chain; true: look once more
	sweeping  bool
	forgotten time.Time // the day for which Forget has run
}

// New makes the function.
func New(d Deps) *Function {
	f := &Function{Deps: d, mux: http.NewServeMux(), busy: map[int]bool{}}
	f.mux.HandleFunc("POST /{$}", f.tick)
	f.mux.HandleFunc("POST /nudge", f.nudged)
	f.mux.HandleFunc("POST /dead-letter", f.deadLetter)
	return f
}

// ServeHTTP implements http.Handler.
func (f *Function) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// Close ends the connections that Open made.
func (f *Function) Close() {
	if f.closeClient != nil {
		f.closeClient()
	}
}

func (f *Function) nudged(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), workTimeout)
	defer cancel()
	meta, err := f.Log.Meta(ctx)
	if err != nil {
		f.answer(w, r, err)
		return
	}
	chain, err := strconv.Atoi(r.URL.Query().Get("chain"))
	if err != nil || chain < 0 || chain >= meta.Chains {
		http.Error(w, fmt.Sprintf("query parameter chain: a number from 0 to %d", meta.Chains-1), http.StatusBadRequest)
		return
	}
	f.answer(w, r, f.relay(ctx, chain))
}

// tick does everything that may be due. An error of one part does not keep the
// others from running.
func (f *Function) tick(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), workTimeout)
	defer cancel()
	meta, err := f.Log.Meta(ctx)
	if err != nil {
		f.answer(w, r, err)
		return
	}
	errs := make([]error, meta.Chains)
	var chains sync.WaitGroup
	for chain := range meta.Chains {
		chains.Go(func() { errs[chain] = f.relay(ctx, chain) })
	}
	chains.Wait()
	f.answer(w, r, errors.Join(append(errs, f.sweep(ctx), f.forget(ctx))...))
}

func (f *Function) answer(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		return
	}
	level := slog.LevelWarn
	if errors.Is(err, eventlog.ErrDamaged) || errors.Is(err, eventlog.ErrOtherLog) {
		level = slog.LevelError
	}
	f.Logger.Log(r.Context(), level, "relay", "error", err)
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// relay publishes one chain. If another call holds the chain, that one is told
// to look once more and this one is done: no nudge is lost.
func (f *Function) relay(ctx context.Context, chain int) error {
	f.mu.Lock()
	if _, held := f.busy[chain]; held {
		f.busy[chain] = true
		f.mu.Unlock()
		return nil
	}
	f.busy[chain] = false
	f.mu.Unlock()
	for {
		_, err := f.Log.Relay(ctx, chain, f.Publisher)
		f.mu.Lock()
		if again := f.busy[chain]; !again || err != nil {
			delete(f.busy, chain)
			f.mu.Unlock()
			return err
		}
		f.busy[chain] = false
		f.mu.Unlock()
	}
}

// sweep runs unless a sweep is under way.
func (f *Function) sweep(ctx context.Context) error {
	f.mu.Lock()
	if f.sweeping {
		f.mu.Unlock()
		return nil
	}
	f.sweeping = true
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.sweeping = false
		f.mu.Unlock()
	}()
	_, err := f.Sweep.Run(ctx)
	return err
}

// forget drops remembered ids once a day and process.
func (f *Function) forget(ctx context.Context) error {
	today := f.Now().UTC().Truncate(24 * time.Hour)
	f.mu.Lock()
	done := f.forgotten.Equal(today)
	f.mu.Unlock()
	if done {
		return nil
	}
	if err := f.Forget(ctx, today.Add(-eventlog.Remembered)); err != nil {
		return err
	}
	f.mu.Lock()
	f.forgotten = today
	f.mu.Unlock()
	return nil
}

// deadLetter keeps what a dispatcher gave up. The sweeps deliver the event
// again; the bytes are for the operator.
func (f *Function) deadLetter(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDeadLetter))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	letter := consume.DeadLetter{
		Handler: r.Header.Get("Ce-Knativeerrordest"), Received: f.Now().UTC(),
		Reason: "the dispatcher gave up, status " + r.Header.Get("Ce-Knativeerrorcode"), Headers: r.Header, Body: body,
	}
	if err := f.Registry.RecordRaw(r.Context(), letter); err != nil {
		f.answer(w, r, err)
		return
	}
	f.Logger.ErrorContext(r.Context(), "dead letter", "from", letter.Handler, "reason", letter.Reason, "event", r.Header.Get("Ce-Id"))
}
