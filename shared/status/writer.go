package status

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/redisclient"
)

// Limits of a writer.
const (
	maxQueued  = 20_000 // states that wait; more are dropped
	maxTake    = 512    // states that are looked at together
	maxPut     = 64     // states in one exchange
	afterError = time.Second
	closeLimit = 500 * time.Millisecond
)

// Writer writes states to a board in the background. Those who hand in never wait:
// what the board cannot take in time is dropped and counted. The zero of *Writer does
// nothing, for processes without a board.
type Writer struct {
	board  Board
	scribe *Scribe
	logger *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	queue   []func(context.Context) (Record, bool, error)
	running bool
	closed  bool
	idle    sync.WaitGroup
	pause   time.Time // the board failed: until then everything is dropped
	written int64
	dropped int64
}

// NewWriter makes a writer.
func NewWriter(board Board, log *eventlog.Log, logger *slog.Logger) *Writer {
	ctx, cancel := context.WithCancel(context.Background())
	return &Writer{board: board, scribe: &Scribe{Log: log}, logger: logger, ctx: ctx, cancel: cancel}
}

// Events hands in what the log has taken.
func (w *Writer) Events(events []event.Event) {
	if w == nil {
		return
	}
	list := make([]func(context.Context) (Record, bool, error), 0, len(events))
	for i := range events {
		if e := &events[i]; e.Kind == event.Command || e.Outcome != "" {
			list = append(list, func(ctx context.Context) (Record, bool, error) { return w.scribe.Record(ctx, e) })
		}
	}
	w.add(list)
}

func (w *Writer) records(records []Record) {
	list := make([]func(context.Context) (Record, bool, error), len(records))
	for i := range records {
		list[i] = func(context.Context) (Record, bool, error) { return records[i], true, nil }
	}
	w.add(list)
}

// Reporting makes an executor tell that it has taken up commands, and which it will try
// again.
func (w *Writer) Reporting(execute consume.Executor) consume.Executor {
	if w == nil {
		return execute
	}
	return func(ctx context.Context, commands []event.Event) []error {
		records := make([]Record, len(commands))
		for i := range commands {
			records[i] = w.scribe.Working(&commands[i])
		}
		w.records(records)
		errs := execute(ctx, commands)
		records = nil
		for i, err := range errs {
			if err != nil && !consume.IsPermanent(err) {
				records = append(records, w.scribe.Failing(&commands[i], err))
			}
		}
		w.records(records)
		return errs
	}
}

// Dropped counts the states that were not written.
func (w *Writer) Dropped() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

func (w *Writer) add(list []func(context.Context) (Record, bool, error)) {
	if len(list) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || time.Now().Before(w.pause) {
		w.dropped += int64(len(list))
		return
	}
	room := min(len(list), maxQueued-len(w.queue))
	w.queue = append(w.queue, list[:room]...)
	w.dropped += int64(len(list) - room)
	if !w.running && len(w.queue) > 0 {
		w.running = true
		w.idle.Go(w.work)
	}
}

// work writes until the queue is empty.
func (w *Writer) work() {
	for {
		w.mu.Lock()
		n := min(len(w.queue), maxTake)
		if n == 0 {
			w.queue, w.running = nil, false
			w.mu.Unlock()
			return
		}
		list := w.queue[:n:n]
		w.queue = w.queue[n:]
		w.mu.Unlock()
		w.put(list)
	}
}

func (w *Writer) put(list []func(context.Context) (Record, bool, error)) {
	ctx, cancel := context.WithTimeout(w.ctx, 2*redisclient.Timeout)
	defer cancel()
	var records []Record
	var failed error
	at := map[event.ID]int{}
	for _, state := range list {
		r, ok, err := state(ctx)
		if !ok {
			failed = cmp.Or(failed, err)
			continue
		}
		if i, seen := at[r.CommandID]; !seen {
			at[r.CommandID] = len(records)
			records = append(records, r)
		} else if r.Order() > records[i].Order() { // nobody waits for what is over
			records[i] = r
		}
	}
	for part := range slices.Chunk(records, maxPut) {
		if _, err := w.board.Put(ctx, part); err != nil {
			w.fail(len(list), err)
			return
		}
	}
	w.mu.Lock()
	w.written += int64(len(records))
	w.mu.Unlock()
	if failed != nil {
		w.logger.DebugContext(ctx, "a command's status is not announced", "error", failed)
	}
}

// fail drops what was to be written, and what comes in the next moment.
func (w *Writer) fail(states int, err error) {
	w.mu.Lock()
	w.dropped += int64(states + len(w.queue))
	w.queue, w.pause = nil, time.Now().Add(afterError)
	dropped := w.dropped
	w.mu.Unlock()
	if w.ctx.Err() == nil {
		w.logger.Warn("statuses are not announced: Redis is away", "dropped", dropped, "error", err)
	}
}

// Close gives what is queued a moment.
func (w *Writer) Close() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	timer := time.AfterFunc(closeLimit, w.cancel)
	w.idle.Wait()
	timer.Stop()
	w.cancel()
}
