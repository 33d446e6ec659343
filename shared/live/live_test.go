package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/live"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

var limits = live.Limits{Connections: 3, Subscriptions: 4, Pending: 50, Missed: 5, Ping: time.Hour, Write: patience, Look: 10 * time.Millisecond}

// stage is a hub behind HTTP; the query tells who connects.
type stage struct {
	*writestest.World
	hub    *live.Hub
	server *httptest.Server
	tasks  *table
}

func newStage(t *testing.T, board status.Board, l live.Limits) *stage {
	w := writestest.New(t)
	s := &stage{World: w, tasks: newTable()}
	c := live.Config{
		Log: w.Log, Board: board, Status: w.Commands.Status, Tasks: s.tasks, Limits: l, Now: w.Now, Logger: slog.New(slog.DiscardHandler),
		Task: func(t *tasks.Task, lang problem.Lang) any {
			return map[string]any{"status": t.Status, "current": t.Progress.Current, "lang": lang}
		},
	}
	if board != nil {
		c.Heard = s.tasks
	}
	s.hub = live.NewHub(c)
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		c := live.Client{ID: "me", User: q.Get("user"), Command: event.ID(q.Get("command")), Lang: problem.English}
		if text := q.Get("since"); text != "" {
			var err error
			if c.Since, err = time.Parse(time.RFC3339Nano, text); err != nil {
				panic(err)
			}
		}
		if p := s.hub.Serve(w, r, c); p != nil {
			w.WriteHeader(p.Status)
		}
	}))
	t.Cleanup(func() {
		s.hub.Close()
		s.server.Close()
	})
	return s
}

// submit accepts a command of a user.
func (s *stage) submit(user string) event.ID {
	s.T.Helper()
	id, err := command.NewID("", "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	a, err := s.Writes.CreateDatabase(s.T.Context(), writes.Caller{Actor: user}, writes.DatabaseFact{Database: "d" + string(id)[24:]})
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

func (s *stage) end(id event.ID, outcome event.Outcome, actor string) {
	s.T.Helper()
	row, _, err := s.Log.Command(s.T.Context(), id)
	if err != nil {
		s.T.Fatal(err)
	}
	_, err = s.Log.Append(s.T.Context(), eventlog.Entry{Event: event.Event{
		ID: event.DomainID(id, "END", "x"), Type: "END", Source: "/test", Time: s.Now(), Kind: event.Domain, Aggregate: row.Aggregate,
		Database: row.Database, Command: id, Outcome: outcome, Actor: actor, Data: []byte(`{"result":{"n":1.50}}`),
	}})
	if err != nil {
		s.T.Fatal(err)
	}
}

// record gives the state of a command as a board has it.
func (s *stage) record(id event.ID, user string) status.Record {
	s.T.Helper()
	return status.Record{Status: s.Status(id), User: user}
}

// socket is a client.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *stage) dial(t *testing.T, query string) *socket {
	t.Helper()
	c, _ := s.greeted(t, query)
	return c
}

// greeted opens a socket and gives the greeting too.
func (s *stage) greeted(t *testing.T, query string) (*socket, map[string]any) {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), s.server.URL+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	c := &socket{t, conn}
	m := c.next()
	if m["type"] != "connection_established" || m["client_id"] != "me" || m["message"] == "" {
		t.Fatalf("greeted with %v", m)
	}
	return c, m
}

func (c *socket) read() (map[string]any, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(data, &m)
}

func (c *socket) next() map[string]any {
	c.t.Helper()
	m, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *socket) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// update waits for the next news, shown as "id STATE".
func (c *socket) update() string {
	c.t.Helper()
	m := c.next()
	data, _ := m["data"].(map[string]any)
	if m["type"] != "command_update" || data["command_id"] != m["command_id"] || m["timestamp"] == "" {
		c.t.Fatalf("no update: %v", m)
	}
	return fmt.Sprint(m["command_id"], " ", data["status"])
}

func (c *socket) want(id event.ID, states ...string) {
	c.t.Helper()
	for _, state := range states {
		if got := c.update(); got != string(id)+" "+state {
			c.t.Fatalf("got %s, want %s %s", got, id, state)
		}
	}
}

// nothingMore checks that nothing waits: the answer to a ping comes next.
func (c *socket) nothingMore() {
	c.t.Helper()
	c.say(`{"type":"ping","timestamp":"now 1.50"}`)
	if m := c.next(); m["type"] != "pong" || m["timestamp"] != "now 1.50" {
		c.t.Errorf("something more: %v", m)
	}
}

func TestWhatWasMissedIsTold(t *testing.T) {
	for name, board := range map[string]status.Board{"with a board": statustest.NewBoard(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, board, limits)
			id := s.submit("ada")
			c := s.dial(t, "command="+string(id))
			c.want(id, "PENDING")
			c.conn.CloseNow() // the connection breaks
			s.end(id, event.Completed, "")
			c = s.dial(t, "command="+string(id))
			c.want(id, "COMPLETED")
			c.nothingMore()
			c = s.dial(t, "command=00000000-0000-4000-8000-000000000000") // nobody knows it
			c.nothingMore()
		})
	}
}

func TestTheLogAloneIsEnough(t *testing.T) {
	s := newStage(t, nil, limits)
	id := s.submit("ada")
	c := s.dial(t, "command="+string(id))
	c.want(id, "PENDING")
	s.end(id, event.Completed, "")
	c.want(id, "COMPLETED")
	c.nothingMore()
}

// A state that a board announces comes at once; late ones and what the log repeats do
// not come again.
func TestOnlyForward(t *testing.T) {
	board := statustest.NewBoard()
	s := newStage(t, announceAll{board}, limits)
	id := s.submit("ada")
	pending := s.record(id, "ada")
	c := s.dial(t, "command="+string(id))
	c.want(id, "PENDING")
	for board.Listeners() == 0 {
		time.Sleep(time.Millisecond)
	}
	working, retrying := pending, pending
	working.Result, retrying.Result = map[string]any{}, map[string]any{}
	working.Move(command.Processing, 0, nil)
	retrying.Move(command.Retrying, 1, nil)
	put := func(r status.Record) {
		t.Helper()
		if _, err := board.Put(t.Context(), []status.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	put(retrying)
	c.want(id, "RETRYING")
	put(working)
	put(pending)
	put(retrying)
	s.end(id, event.Failed, "")
	put(s.record(id, "ada"))
	c.want(id, "FAILED")
	put(working)
	for range 2 { // the log is looked through meanwhile
		other := s.submit("ada")
		c.say(`{"type":"subscribe","command_id":"` + string(other) + `"}`)
		if m := c.next(); m["success"] != true {
			t.Fatal(m)
		}
		c.want(other, "PENDING")
		s.end(other, event.Completed, "")
		c.want(other, "COMPLETED")
	}
	c.nothingMore()
}

// announceAll is a board that announces what is no news as well.
type announceAll struct{ *statustest.Board }

func (b announceAll) Listen(ctx context.Context, ready func(), hear func(status.Record)) error {
	return b.Board.Listen(ctx, ready, func(r status.Record) { hear(r); hear(r) })
}

func TestTheCommandsOfAUser(t *testing.T) {
	for name, board := range map[string]*statustest.Board{"with a board": statustest.NewBoard(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			var b status.Board
			if board != nil {
				b = board
			}
			s := newStage(t, b, limits)
			first := s.submit("ada")
			c := s.dial(t, "user=ada")
			c.want(first, "PENDING") // it was open before
			c.say(`{"type":"subscribe","command_id":"` + string(first) + `"}`)
			if m := c.next(); m["success"] != true {
				t.Fatal(m)
			}
			c.want(first, "PENDING")
			other, mine := s.submit("eve"), s.submit("ada")
			c.want(mine, "PENDING")
			s.end(other, event.Cancelled, "ada") // she did not submit it
			s.end(mine, event.Cancelled, "eve")  // it stays hers
			c.want(mine, "CANCELLED")
			c.nothingMore()
		})
	}
}

func TestMessages(t *testing.T) {
	s := newStage(t, nil, limits)
	a, b := s.submit("ada"), s.submit("ada")
	c := s.dial(t, "user=nobody")
	for _, step := range []struct{ say, want string }{
		{`{"type":"get_subscriptions"}`, `{"subscribed_commands":[],"type":"subscriptions"}`},
		{`{"type":"ping","timestamp":1.50}`, `{"timestamp":1.5,"type":"pong"}`},
		{`{"type":"ping"}`, `{"timestamp":null,"type":"pong"}`},
		{`{`, `{"message":"Invalid JSON format","type":"error"}`},
		{`[]`, `{"message":"Invalid JSON format","type":"error"}`},
		{`{"type":"shout"}`, `{"message":"Unknown message type: shout","type":"error"}`},
		{`{"type":"subscribe"}`, `{"message":"command_id is required for subscription","type":"error"}`},
		{`{"type":"unsubscribe","command_id":7}`, `{"message":"command_id is required for unsubscription","type":"error"}`},
		{`{"type":"subscribe","command_id":"x"}`, `{"action":"subscribe","command_id":"x","message":"command_id is not a UUID","success":false,"type":"subscription_result"}`},
		{`{"type":"unsubscribe","command_id":"` + string(a) + `"}`, `{"action":"unsubscribe","command_id":"` + string(a) + `","success":false,"type":"subscription_result"}`},
		{`{"type":"subscribe","command_id":"` + strings.ToUpper(string(a)) + `"}`, `{"action":"subscribe","command_id":"` + strings.ToUpper(string(a)) + `","success":true,"type":"subscription_result"}`},
	} {
		c.say(step.say)
		got, err := json.Marshal(c.next())
		if err != nil || string(got) != step.want {
			t.Errorf("%s: %s, want %s", step.say, got, step.want)
		}
	}
	c.want(a, "PENDING")
	c.say(`{"type":"get_subscriptions"}`)
	if m := c.next(); fmt.Sprint(m["subscribed_commands"]) != fmt.Sprint([]event.ID{a}) {
		t.Errorf("%v", m)
	}
	c.say(`{"type":"unsubscribe","command_id":"` + string(a) + `"}`)
	if m := c.next(); m["success"] != true || m["action"] != "unsubscribe" {
		t.Errorf("%v", m)
	}
	c.say(`{"type":"subscribe","command_id":"` + string(b) + `"}`)
	if m := c.next(); m["success"] != true {
		t.Errorf("%v", m)
	}
	c.want(b, "PENDING")
	s.end(a, event.Completed, "")
	s.end(b, event.Completed, "")
	c.want(b, "COMPLETED") // and nothing about a
	c.nothingMore()
	c.say(`{"type":"subscribe","command_id":"` + string(b) + `"}`) // again: its state is told again
	if m := c.next(); m["success"] != true {
		t.Errorf("%v", m)
	}
	c.want(b, "COMPLETED")
}

func TestLimits(t *testing.T) {
	s := newStage(t, nil, limits)
	c := s.dial(t, "user=ada")
	for i := range 6 {
		c.say(fmt.Sprintf(`{"type":"subscribe","command_id":"00000000-0000-4000-8000-00000000000%d"}`, i))
		if m := c.next(); m["success"] != (i < 4) {
			t.Errorf("subscription %d: %v", i, m)
		}
	}
	s.dial(t, "user=ada")
	s.dial(t, "user=ada")
	_, resp, err := websocket.Dial(t.Context(), s.server.URL, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %v", err)
	}
	c.say(`{"type":"` + strings.Repeat("x", 5000) + `"}`)
	if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a large message: %v", err)
	}
	// A place is free again.
	for end := time.Now().Add(patience); ; {
		conn, _, err := websocket.Dial(t.Context(), s.server.URL, nil)
		if err == nil {
			conn.CloseNow()
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func TestAClientThatNeverReadsIsCutOff(t *testing.T) {
	for name, l := range map[string]live.Limits{
		"it does not answer pings":      {Connections: 1, Subscriptions: 1, Pending: 1000, Ping: 10 * time.Millisecond, Write: 50 * time.Millisecond},
		"too much waits to be read":     {Connections: 1, Subscriptions: 1, Pending: 20, Ping: time.Hour, Write: time.Hour},
		"one message takes too long":    {Connections: 1, Subscriptions: 1, Pending: 1 << 20, Ping: time.Hour, Write: 50 * time.Millisecond},
		"too many answers are not read": {Connections: 1, Subscriptions: 1, Pending: 1000, Ping: time.Hour, Write: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			board := statustest.NewBoard()
			s := newStage(t, board, l)
			lazy := s.dial(t, "user=ada") // reads the greeting and nothing else
			filler := strings.Repeat("x", 60_000)
			for i := 0; ; i++ {
				r := statustest.Record(event.ID(fmt.Sprint("c", i)), "PENDING", 0)
				r.Result["filler"] = filler
				if _, err := board.Put(t.Context(), []status.Record{r}); err != nil {
					t.Fatal(err)
				}
				if name == "too many answers are not read" {
					lazy.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"ping","timestamp":"`+filler[:4000]+`"}`))
				}
				conn, _, err := websocket.Dial(t.Context(), s.server.URL, nil)
				if err == nil { // the only place is free: the lazy one is gone
					conn.CloseNow()
					return
				}
			}
		})
	}
}

func TestClose(t *testing.T) {
	s := newStage(t, statustest.NewBoard(), limits)
	c := s.dial(t, "user=ada")
	var closing sync.WaitGroup
	closing.Go(s.hub.Close)
	_, err := c.read()
	var e websocket.CloseError
	if !errors.As(err, &e) || e.Code != websocket.StatusGoingAway {
		t.Errorf("sent away with %v", err)
	}
	closing.Wait()
	if _, resp, err := websocket.Dial(t.Context(), s.server.URL, nil); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %v", err)
	}
}

// A board that comes and goes loses nothing: the log has it all.
func TestABoardThatComesAndGoes(t *testing.T) {
	board := &flaky{Board: statustest.NewBoard(), away: make(chan struct{})}
	s := newStage(t, board, limits)
	id := s.submit("ada")
	c := s.dial(t, "command="+string(id))
	c.want(id, "PENDING")
	close(board.away)
	s.end(id, event.Completed, "")
	c.want(id, "COMPLETED")
	c.nothingMore()
}

type flaky struct {
	*statustest.Board
	away chan struct{}
}

func (f *flaky) Listen(ctx context.Context, ready func(), hear func(status.Record)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-f.away:
			cancel()
		case <-ctx.Done():
		}
	}()
	return f.Board.Listen(ctx, ready, hear)
}
