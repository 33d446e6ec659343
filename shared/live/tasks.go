package live

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

const (
	// taskOverlap is how much earlier than the last look the next one begins: a change may
	// be stored a moment after its time.
	taskOverlap = 5 * time.Second
	// remembered is how many tasks are known to have been looked at since they changed.
	remembered = 10_000
)

// looked is what is known of tasks: since when changes are asked for, and at which change
// a task was read last.
type looked struct {
	since time.Time
	at    recent[int64] // microseconds
}

// followTasks reads the tasks that somebody waits for when they change. It closes tasked
// once it knows since when.
func (h *Hub) followTasks(ctx context.Context, tasked chan<- struct{}) {
	l := looked{at: newRecent[int64](remembered)}
	err := again(ctx, func() error {
		_, now, err := h.Tasks.Changes(ctx, h.Now(), nil, nil)
		l.since = now.Add(-taskOverlap)
		return err
	})
	if err != nil {
		return
	}
	close(tasked)
	for {
		wait := lookIdle
		if h.tasksHeard.Load() {
			wait = h.Limits.Look
		}
		// What comes while the first pause lasts is looked at together.
		if !sleep(ctx, wait, h.tasksWake) || !sleep(ctx, min(lookBusy, wait), nil) {
			return
		}
		err := h.lookAtTasks(ctx, &l)
		if ctx.Err() == nil && (err != nil) != h.tasksBehind {
			if h.tasksBehind = err != nil; h.tasksBehind {
				h.Logger.WarnContext(ctx, "live status of tasks falls behind", "error", err)
			}
		}
	}
}

// lookAtTasks tells of the tasks that changed. What cannot be read now is read the next
// time.
func (h *Hub) lookAtTasks(ctx context.Context, l *looked) error {
	actors, ids, touched := h.watchedTasks()
	changes, now, err := h.Tasks.Changes(ctx, l.since, actors, ids)
	if err == nil && len(touched) > 0 {
		err = h.catchUp(ctx) // the tail has seen these commands, the index perhaps not yet
	}
	for i, id := range touched {
		if err == nil {
			err = h.lookAtTask(ctx, id)
		}
		if err != nil {
			h.touch(touched[i:])
			return err
		}
	}
	if err != nil {
		return err
	}
	for _, c := range changes {
		id, at := event.ID(c.ID.String()), c.At.UnixMicro()
		if l.at.get(id, 0) == at {
			continue
		}
		if err := h.lookAtTask(ctx, id); err != nil {
			return err
		}
		l.at.set(id, at)
	}
	if l.since = now.Add(-taskOverlap); len(changes) == tasks.MaxChanges {
		l.since = changes[len(changes)-1].At.Add(-time.Microsecond)
		poke(h.tasksWake)
	}
	return nil
}

func (h *Hub) lookAtTask(ctx context.Context, id event.ID) error {
	t, err := h.task(ctx, id)
	if err == nil {
		h.tellTask(&t)
	}
	if transient(err) {
		return err
	}
	return nil
}

func (h *Hub) task(ctx context.Context, id event.ID) (tasks.Task, error) {
	parsed, err := uuid.Parse(string(id))
	if err != nil {
		return tasks.Task{}, problem.NotFound(tasks.Kind, string(id))
	}
	return h.Tasks.Get(ctx, parsed)
}

// currentTask reads the state of a task once nothing that follows it can be missed.
func (h *Hub) currentTask(ctx context.Context, id event.ID) (t tasks.Task, known bool) {
	if !h.tasksFollowed(ctx) {
		return t, false
	}
	err := again(ctx, func() (err error) {
		t, err = h.task(ctx, id)
		return err
	})
	return t, err == nil
}

// watchedTasks gives whose tasks and which somebody waits for, and takes the commands
// whose tasks are to be looked at.
func (h *Hub) watchedTasks() (actors []string, ids []uuid.UUID, touched []event.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for user := range h.users {
		actors = append(actors, user)
	}
	for id := range h.ids {
		if parsed, err := uuid.Parse(string(id)); err == nil {
			ids = append(ids, parsed)
		}
	}
	for id := range h.touched {
		touched = append(touched, id)
	}
	clear(h.touched)
	slices.Sort(touched)
	return actors, ids, touched
}

func (h *Hub) touch(ids []event.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		h.touched[id] = true
	}
}

// tellTask offers a task to all who wait for it or for what its actor does.
func (h *Hub) tellTask(t *tasks.Task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	watchers := h.ids[event.ID(t.ID.String())]
	for w := range watchers {
		w.offerTask(t)
	}
	if t.Actor == "" {
		return
	}
	for w := range h.users[t.Actor] {
		if !watchers[w] {
			w.offerTask(t)
		}
	}
}

// listenTasks hears that tasks have changed. While it cannot, they are looked at more
// often.
func (h *Hub) listenTasks(ctx context.Context) {
	for {
		// hub.go tells that Redis is away.
		err := h.Heard.ListenTasks(ctx, func() { h.tasksHeard.Store(true) }, func() { poke(h.tasksWake) })
		h.tasksHeard.Store(false)
		if err != nil && ctx.Err() == nil {
			h.Logger.DebugContext(ctx, "changes of tasks are not heard", "error", err)
		}
		if !sleep(ctx, relisten, nil) {
			return
		}
	}
}
