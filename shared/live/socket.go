package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
)

// Limits of the sockets of a process.
type Limits struct {
	Connections   int           // at once
	Subscriptions int           // of one connection
	Pending       int           // commands, and tasks, whose newest state one client has not read
	Missed        int           // commands of a user, and tasks, that a connection begins with; less than Pending
	Ping          time.Duration // how often a client must show that it lives
	Write         time.Duration // how long one message, or the answer to a ping, may take
	Look          time.Duration // how often the log is looked at although Redis announces
}

// LimitsFromEnv reads the WEBSOCKET_ variables.
func LimitsFromEnv(getenv func(string) string) (Limits, error) {
	var errs []error
	number := func(name string, otherwise int) int {
		text := strings.TrimSpace(getenv(name))
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			errs = append(errs, fmt.Errorf("%s is %q, not a positive number", name, text))
		}
		return n
	}
	l := Limits{
		Connections: number("WEBSOCKET_MAX_CONNECTIONS", 1000), Subscriptions: number("WEBSOCKET_MAX_SUBSCRIPTIONS", 100), Pending: number("WEBSOCKET_MAX_PENDING", 1000),
		Ping:  time.Duration(number("WEBSOCKET_PING_SECONDS", 20)) * time.Second,
		Write: time.Duration(number("WEBSOCKET_WRITE_SECONDS", 10)) * time.Second,
		Look:  500 * time.Millisecond,
	}
	l.Missed = min(number("WEBSOCKET_MAX_MISSED", 200), max(1, l.Pending/2))
	return l, errors.Join(errs...)
}

// maxMessage bounds a client's message, in bytes; replies to those that it does not read
// are bounded by their number.
const (
	maxMessage = 4 << 10
	maxReplies = 256
	farewell   = 2 * time.Second
)

// Client is who connects.
type Client struct {
	ID      string
	User    string    // its commands and tasks are followed; "" follows none
	Command event.ID  // followed from the start; "" is none
	Since   time.Time // up to when a user's client knows what happened; zero is not at all
	Lang    problem.Lang
}

// socket is one connection. Of each command and task only the newest state waits to be read, so
// that a slow client costs little; one that does not read at all is cut off.
type socket struct {
	Client
	hub  *Hub
	user string
	conn *websocket.Conn

	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // something is to be sent
	fresh  chan event.ID // subscriptions whose state is to be read

	mu      sync.Mutex
	greeted bool               // before that nothing is told
	ranks   map[event.ID]int64 // of subscriptions: the rank of what was offered last
	seen    recent[int64]      // the same of other commands of the user
	replies [][]byte
	queue   []event.ID // commands with a new state, in the order of their first
	newest  map[event.ID]status.Record
	tasks   taskQueue
}

var textSockets = problem.Define("live.too_many", "Too many WebSockets are open.", "열려 있는 WebSocket이 너무 많습니다.")

// Serve takes a connection over until one side ends it. The caller has checked who it is.
// An error is a problem, returned before anything was answered.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, c Client) *problem.Problem {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	kept := h.Limits.Pending
	s := &socket{
		Client: c, hub: h, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), fresh: make(chan event.ID, h.Limits.Subscriptions+1),
		ranks: map[event.ID]int64{}, seen: newRecent[int64](kept), newest: map[event.ID]status.Record{},
		tasks: newTaskQueue(h.Now(), kept),
	}
	if c.Command == "" {
		s.user = c.User
	}
	if !h.enter(s) {
		return problem.NewCode(problem.ServiceUnavailable, textSockets.With()).WithRetryAfter(5 * time.Second)
	}
	defer h.leave(s)
	// The caller has checked the origin; a token that no browser sends by itself does it too.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	s.accept(conn)
	defer conn.CloseNow()
	var work sync.WaitGroup
	work.Go(s.greet)
	work.Go(s.write)
	work.Go(s.ping)
	work.Go(s.read)
	work.Go(s.snapshots)
	work.Wait()
	return nil
}

func (s *socket) accept(conn *websocket.Conn) {
	conn.SetReadLimit(maxMessage)
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
}

// greet says that what happens from now on is told, and tells what a user's client has
// missed.
func (s *socket) greet() {
	hello := established{Type: "connection_established", ClientID: s.ID, CommandID: string(s.Command), UserID: s.user}
	if s.Command != "" {
		hello.Message = "Subscribed to command " + string(s.Command)
		s.welcome(hello)
		s.subscribe(s.Command)
		return
	}
	hello.Message = "Connected; commands and tasks of user " + s.user + " are followed"
	s.hub.watchUser(s, s.user)
	since := s.hub.since(s.Since)
	list, all, ok := s.hub.commandsOf(s.ctx, s.user, since)
	if !ok {
		return
	}
	hello.Since, hello.Truncated = problem.Timestamp(since), !all
	s.welcome(hello)
	s.tellMissed(list)
	begun, ok := s.hub.tasksOf(s.ctx, s.user, since)
	if !ok {
		return
	}
	for i := range begun {
		s.offerTask(&begun[i])
	}
}

// welcome is the first word to a client; what was offered meanwhile follows.
func (s *socket) welcome(hello established) {
	s.reply(hello)
	s.mu.Lock()
	s.greeted = true
	s.mu.Unlock()
	s.signal()
}

// parallelReads is how many states one client lets read at once.
const parallelReads = 8

// tellMissed offers the present states of commands, in their order.
func (s *socket) tellMissed(list []eventlog.CommandRow) {
	for part := range slices.Chunk(list, parallelReads) {
		records := make([]status.Record, len(part))
		var reads sync.WaitGroup
		for i := range part {
			reads.Go(func() {
				if again(s.ctx, func() (err error) {
					records[i].Status, err = s.hub.Status(s.ctx, part[i].ID)
					return err
				}) == nil {
					records[i].User = s.user
				}
			})
		}
		reads.Wait()
		for _, r := range records {
			if r.User != "" { // else it was forgotten meanwhile, or the client is gone
				s.offer(r)
			}
		}
	}
}

// read handles what the client says.
func (s *socket) read() {
	defer s.cancel()
	for {
		_, data, err := s.conn.Read(s.ctx)
		if err != nil {
			return
		}
		var m incoming
		if err := json.Unmarshal(data, &m); err != nil {
			s.reply(failure{"error", textNoJSON})
			continue
		}
		s.handle(&m)
	}
}

func (s *socket) handle(m *incoming) {
	switch m.Type {
	case "ping":
		var timestamp any
		if len(m.Timestamp) > 0 {
			timestamp = m.Timestamp
		}
		s.reply(beat{"pong", timestamp})
	case "pong":
	case "get_subscriptions":
		s.mu.Lock()
		list := slices.Sorted(maps.Keys(s.ranks))
		s.mu.Unlock()
		if list == nil {
			list = []event.ID{}
		}
		s.reply(subscriptions{"subscriptions", list})
	case "subscribe", "unsubscribe":
		text, _ := m.CommandID.(string)
		if text = strings.TrimSpace(text); text == "" {
			s.reply(failure{"error", map[string]string{"subscribe": textSubscribe, "unsubscribe": textUnsubscribe}[m.Type]})
			return
		}
		result := subscriptionResult{Type: "subscription_result", Action: m.Type, CommandID: text}
		if parsed, err := uuid.Parse(text); err != nil || len(text) != 36 {
			result.Message = textBadID
		} else if id := event.ID(parsed.String()); m.Type == "unsubscribe" {
			result.Success = s.unsubscribe(id)
		} else if result.Success = s.room(id); !result.Success {
			result.Message = textTooMany
		} else {
			s.reply(result)
			s.subscribe(id)
			return
		}
		s.reply(result)
	default:
		s.reply(failure{"error", textUnknownType + fmt.Sprintf("%.50s", m.Type)})
	}
}

// room reports whether another subscription is allowed.
func (s *socket) room(id event.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ranks[id]
	return ok || len(s.ranks) < s.hub.Limits.Subscriptions
}

// subscribe follows a command from its present state on. Subscribing again tells the
// state again.
func (s *socket) subscribe(id event.ID) {
	s.mu.Lock()
	rank, again := s.ranks[id]
	if !again {
		rank = s.seen.get(id, -1)
	}
	s.ranks[id] = rank - 1 // the state that was told last may be told once more
	s.mu.Unlock()
	s.hub.watch(s, id)
	select {
	case s.fresh <- id: // who subscribes faster than states are read waits
	case <-s.ctx.Done():
	}
}

func (s *socket) unsubscribe(id event.ID) bool {
	s.hub.unwatch(s, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	rank, ok := s.ranks[id]
	if ok {
		delete(s.ranks, id)
		s.seen.set(id, rank)
	}
	return ok
}

// snapshots reads the states that subscriptions begin with.
func (s *socket) snapshots() {
	for {
		select {
		case id := <-s.fresh:
			if st, ok := s.hub.current(s.ctx, id); ok {
				s.offer(status.Record{Status: st})
			}
			if t, ok := s.hub.currentTask(s.ctx, id); ok {
				s.offerTask(&t)
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// reply queues an answer.
func (s *socket) reply(message any) {
	raw := encode(message)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) >= maxReplies {
		s.cancel()
		return
	}
	s.replies = append(s.replies, raw)
	s.signal()
}

func (s *socket) signal() { poke(s.wake) }

// next takes what is to be sent, answers first.
func (s *socket) next() (replies [][]byte, records []status.Record, news []taskWord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	replies, s.replies = s.replies, nil
	if !s.greeted {
		return replies, nil, nil
	}
	for _, id := range s.queue {
		records = append(records, s.newest[id])
	}
	s.queue = nil
	clear(s.newest)
	return replies, records, s.tasks.take()
}

func encode(message any) []byte {
	raw, err := json.Marshal(message)
	if err != nil {
		raw = []byte(`{"type":"error","message":"Internal server error"}`)
	}
	return raw
}

func (s *socket) now() string { return problem.Timestamp(s.hub.Now()) }

// write sends until the socket ends.
func (s *socket) write() {
	defer s.cancel()
	for {
		select {
		case <-s.wake:
		case <-s.ctx.Done():
			return
		}
		replies, records, news := s.next()
		for _, r := range records {
			replies = append(replies, encode(update{"command_update", r.CommandID, s.now(), httpapi.LocalStatus(r.Status, s.Lang)}))
		}
		for _, n := range news {
			id := event.ID(n.task.ID.String())
			replies = append(replies, encode(taskUpdate{"task_update", s.now(), taskNews{n.event, id, s.hub.Task(n.task, s.Lang)}}))
		}
		for _, raw := range replies {
			ctx, cancel := context.WithTimeout(s.ctx, s.hub.Limits.Write)
			err := s.conn.Write(ctx, websocket.MessageText, raw)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

// ping ends the socket when the client does not answer any more.
func (s *socket) ping() {
	defer s.cancel()
	for sleep(s.ctx, s.hub.Limits.Ping, nil) {
		s.reply(beat{"ping", s.now()})
		ctx, cancel := context.WithTimeout(s.ctx, s.hub.Limits.Write)
		err := s.conn.Ping(ctx)
		cancel()
		if err != nil {
			return
		}
	}
}

// goAway tells the client that the server ends.
func (s *socket) goAway() {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		timer := time.AfterFunc(farewell, s.cancel)
		conn.Close(websocket.StatusGoingAway, "the server ends; connect again")
		timer.Stop()
	}
	s.cancel()
}
