// Package follow reads chains of the log in order for sinks whose unit of order
// is the chain: a graph, a lineage store. Where package consume keeps a watermark
// for each aggregate, a follower keeps one place for each chain, and the sink
// holds it: it moves the place together with what it writes, so a batch counts
// once, whoever else writes.
package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// ErrMoved means that another follower was faster: the sink's place is no longer
// where the batch begins. Nothing was written.
var ErrMoved = errors.New("follow: the sink's place has moved")

// Sink is what a follower writes into.
type Sink interface {
	// Place gives how far the sink got in a chain: the place behind the last
	// segment that it applied, the zero Head at the beginning.
	Place(ctx context.Context, chain int) (eventlog.Head, error)
	// Apply writes what events say and moves the place from one to another, both
	// or neither. The events are those of all segments between the two places, in
	// log order; there may be none. It returns ErrMoved if the place is not from.
	Apply(ctx context.Context, chain int, from, to eventlog.Head, events []event.Event) error
}

// Pauses after a failure, doubled each time. Wakes within a pause do nothing.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// Config holds what a Follower needs.
type Config struct {
	Name   string // for logs
	Log    *eventlog.Log
	Sink   Sink
	Events int           // a batch ends with the segment that reaches this number; default 500
	Limit  time.Duration // of one batch, default 30 s
	Linger time.Duration // how long a chain that is woken waits for more to come: batches become larger; default none
	Now    func() time.Time
	Logger *slog.Logger
}

// Follower brings a sink to the end of the log.
type Follower struct {
	Config

	ctx  context.Context
	stop context.CancelFunc
	runs sync.WaitGroup

	mu     sync.Mutex
	closed bool
	chains map[int]*chain
}

// chain is what a process knows about the reading of one chain.
type chain struct {
	busy, again bool
	failures    int
	notBefore   time.Time
}

// New makes a follower. Close ends it.
func New(c Config) *Follower {
	c.Events = cmp.Or(c.Events, 500)
	c.Limit = cmp.Or(c.Limit, 30*time.Second)
	ctx, stop := context.WithCancel(context.Background())
	return &Follower{Config: c, ctx: ctx, stop: stop, chains: map[int]*chain{}}
}

// Close cancels what is under way and waits for its end. A batch that was cut off
// is done again by the next follower.
func (f *Follower) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.stop()
	f.runs.Wait()
}

// Wake lets a chain be read in the background. It never waits.
func (f *Follower) Wake(number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	c := f.chains[number]
	if c == nil {
		c = &chain{}
		f.chains[number] = c
	}
	switch {
	case c.busy:
		c.again = true
	case f.Now().Before(c.notBefore):
	default:
		c.busy = true
		f.runs.Go(func() { f.run(number, c) })
	}
}

// WakeAll wakes every chain.
func (f *Follower) WakeAll(ctx context.Context) error {
	meta, err := f.Log.Meta(ctx)
	if err != nil {
		return err
	}
	for number := range meta.Chains {
		f.Wake(number)
	}
	return nil
}

// run reads a chain until nothing is left; who wakes it meanwhile makes it look
// once more.
func (f *Follower) run(number int, c *chain) {
	for {
		f.linger()
		f.mu.Lock()
		c.again = false // what woke it so far is seen now
		f.mu.Unlock()
		_, err := f.Follow(f.ctx, number)
		f.mu.Lock()
		if err != nil {
			c.failures++
			c.notBefore = f.Now().Add(min(longestPause, firstPause<<min(c.failures-1, 10)))
		} else {
			c.failures = 0
		}
		if err == nil && c.again && !f.closed {
			f.mu.Unlock()
			continue
		}
		c.busy, c.again = false, false
		f.mu.Unlock()
		if err != nil && f.ctx.Err() == nil {
			f.Logger.WarnContext(f.ctx, "a sink does not follow the log; it is tried again", "sink", f.Name, "chain", number, "error", err)
		}
		return
	}
}

func (f *Follower) linger() {
	if f.Linger == 0 {
		return
	}
	t := time.NewTimer(f.Linger)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.ctx.Done():
	}
}

// Follow brings the sink to the end of a chain, as the index of the log knows it,
// and reports how many events it applied.
func (f *Follower) Follow(ctx context.Context, number int) (applied int, err error) {
	for {
		n, more, err := f.step(ctx, number)
		applied += n
		if err != nil && !errors.Is(err, ErrMoved) {
			return applied, fmt.Errorf("follow %s: chain %d: %w", f.Name, number, err)
		}
		if err == nil && !more {
			return applied, nil
		}
		if ctx.Err() != nil {
			return applied, ctx.Err()
		}
	}
}

// step applies one batch; more reports that the chain was longer when it began.
func (f *Follower) step(ctx context.Context, number int) (applied int, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, f.Limit)
	defer cancel()
	from, err := f.Sink.Place(ctx, number)
	if err != nil {
		return 0, false, err
	}
	head, err := f.Log.Head(ctx, number)
	if err != nil {
		return 0, false, err
	}
	to := from
	var events []event.Event
	if from.Next < head.Next {
		for seg, err := range f.Log.Tail(ctx, number, from) {
			if err != nil {
				return 0, false, err
			}
			events, to = append(events, seg.Events...), seg.After()
			if len(events) >= f.Events || to.Next >= head.Next {
				break
			}
		}
	}
	if to.Next == from.Next {
		return 0, false, nil
	}
	if err := f.Sink.Apply(ctx, number, from, to, events); err != nil {
		return 0, false, err
	}
	return len(events), to.Next < head.Next, nil
}

// Lag tells how many segments of a chain the sink has yet to apply.
func (f *Follower) Lag(ctx context.Context, number int) (int64, error) {
	place, err := f.Sink.Place(ctx, number)
	if err != nil {
		return 0, err
	}
	head, err := f.Log.Head(ctx, number)
	if err != nil {
		return 0, err
	}
	return max(0, int64(head.Next)-int64(place.Next)), nil
}
