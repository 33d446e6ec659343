package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lanes holds polled records until they are delivered. Records of one key go
// out one after the other; records of different keys go out together.
type lanes struct {
	mu     sync.Mutex
	queues map[string]*lane
	ready  []*lane // lanes with records that are not out, in the order of their oldest
	held   int     // records polled and not finished
	wake   chan struct{}
	room   chan struct{}
}

type lane struct {
	key     string
	records []*kgo.Record
	out     bool // a batch with its records is being delivered
}

func newLanes() *lanes {
	return &lanes{queues: map[string]*lane{}, wake: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// add queues polled records.
func (l *lanes) add(records []*kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		q, ok := l.queues[string(r.Key)]
		if !ok {
			q = &lane{key: string(r.Key)}
			l.queues[q.key] = q
		}
		q.records = append(q.records, r)
		if len(q.records) == 1 && !q.out {
			l.ready = append(l.ready, q)
		}
	}
	l.held += len(records)
	signal(l.wake)
}

// take waits for records and gives a batch of at most limit, with the lanes
// that it occupies. It returns nil when ctx ends.
func (l *lanes) take(ctx context.Context, limit int, linger time.Duration) ([]*kgo.Record, []*lane) {
	for {
		if batch, used := l.tryTake(limit, linger > 0); len(batch) > 0 {
			return batch, used
		}
		if linger > 0 {
			pause(ctx, linger)
			if batch, used := l.tryTake(limit, false); len(batch) > 0 {
				return batch, used
			}
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

func (l *lanes) tryTake(limit int, fullOnly bool) (batch []*kgo.Record, used []*lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if fullOnly {
		n := 0
		for _, q := range l.ready {
			n += len(q.records)
		}
		if n < limit {
			return nil, nil
		}
	}
	for len(l.ready) > 0 && len(batch) < limit {
		q := l.ready[0]
		l.ready = l.ready[1:]
		n := min(limit-len(batch), len(q.records))
		batch = append(batch, q.records[:n]...)
		q.records = q.records[n:]
		q.out = true
		used = append(used, q)
	}
	if len(l.ready) > 0 {
		signal(l.wake) // another deliverer may go on
	}
	return batch, used
}

// finish gives the lanes of a batch free.
func (l *lanes) finish(used []*lane, records int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range used {
		q.out = false
		if len(q.records) > 0 {
			l.ready = append(l.ready, q)
		} else {
			delete(l.queues, q.key)
		}
	}
	l.held -= records
	signal(l.wake)
	signal(l.room)
}

// waitForRoom waits until at most limit records are held.
func (l *lanes) waitForRoom(ctx context.Context, limit int) {
	for {
		l.mu.Lock()
		held := l.held
		l.mu.Unlock()
		if held <= limit {
			return
		}
		select {
		case <-l.room:
		case <-ctx.Done():
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
