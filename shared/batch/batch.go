// Package batch is group commit: concurrent callers hand in items, one batch
// runs at a time, and what arrives meanwhile forms the next. One log segment,
// one bulk request or one transaction then serves many callers, and a lone
// caller waits for nobody.
package batch

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is the answer to items handed in after Close.
var ErrClosed = errors.New("batch: group is closed")

// ErrNotAnswered is the answer to an item that the run function left without
// one.
var ErrNotAnswered = errors.New("batch: item was not answered")

// Answer is what became of one item.
type Answer[R any] struct {
	Value R
	Err   error
}

// Call is one item of a batch, to be answered by the run function.
type Call[T, R any] struct {
	Item T

	owner    *Pending[T, R]
	at       int
	answered bool
}

// Answer gives the item's result to its caller at once; the batch need not be
// over. A second answer is ignored.
func (c *Call[T, R]) Answer(value R, err error) {
	if c.answered {
		return
	}
	c.answered = true
	c.owner.set(c.at, Answer[R]{value, err})
}

// Pending is a set of items that one caller handed in.
type Pending[T, R any] struct {
	mu      sync.Mutex
	answers []Answer[R]
	open    int
	done    chan struct{}
}

func (p *Pending[T, R]) set(at int, a Answer[R]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[at] = a
	if p.open--; p.open == 0 {
		close(p.done)
	}
}

// Wait returns the answers, in the order of the items. If ctx ends first, the
// items without an answer get its error; their batch goes on all the same.
func (p *Pending[T, R]) Wait(ctx context.Context) []Answer[R] {
	select {
	case <-p.done:
		return p.answers
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	answers := append([]Answer[R](nil), p.answers...)
	for i := range answers {
		if errors.Is(answers[i].Err, errOpen) {
			answers[i].Err = ctx.Err()
		}
	}
	return answers
}

// errOpen marks an item that has no answer yet.
var errOpen = errors.New("batch: open")

// Config bounds a batch. Zero values mean no bound.
type Config[T any] struct {
	MaxItems int
	MaxSize  int         // of the sum of Size over the items
	Size     func(T) int // required with MaxSize
}

// Group runs batches of items, one at a time. Use New.
type Group[T, R any] struct {
	config Config[T]
	run    func([]*Call[T, R])

	mu      sync.Mutex
	queue   []*Call[T, R]
	running bool
	closed  bool
	idle    sync.WaitGroup
}

// New makes a group. run gets each batch, in the order of arrival, and answers
// its calls; it has no context because a batch belongs to many callers.
func New[T, R any](c Config[T], run func([]*Call[T, R])) *Group[T, R] {
	return &Group[T, R]{config: c, run: run}
}

// Submit hands in items, which stay together in order, and returns at once.
func (g *Group[T, R]) Submit(items []T) *Pending[T, R] {
	p := &Pending[T, R]{answers: make([]Answer[R], len(items)), open: len(items), done: make(chan struct{})}
	if len(items) == 0 {
		close(p.done)
		return p
	}
	calls := make([]*Call[T, R], len(items))
	for i, item := range items {
		p.answers[i].Err = errOpen
		calls[i] = &Call[T, R]{Item: item, owner: p, at: i}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		for _, c := range calls {
			var none R
			c.Answer(none, ErrClosed)
		}
		return p
	}
	g.queue = append(g.queue, calls...)
	if !g.running {
		g.running = true
		g.idle.Go(g.work)
	}
	return p
}

// Do hands in one item and waits for its answer.
func (g *Group[T, R]) Do(ctx context.Context, item T) (R, error) {
	a := g.Submit([]T{item}).Wait(ctx)[0]
	return a.Value, a.Err
}

// Close answers what is queued, in batches as before, and waits for it.
func (g *Group[T, R]) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.idle.Wait()
}

// work runs batches until the queue is empty; Close waits for it.
func (g *Group[T, R]) work() {
	for {
		calls := g.next()
		if calls == nil {
			return
		}
		g.run(calls)
		for _, c := range calls {
			var none R
			c.Answer(none, ErrNotAnswered)
		}
	}
}

// next takes a batch off the queue, or ends the work if there is none.
func (g *Group[T, R]) next() []*Call[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.running = false
		return nil
	}
	n, size := 0, 0
	for n < len(g.queue) && (g.config.MaxItems == 0 || n < g.config.MaxItems) {
		if g.config.MaxSize > 0 {
			size += g.config.Size(g.queue[n].Item)
			if n > 0 && size > g.config.MaxSize {
				break
			}
		}
		n++
	}
	calls := g.queue[:n:n]
	g.queue = g.queue[n:]
	return calls
}
