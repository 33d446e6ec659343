// Package live tells clients over WebSockets what becomes of commands and tasks.
//
//	hub.go     who waits for what; what happens reaches them from two sides
//	tail.go    the log itself: nothing is missed, alone it is a little slow
//	missed.go  what stands already when somebody begins to wait
//	tasks.go   background tasks, from their table
//	socket.go  one client: what it asked for, what it has not read yet
//	news.go    what of commands and tasks is news to a client
//	recent.go  what is remembered of the last ones
//	frames.go  the messages of both directions (bff-api 2.9)
//
// Redis announces states at once; the tail of the log brings those that Redis lost, and
// all of them while Redis is away. What comes twice or late is dropped by its rank. Of
// tasks Redis tells only that some have changed; how is read from the table, which is also
// looked at without that.
package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/tasks"
)

// relisten is the pause before Redis is tried again.
const relisten = time.Second

// Config is what a hub needs.
type Config struct {
	Log    *eventlog.Log
	Board  status.Board // nil without Redis
	Status func(ctx context.Context, id event.ID) (command.Status, error)
	Tasks  Tasks
	Heard  TaskListener                               // nil without Redis
	Task   func(t *tasks.Task, lang problem.Lang) any // a task as clients read it
	Limits Limits
	Now    func() time.Time
	Logger *slog.Logger
}

// Tasks is what a hub asks about background tasks; see tasks.Service.
type Tasks interface {
	Get(ctx context.Context, id uuid.UUID) (tasks.Task, error)
	Changes(ctx context.Context, after time.Time, actors []string, ids []uuid.UUID) (list []tasks.Change, now time.Time, err error)
	Recent(ctx context.Context, actor string, since time.Time, limit int) ([]tasks.Task, error)
}

// TaskListener hears that tasks have changed; see status.Redis.
type TaskListener interface {
	ListenTasks(ctx context.Context, ready, changed func()) error
}

// watcher is told what it waits for, and tells whether that was news. The methods must
// not call the hub.
type watcher interface {
	offer(r status.Record) bool
	offerTask(t *tasks.Task)
}

// Hub knows who waits for what. It works only while somebody does.
type Hub struct {
	Config
	scribe status.Scribe
	heard  atomic.Bool   // announcements arrive
	wake   chan struct{} // the tail shall look now
	behind bool          // the tail could not read all; its own
	missed atomic.Bool   // the tail had news that nobody had announced

	tasksHeard  atomic.Bool   // changes of tasks are announced
	tasksWake   chan struct{} // the tasks shall be looked at now
	tasksBehind bool          // they could not; the looker's own

	mu      sync.Mutex
	ids     map[event.ID]map[watcher]bool
	users   map[string]map[watcher]bool
	sockets map[*socket]bool
	closed  bool
	stop    context.CancelFunc // nil while nobody waits
	started chan struct{}      // closed when the tail knows where it begins
	tasked  chan struct{}      // closed when it is known since when tasks are looked at
	touched map[event.ID]bool  // bulk commands whose tasks are to be looked at
	work    sync.WaitGroup     // the sources
	served  sync.WaitGroup     // the sockets
}

// NewHub makes a hub.
func NewHub(c Config) *Hub {
	return &Hub{
		Config: c, scribe: status.Scribe{Log: c.Log}, wake: make(chan struct{}, 1), tasksWake: make(chan struct{}, 1), touched: map[event.ID]bool{},
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
		h.started, h.tasked = make(chan struct{}), make(chan struct{})
		started, tasked := h.started, h.tasked
		h.work.Go(func() { h.tail(ctx, started) })
		h.work.Go(func() { h.followTasks(ctx, tasked) })
		if h.Board != nil {
			h.work.Go(func() { h.listen(ctx) })
		}
		if h.Heard != nil {
			h.work.Go(func() { h.listenTasks(ctx) })
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
	if r.User != "" {
		for w := range h.users[r.User] {
			if !h.ids[r.CommandID][w] {
				news = w.offer(r) || news
			}
		}
	}
	if name, _ := r.Result["command_type"].(string); news && tasks.IsBulk(name) {
		h.touched[r.CommandID] = true
		poke(h.tasksWake)
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
		poke(h.wake)
	}
	return before
}

// poke wakes who waits on a channel with a place for one, or will.
func poke(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
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
