package s3

import (
	"context"
	"fmt"
	"sync"
)

// pending knows the objects that have a name and are not durable yet. The zero value is ready.
type pending struct {
	mu    sync.Mutex
	names map[string]*pendingName
}

type pendingName struct {
	writers int
	done    chan struct{} // closed when the last writer ended
	err     error         // a failed sync; the name then stays
}

// begin says that name may appear from now on. It fails for a name whose sync failed before.
func (p *pending) begin(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.names[name]
	if n == nil {
		if p.names == nil {
			p.names = make(map[string]*pendingName)
		}
		n = &pendingName{done: make(chan struct{})}
		p.names[name] = n
	}
	if n.err != nil {
		return n.err
	}
	n.writers++
	return nil
}

// end says that one writer of name is through; err is the failure of its sync.
func (p *pending) end(name string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.names[name]
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("%s is not durable: %w: check the disk, then start the gateway again", name, err)
	}
	if n.writers--; n.writers > 0 {
		return
	}
	close(n.done)
	if n.err == nil {
		delete(p.names, name)
	}
}

// wait returns when name is durable, at once if nothing is pending.
func (p *pending) wait(ctx context.Context, name string) error {
	p.mu.Lock()
	n := p.names[name]
	p.mu.Unlock()
	if n == nil {
		return nil
	}
	select {
	case <-n.done:
		return n.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
