// Package live tells clients over WebSockets what becomes of commands.
//
//	hub.go     who waits for what; what happens reaches them from two sides
//	tail.go    the log itself: nothing is missed, alone it is a little slow
//	socket.go  one client: what it asked for, what it has not read yet
//	frames.go  the messages of both directions (bff-api 2.9)
//
// Redis announces states at once; the tail of the log brings those that Redis lost, and
// all of them while Redis is away. What comes twice or late is dropped by its rank.
package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/status"
)

// relisten is the pause before Redis is tried again.
const relisten = time.Second

// Config is what a hub needs.
type Config struct {
	Log    *eventlog.Log
	Board  status.Board // nil without Redis
	Status func(ctx context.Context, id event.ID) (command.Status, error)
	Limits Limits
	Logger *slog.Logger
}

// watcher is told what it waits for, and tells whether that was news. offer must not
// call the hub.
type watcher interface{ offer(r status.Record) bool }

// Hub knows who waits for what. It works only while somebody does.
type Hub struct {
	Config
	scribe status.Scribe
	heard  atomic.Bool   // announcements arrive
	wake   chan struct{} // the tail shall look now
	behind bool          // the tail could not read all; its own
	missed atomic.Bool   // the tail had news that nobody had announced

	mu      sync.Mutex
	ids     map[event.ID]map[watcher]bool
	users   map[string]map[watcher]bool
	sockets map[*socket]bool
	closed  bool
	stop    context.CancelFunc // nil while nobody waits
	started chan struct{}      // closed when the tail knows where it begins
	work    sync.WaitGroup     // the sources
	served  sync.WaitGroup     // the sockets
}

// NewHub makes a hub.
func NewHub(c Config) *Hub {
	return &Hub{
		Config: c, scribe: status.Scribe{Log: c.Log}, wake: make(chan struct{}, 1),
		ids: map[event.ID]map[watcher]bool{}, users: map[string]map[watcher]bool{}, sockets: map[*socket]bool{},
	}
}

// enter lets a socket in, unless there are too many, and starts the sources for the
// first one.
func (h *Hub) enter(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.sockets) >= h.Limits.Connections {
		return false
	}
	h.sockets[s] = true
	h.served.Add(1)
	if h.stop == nil {
		var ctx context.Context
		ctx, h.stop = context.WithCancel(context.Background())
		h.started = make(chan struct{})
		started := h.started
		h.work.Go(func() { h.tail(ctx, started) })
		if h.Board != nil {
			h.work.Go(func() { h.listen(ctx) })
		}
	}
	return true
}

// leave forgets a socket, and ends the sources with the last one.
func (h *Hub) leave(s *socket) {
	h.mu.Lock()
	for id, watchers := range h.ids {
		if delete(watchers, s); len(watchers) == 0 {
			delete(h.ids, id)
		}
	}
	if watchers := h.users[s.user]; watchers != nil {
		if delete(watchers, s); len(watchers) == 0 {
			delete(h.users, s.user)
		}
	}
	delete(h.sockets, s)
	if len(h.sockets) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
	h.mu.Unlock()
	h.served.Done()
}

func (h *Hub) watch(w watcher, id event.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[id] == nil {
		h.ids[id] = map[watcher]bool{}
	}
	h.ids[id][w] = true
}

func (h *Hub) unwatch(w watcher, id event.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if delete(h.ids[id], w); len(h.ids[id]) == 0 {
		delete(h.ids, id)
	}
}

func (h *Hub) watchUser(w watcher, user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users[user] == nil {
		h.users[user] = map[watcher]bool{}
	}
	h.users[user][w] = true
}

// current reads the state of a command once nothing that follows it can be missed. It
// tries until it succeeds or ctx ends; a command that is not known yet has none.
func (h *Hub) current(ctx context.Context, id event.ID) (command.Status, bool) {
	if !h.follows(ctx) {
		return command.Status{}, false
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		s, err := h.Status(ctx, id)
		if err == nil || !transient(err) {
			return s, err == nil
		}
		if !sleep(ctx, pause, nil) {
			return command.Status{}, false
		}
	}
}

// follows waits until the tail knows where it begins: what is appended after that is
// not missed. It reports false if ctx ended first.
func (h *Hub) follows(ctx context.Context) bool {
	h.mu.Lock()
	started := h.started
	h.mu.Unlock()
	select {
	case <-started:
		return true
	case <-ctx.Done():
		return false
	}
}

// interests reports whether anybody waits for a command or for what its actor does.
func (h *Hub) interests(id event.ID, user string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ids[id]) > 0 || len(h.users[user]) > 0
}

func (h *Hub) anyUsers() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.users) > 0
}

// tell offers a state to all who wait for it, and reports whether it was news to one.
func (h *Hub) tell(r status.Record) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.ids[r.CommandID] {
		news = w.offer(r) || news
	}
	if r.User == "" {
		return news
	}
	for w := range h.users[r.User] {
		if !h.ids[r.CommandID][w] {
			news = w.offer(r) || news
		}
	}
	return news
}

// listen hears what Redis announces. While it cannot, the tail is in a hurry.
func (h *Hub) listen(ctx context.Context) {
	for {
		err := h.Board.Listen(ctx, func() { h.hears(true) }, func(r status.Record) { h.tell(r) })
		if h.hears(false) && ctx.Err() == nil {
			h.Logger.WarnContext(ctx, "statuses are followed in the log: Redis is away", "error", err)
		}
		if !sleep(ctx, relisten, nil) {
			return
		}
	}
}

// hears notes whether announcements arrive, and did before. When that changes the tail
// looks at once: what happened meanwhile nobody announces.
func (h *Hub) hears(now bool) (before bool) {
	if before = h.heard.Swap(now); before != now {
		select {
		case h.wake <- struct{}{}:
		default:
		}
	}
	return before
}

// Close sends every client away and waits for the end of what the hub began.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for s := range h.sockets {
		go s.goAway()
	}
	h.mu.Unlock()
	h.served.Wait()
	h.work.Wait()
}

// sleep waits for a time, or until woken; false if ctx ended.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
		return false
	}
	return true
}
