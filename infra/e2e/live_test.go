package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/coder/websocket"
	"github.com/google/uuid"

	"spiceharvester/infra/e2e/client"
)

// socket is a WebSocket to the BFF.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

func (w *world) dial(t *testing.T, path string, header ...string) (*socket, *http.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, resp, err := websocket.Dial(t.Context(), w.bff.Base+"/api/v1/ws/commands"+path, &websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		return nil, resp, err
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return &socket{t, conn}, resp, nil
}

// follow opens a socket that must be taken.
func (w *world) follow(t *testing.T, path string) *socket {
	t.Helper()
	s, _, err := w.dial(t, path, "X-Admin-Token", w.bff.Token)
	if err != nil {
		t.Fatal(err)
	}
	if m := s.next(); m["type"] != "connection_established" {
		t.Fatalf("greeted with %v", m)
	}
	return s
}

func (s *socket) next() object {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), waitSeconds*time.Second)
	defer cancel()
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		var m object
		if err := json.Unmarshal(data, &m); err != nil {
			s.t.Fatalf("%v in %s", err, data)
		}
		if m["type"] != "ping" {
			return m
		}
	}
}

func (s *socket) say(m object) {
	s.t.Helper()
	raw, err := json.Marshal(m)
	if err == nil {
		err = s.conn.Write(s.t.Context(), websocket.MessageText, raw)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// rank orders the states.
var rank = map[string]int{"PENDING": 1, "PROCESSING": 2, "RETRYING": 2, "COMPLETED": 3, "FAILED": 3, "CANCELLED": 3}

// until reads the states of a command, which only move forward, up to its outcome.
func (s *socket) until(id string) object {
	s.t.Helper()
	last := 0
	for {
		m := s.next()
		if m["type"] != "command_update" || m["command_id"] != id {
			s.t.Fatalf("unexpected %v", m)
		}
		data := m["data"].(object)
		state := data["status"].(string)
		if rank[state] < last || rank[state] == 0 {
			s.t.Fatalf("%s after rank %d", state, last)
		}
		if last = rank[state]; last == 3 {
			return data
		}
	}
}

func createProduct(t *testing.T, w *world, db, id string, options ...client.Option) string {
	t.Helper()
	return w.asBFF(t).call(202, "POST", instances(db, "Product")+"/create", object{"data": object{"product_id": id}}, options...).Command()
}

func TestLiveStatus(t *testing.T) {
	w := sharedWorld(t)
	db := w.database(t)
	product(w.asBFF(t), db)
	t.Run("the token", func(t *testing.T) {
		id := uuid.NewString()
		for name, c := range map[string]struct {
			path   string
			header []string
			status int
			code   int
		}{
			"none":             {"/" + id, nil, 403, 4401},
			"wrong":            {"/" + id + "?token=wrong", nil, 403, 4403},
			"a bad client id":  {"/" + id + "?client_id=a.b&token=" + w.bff.Token, nil, 403, 4000},
			"no user":          {"?token=" + w.bff.Token, nil, 403, 4000},
			"in the query":     {"/" + id + "?token=" + w.bff.Token, nil, 101, 0},
			"in the header":    {"/" + id, []string{"X-Admin-Token", w.bff.Token}, 101, 0},
			"as bearer":        {"?user_id=ada", []string{"Authorization", "Bearer " + w.bff.Token}, 101, 0},
			"of a page (any)":  {"/" + id + "?token=" + w.bff.Token, []string{"Origin", "https://page.example"}, 101, 0},
			"of the same host": {"/" + id + "?token=" + w.bff.Token, []string{"Origin", w.bff.Base}, 101, 0},
		} {
			_, resp, err := w.dial(t, c.path, c.header...)
			if resp == nil || resp.StatusCode != c.status || (err == nil) != (c.status == 101) {
				t.Errorf("%s: %v, %v", name, resp, err)
				continue
			}
			if c.code == 0 {
				continue
			}
			if r := w.asBFF(t).call(403, "GET", "/api/v1/ws/commands"+c.path, nil, client.Anonymous); r.Text("context", "close_code") != fmt.Sprint(c.code) {
				t.Errorf("%s: %s", name, r)
			}
		}
	})
	t.Run("one command", func(t *testing.T) {
		id := createProduct(t, w, db, "one")
		data := w.follow(t, "/"+id).until(id)
		if data["status"] != "COMPLETED" || data["result"].(object)["command_type"] != "CREATE_INSTANCE" {
			t.Errorf("%v", data)
		}
		// It ended before: a client that comes back hears it all the same.
		again := w.follow(t, "/"+strings.ToUpper(id)).until(id)
		status := w.asBFF(t).call(200, "GET", "/api/v1/commands/"+id+"/status", nil)
		if fmt.Sprint(again["result"]) != fmt.Sprint(status.Get("result")) || again["completed_at"] != status.Get("completed_at") {
			t.Errorf("the socket says %v, the API %s", again, status)
		}
	})
	t.Run("subscriptions", func(t *testing.T) {
		s := w.follow(t, "?user_id=nobody")
		id := createProduct(t, w, db, "two")
		s.say(object{"type": "subscribe", "command_id": id})
		if m := s.next(); m["type"] != "subscription_result" || m["success"] != true || m["action"] != "subscribe" {
			t.Fatal(m)
		}
		s.until(id)
		s.say(object{"type": "get_subscriptions"})
		if m := s.next(); fmt.Sprint(m["subscribed_commands"]) != "["+id+"]" {
			t.Error(m)
		}
		s.say(object{"type": "unsubscribe", "command_id": id})
		if m := s.next(); m["success"] != true {
			t.Error(m)
		}
		s.say(object{"type": "ping", "timestamp": "x"})
		if m := s.next(); m["type"] != "pong" || m["timestamp"] != "x" {
			t.Error(m)
		}
	})
	t.Run("the commands of a user", func(t *testing.T) {
		user := "u-" + uuid.NewString()[:8]
		s := w.follow(t, "?user_id="+user)
		createProduct(t, w, db, "of another")
		s.until(createProduct(t, w, db, "three", client.Header("X-User-ID", user)))
		// A user named in the query is one too (bff-api 2.8).
		r := w.asBFF(t).call(202, "POST", instances(db, "Product")+"/create?user_id="+user, object{"data": object{"product_id": "four"}})
		s.until(r.Command())
	})
}

// proxy stands before a server and can go away and come back.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	hung  bool
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.cut()
	})
	return p
}

func (p *proxy) serve(c net.Conn) {
	p.mu.Lock()
	p.conns[c] = true
	hung := p.hung
	p.mu.Unlock()
	if hung {
		return // it is taken and hears nothing
	}
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		c.Close()
		return
	}
	p.mu.Lock()
	p.conns[s] = true
	p.mu.Unlock()
	go func() { p.copy(s, c); s.Close() }()
	p.copy(c, s)
	c.Close()
}

func (p *proxy) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		hung := p.hung
		p.mu.Unlock()
		if err != nil {
			return
		}
		if !hung {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

func (p *proxy) hang(on bool) {
	p.mu.Lock()
	p.hung = on
	p.mu.Unlock()
	if !on {
		p.cut() // what was swallowed is lost
	}
}

// Redis may be away from the start, go away, hang and come back: writes, their status
// and sockets go on.
func TestLiveStatusWithoutRedis(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "REDIS_URL", "redis://127.0.0.1:1", "WEBSOCKET_PING_SECONDS", "1", "WEBSOCKET_WRITE_SECONDS", "1", "WEBSOCKET_MAX_CONNECTIONS", "3")
	db := w.database(t)
	product(w.asBFF(t), db)
	id := createProduct(t, w, db, "one")
	w.follow(t, "/"+id).until(id)
	s := w.follow(t, "?user_id=ada")
	s.until(createProduct(t, w, db, "two", client.Header("X-User-ID", "ada")))
	w.asBFF(t).call(200, "GET", "/api/v1/commands/"+id+"/status", nil)

	// The places of clients that never answer are given to others.
	var silent []*websocket.Conn
	for range 2 {
		c, _, err := w.dial(t, "?user_id=x", "X-Admin-Token", w.bff.Token)
		if err != nil {
			continue // the first socket may hold the last place for a moment
		}
		silent = append(silent, c.conn)
	}
	eventually(t, waitSeconds*time.Second, func() string {
		c, _, err := w.dial(t, "?user_id=x", "X-Admin-Token", w.bff.Token)
		if err != nil {
			return fmt.Sprintf("a place, %d silent clients hold them: %v", len(silent), err)
		}
		c.conn.CloseNow()
		return ""
	})
}

func TestRedisThatHangsAndComesBack(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	p := newProxy(t, redis.Addr())
	w := ownWorld(t, "REDIS_URL", "redis://"+p.listener.Addr().String())
	db := w.database(t)
	product(w.asBFF(t), db)
	s := w.follow(t, "?user_id=ada")
	write := func(id string) {
		t.Helper()
		command := createProduct(t, w, db, id, client.Header("X-User-ID", "ada"))
		s.until(command)
		w.follow(t, "/"+command).until(command)
		eventually(t, waitSeconds*time.Second, func() string {
			r := w.asBFF(t).call(200, "GET", "/api/v1/commands/"+command+"/status", nil)
			if r.Text("status") != "COMPLETED" {
				return r.String()
			}
			return ""
		})
	}
	write("with")
	eventually(t, waitSeconds*time.Second, func() string {
		if len(redis.Keys()) == 0 {
			return "a state in Redis"
		}
		return ""
	})
	p.hang(true)
	write("hung")
	write("hung still")
	p.hang(false)
	write("back")
	redis.FlushAll()
	write("emptied")
	p.listener.Close()
	p.cut()
	write("away")
}
