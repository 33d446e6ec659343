package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/e2e/client"
)

const noRedis = "redis://127.0.0.1:1"

func TestWhatWasMissed(t *testing.T) {
	missed(t, sharedWorld(t))
}

func TestWhatWasMissedWithoutRedis(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "REDIS_URL", noRedis)
	user, left, ids := missed(t, w)
	again := func(when string) {
		t.Helper()
		s := w.follow(t, "?user_id="+user+"&since="+left)
		defer s.conn.CloseNow()
		s.untilAll(ids...)
		t.Log("told again", when)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	again("by other processes")
	w.rebuild(t, "index")
	again("by an index that was made again from the log")
}

// missed lets a user's client lose its connection and come back: it is told what ended
// meanwhile. It gives the user, the time of the last message before, and the commands.
func missed(t *testing.T, w *world) (user, left string, ids []string) {
	db := w.database(t)
	product(w.asBFF(t), db)
	user = "u-" + uuid.NewString()[:8]
	as := client.Header("X-User-ID", user)
	s := w.follow(t, "?user_id="+user)
	first := createProduct(t, w, db, "first", as)
	s.until(first)
	s.say(object{"type": "get_subscriptions"}) // following a user is no subscription
	if m := s.next(); fmt.Sprint(m["subscribed_commands"]) != "[]" {
		t.Error(m)
	}
	s.conn.CloseNow()
	left = url.QueryEscape(time.Now().UTC().Format(time.RFC3339Nano))
	for i := range 12 {
		ids = append(ids, createProduct(t, w, db, fmt.Sprint("missed", i), as))
	}
	other := createProduct(t, w, db, "of another")
	for _, id := range append(slices.Clone(ids), other) {
		eventually(t, waitSeconds*time.Second, func() string {
			if r := w.asBFF(t).call(200, "GET", "/api/v1/commands/"+id+"/status", nil); r.Text("status") != "COMPLETED" {
				return r.String()
			}
			return ""
		})
	}
	for _, since := range []string{"&since=" + left, ""} { // without a time it is told the last minutes
		s = w.follow(t, "?user_id="+user+since)
		s.untilAll(ids...)
		now := createProduct(t, w, db, "live"+since[:min(len(since), 1)], as)
		s.untilAll(now)
		s.conn.CloseNow()
	}
	s = w.follow(t, "?user_id=nobody-"+user)
	s.say(object{"type": "ping", "timestamp": "x"})
	if m := s.next(); m["type"] != "pong" {
		t.Errorf("another user hears %v", m)
	}
	r := w.asBFF(t).call(403, "GET", "/api/v1/ws/commands?user_id="+user+"&since=yesterday", nil)
	if r.Text("context", "close_code") != "4000" || !strings.Contains(string(r.Body), "since") {
		t.Errorf("a bad time: %s", r)
	}
	return user, left, ids
}

// untilAll reads states, which only move forward for each command, until some commands
// have completed.
func (s *socket) untilAll(ids ...string) {
	s.t.Helper()
	last := map[string]int{}
	for open := slices.Clone(ids); len(open) > 0; {
		m := s.next()
		id, _ := m["command_id"].(string)
		if m["type"] != "command_update" {
			s.t.Fatalf("unexpected %v", m)
		}
		state := m["data"].(object)["status"].(string)
		if rank[state] < last[id] || last[id] == 3 {
			s.t.Fatalf("%s of %s after rank %d", state, id, last[id])
		}
		if last[id] = rank[state]; last[id] == 3 {
			open = slices.DeleteFunc(open, func(waits string) bool { return waits == id })
		}
	}
}

func TestLiveTasks(t *testing.T) {
	liveTasks(t, sharedWorld(t))
}

func TestLiveTasksWithoutRedis(t *testing.T) {
	t.Parallel()
	liveTasks(t, ownWorld(t, "REDIS_URL", noRedis))
}

// liveTasks follows a bulk command and an admin's work as tasks.
func liveTasks(t *testing.T, w *world) {
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "one"}})
	user, admin := "u-"+uuid.NewString()[:8], "a-"+uuid.NewString()[:8]
	s := w.follow(t, "?user_id="+user)
	rows := list{}
	for i := range 1500 {
		rows = append(rows, object{"product_id": fmt.Sprintf("p%d", i)})
	}
	id := w.asOMS(t).call(202, "POST", "/api/v1/instances/"+db+"/async/Product/bulk-create-tracked", object{"instances": rows}, client.Header("X-User-ID", user)).Text("task_id")
	events, task := s.untilTask(id)
	if events[0] != "task_created" || slices.Contains(events[1:], "task_created") {
		t.Errorf("what happened: %v", events)
	}
	read := bff.call(200, "GET", "/api/v1/tasks/"+id, nil, client.Lang("en"))
	for _, name := range []string{"task_id", "task_type", "status", "progress", "result", "completed_at", "duration"} {
		if fmt.Sprint(task[name]) != fmt.Sprint(read.Get(name)) {
			t.Errorf("%s: told %v, read %v", name, task[name], read.Get(name))
		}
	}
	if read.Text("progress", "current") != "1500" {
		t.Errorf("task: %s", read)
	}
	// A client that comes later gets the present state, of the command and of its task.
	if events, _ = w.follow(t, "/"+id).untilTask(id); fmt.Sprint(events) != "[task_status_changed]" {
		t.Errorf("later: %v", events)
	}
	if events, _ = w.follow(t, "?user_id="+user).untilTask(id); fmt.Sprint(events) != "[task_status_changed]" {
		t.Errorf("the user, later: %v", events)
	}

	s = w.follow(t, "?user_id="+admin)
	work := bff.call(200, "POST", "/api/v1/admin/replay-instance-state", object{"db_name": db, "class_id": "Product", "instance_id": "one"}, client.Header("X-Admin-Actor", admin)).Text("task_id")
	if events, task = s.untilTask(work); events[0] != "task_created" || task["result"].(object)["success"] != true {
		t.Errorf("an admin's work: %v, %v", events, task)
	}
	if events, _ = w.follow(t, "/"+work).untilTask(work); fmt.Sprint(events) != "[task_status_changed]" {
		t.Errorf("by its id: %v", events)
	}
}

// untilTask reads what happens to a task, which only moves forward, until it has
// completed. States of commands may come between.
func (s *socket) untilTask(id string) (events []string, task object) {
	s.t.Helper()
	last := 0
	for last < 3 {
		m := s.next()
		if m["type"] == "command_update" {
			continue
		}
		data, _ := m["data"].(object)
		if m["type"] != "task_update" || data["task_id"] != id || m["timestamp"] == "" {
			s.t.Fatalf("unexpected %v", m)
		}
		task = data["task"].(object)
		state := task["status"].(string)
		if rank[state] < last || rank[state] == 0 {
			s.t.Fatalf("%s after rank %d", state, last)
		}
		last = rank[state]
		events = append(events, data["event"].(string))
	}
	if task["status"] != "COMPLETED" {
		s.t.Fatalf("task %v", task)
	}
	return events, task
}
