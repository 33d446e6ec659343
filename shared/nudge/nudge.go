// Package nudge tells a function that there is work. A nudge is a hint: losing
// one costs a timer period and nothing else, so nudges are sent in the
// background, coalesced and not repeated.
package nudge

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// timeout bounds one nudge: the function does the work before it answers.
const timeout = time.Minute

// Nudger nudges one function about chains of the log, or, with 0, about
// whatever it is there for. The zero of *Nudger does
// nothing, for processes that have nobody to nudge.
type Nudger struct {
	client *http.Client
	target string // URL of the function
	logger *slog.Logger

	mu     sync.Mutex
	chains map[int]*flight
	closed bool
	sends  sync.WaitGroup
	cancel context.CancelFunc
	ctx    context.Context
}

type flight struct{ again bool }

// New makes a Nudger that posts to <target>/nudge?chain=N.
func New(client *http.Client, target string, logger *slog.Logger) *Nudger {
	ctx, cancel := context.WithCancel(context.Background())
	return &Nudger{client: client, target: target, logger: logger, chains: map[int]*flight{}, ctx: ctx, cancel: cancel}
}

// Nudge tells that a chain has something new. It returns at once. Nudges that
// come while one is under way become a single one after it.
func (n *Nudger) Nudge(chain int) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	if f, busy := n.chains[chain]; busy {
		f.again = true
		return
	}
	n.chains[chain] = &flight{}
	n.sends.Go(func() { n.send(chain) })
}

func (n *Nudger) send(chain int) {
	for {
		n.post(chain)
		n.mu.Lock()
		f := n.chains[chain]
		if !f.again || n.closed {
			delete(n.chains, chain)
			n.mu.Unlock()
			return
		}
		f.again = false
		n.mu.Unlock()
	}
}

func (n *Nudger) post(chain int) {
	ctx, cancel := context.WithTimeout(n.ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.target+"/nudge?"+url.Values{"chain": {strconv.Itoa(chain)}}.Encode(), nil)
	if err != nil {
		n.logger.ErrorContext(ctx, "nudge", "error", err)
		return
	}
	resp, err := n.client.Do(req)
	if err != nil {
		n.logger.DebugContext(ctx, "nudge is lost; the timer will do", "target", n.target, "error", err)
		return
	}
	resp.Body.Close()
}

// Close ends the nudges under way and waits for them.
func (n *Nudger) Close() {
	if n == nil {
		return
	}
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.sends.Wait()
}
