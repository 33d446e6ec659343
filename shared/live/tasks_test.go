package live_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

// table holds tasks in memory, with the database's clock.
type table struct {
	mu        sync.Mutex
	clock     time.Time
	rows      map[uuid.UUID]tasks.Task
	changed   map[uuid.UUID]time.Time
	listeners map[chan bool]bool
	away      bool
}

func newTable() *table {
	return &table{clock: time.Unix(1e9, 0), rows: map[uuid.UUID]tasks.Task{}, changed: map[uuid.UUID]time.Time{}, listeners: map[chan bool]bool{}}
}

// put stores a task and announces that.
func (b *table) put(t tasks.Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(time.Millisecond)
	b.rows[t.ID], b.changed[t.ID] = t, b.clock
	for l := range b.listeners {
		l <- true
	}
}

// pass lets time pass on both clocks.
func (s *stage) pass(d time.Duration) {
	s.Pass(d)
	s.tasks.mu.Lock()
	defer s.tasks.mu.Unlock()
	s.tasks.clock = s.tasks.clock.Add(d)
}

func (b *table) hide(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

func (b *table) Get(_ context.Context, id uuid.UUID) (tasks.Task, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.rows[id]
	if b.away {
		return t, errors.New("away")
	}
	if !ok {
		return t, problem.NotFound(tasks.Kind, id.String())
	}
	return t, nil
}

func (b *table) Changes(_ context.Context, after time.Time, actors []string, ids []uuid.UUID) (list []tasks.Change, now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return nil, now, errors.New("away")
	}
	for id, at := range b.changed {
		if at.After(after) && (slices.Contains(actors, b.rows[id].Actor) || slices.Contains(ids, id)) {
			list = append(list, tasks.Change{ID: id, At: at})
		}
	}
	slices.SortFunc(list, func(a, b tasks.Change) int { return a.At.Compare(b.At) })
	return list, b.clock, nil
}

func (b *table) Recent(_ context.Context, actor string, since time.Time, limit int) (list []tasks.Task, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.rows {
		if t.Actor == actor && (t.CompletedAt == nil || !t.CompletedAt.Before(since)) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b tasks.Task) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	return list[max(0, len(list)-limit):], nil
}

func (b *table) ListenTasks(ctx context.Context, ready, changed func()) error {
	heard := make(chan bool, 1000)
	b.mu.Lock()
	b.listeners[heard] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, heard)
	}()
	ready()
	for {
		select {
		case <-heard:
			changed()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step gives a task in a state; current is its progress, and its time.
func (s *stage) step(id uuid.UUID, actor, state string, current int64) tasks.Task {
	t := tasks.Task{ID: id, Type: "test", Status: state, Actor: actor, CreatedAt: s.Now(), Progress: tasks.Progress{Current: current}}
	s.tasks.mu.Lock()
	if known, ok := s.tasks.rows[id]; ok {
		t.CreatedAt = known.CreatedAt
	}
	s.tasks.mu.Unlock()
	if current > 0 {
		at := problem.Timestamp(s.Now().Add(time.Duration(current) * time.Second))
		t.Progress.UpdatedAt = &at
	}
	if t.Ended() {
		at := s.Now()
		t.CompletedAt = &at
	}
	return t
}

// task waits for the next news of a task, shown as "event STATUS current".
func (c *socket) task(id uuid.UUID) string {
	c.t.Helper()
	m := c.next()
	data, _ := m["data"].(map[string]any)
	body, _ := data["task"].(map[string]any)
	if m["type"] != "task_update" || m["timestamp"] == "" || data["task_id"] != id.String() || body["lang"] != string(problem.English) {
		c.t.Fatalf("no news of task %s: %v", id, m)
	}
	return fmt.Sprint(data["event"], " ", body["status"], " ", body["current"])
}

func (c *socket) wantTask(id uuid.UUID, want string) {
	c.t.Helper()
	if got := c.task(id); got != want {
		c.t.Fatalf("got %s, want %s", got, want)
	}
}

func TestTasksAreTold(t *testing.T) {
	for name, board := range map[string]status.Board{"with a board": statustest.NewBoard(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, board, limits)
			old, mine, other := uuid.New(), uuid.New(), uuid.New()
			s.tasks.put(s.step(old, "ada", tasks.Processing, 1))
			s.tasks.put(s.step(uuid.New(), "ada", tasks.Completed, 0)) // long ago
			s.pass(time.Hour)
			user, one := s.dial(t, "user=ada"), s.dial(t, "command="+other.String())
			user.wantTask(old, "task_status_changed PROCESSING 1")
			s.tasks.put(s.step(mine, "ada", tasks.Pending, 0))
			user.wantTask(mine, "task_created PENDING 0")
			s.tasks.put(s.step(other, "eve", tasks.Processing, 0))
			one.wantTask(other, "task_created PROCESSING 0")
			s.tasks.put(s.step(mine, "ada", tasks.Processing, 1))
			user.wantTask(mine, "task_status_changed PROCESSING 1")
			s.tasks.put(s.step(mine, "ada", tasks.Processing, 1)) // a sign of life
			s.tasks.put(s.step(mine, "ada", tasks.Processing, 3))
			user.wantTask(mine, "task_progress PROCESSING 3")
			s.tasks.put(s.step(mine, "ada", tasks.Processing, 2)) // late
			s.tasks.hide(true)
			s.tasks.put(s.step(mine, "ada", tasks.Retrying, 3))
			s.tasks.hide(false)
			user.wantTask(mine, "task_status_changed RETRYING 3")
			s.tasks.put(s.step(mine, "ada", tasks.Completed, 4))
			user.wantTask(mine, "task_status_changed COMPLETED 4")
			s.tasks.put(s.step(mine, "ada", tasks.Failed, 4)) // an end stands
			s.tasks.put(s.step(other, "eve", tasks.Failed, 0))
			one.wantTask(other, "task_status_changed FAILED 0")
			user.nothingMore()
			one.nothingMore()
			user.conn.CloseNow() // it comes back
			s.pass(time.Minute)
			s.tasks.put(s.step(old, "ada", tasks.Cancelled, 1))
			s.tasks.put(s.step(mine, "ada", tasks.Completed, 4))
			user = s.dial(t, "user=ada")
			got := map[string]bool{}
			for range 2 {
				m := user.next()["data"].(map[string]any)
				got[fmt.Sprint(m["task_id"], m["event"], m["task"].(map[string]any)["status"])] = true
			}
			if !got[old.String()+"task_status_changedCANCELLED"] || !got[mine.String()+"task_status_changedCOMPLETED"] {
				t.Errorf("after the connection broke: %v", got)
			}
			user.nothingMore()
		})
	}
}

// What a bulk command came to stands in the log, not in the table: its end makes the hub
// look at the task.
func TestTheTaskOfABulkCommand(t *testing.T) {
	s := newStage(t, nil, limits)
	s.Database("shop")
	s.Class("shop", `{"id":"Product","label":"Product","properties":[{"name":"product_id","type":"string","label":"Id","primary_key":true}]}`)
	c := s.dial(t, "user=ada")
	a, err := s.Writes.BulkCreate(t.Context(), writes.Caller{Actor: "ada"}, writes.InstanceTarget{Database: "shop", Branch: "main", Class: "Product"}, []any{map[string]any{"product_id": "p1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.MustParse(string(a.ID))
	c.want(a.ID, "PENDING")
	one := s.dial(t, "command="+string(a.ID))
	one.want(a.ID, "PENDING")
	one.nothingMore()
	ended := s.step(id, "ada", tasks.Completed, 1)
	s.tasks.mu.Lock() // as the log would have it; nothing changes in the table
	s.tasks.rows[id] = ended
	s.tasks.mu.Unlock()
	s.end(a.ID, event.Completed, "")
	for _, c := range []*socket{c, one} {
		got := map[string]bool{}
		for range 2 { // in either order: the table may be looked at once more for the beginning
			m := c.next()
			data := m["data"].(map[string]any)
			got[fmt.Sprint(m["type"], " ", data["status"], " ", data["event"])] = true
		}
		if !got["command_update COMPLETED <nil>"] || !got["task_update <nil> task_created"] {
			t.Errorf("got %v", got)
		}
		c.nothingMore()
	}
}
