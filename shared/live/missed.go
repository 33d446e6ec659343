package live

import (
	"context"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/tasks"
)

const (
	// recently is how far back a user's client that does not say where it was is told
	// what has ended.
	recently = 10 * time.Minute
	// overlap is how much earlier than it says a client is told: a segment is written a
	// while before it is stored, and clocks of hosts differ a little.
	overlap = time.Minute
)

// since gives the time from which on ended commands and tasks are told to a client that
// knows all up to a time; the zero time knows nothing.
func (h *Hub) since(known time.Time) time.Time {
	now := h.Now()
	if known.IsZero() {
		return now.Add(-recently)
	}
	from := known.Add(-overlap)
	if oldest := now.Add(-eventlog.Remembered); from.Before(oldest) {
		return oldest
	}
	return from
}

// current reads the state of a command once nothing that follows it can be missed. A
// command that is not known yet has none; nor has one when ctx ends.
func (h *Hub) current(ctx context.Context, id event.ID) (s command.Status, known bool) {
	if !h.follows(ctx) {
		return s, false
	}
	err := again(ctx, func() (err error) {
		s, err = h.Status(ctx, id)
		return err
	})
	return s, err == nil
}

// commandsOf lists the commands of a user that are open or ended since a time, once
// nothing that follows can be missed: the oldest first, at most the newest that fit, and
// whether these are all. It reports false if ctx ended first.
func (h *Hub) commandsOf(ctx context.Context, user string, since time.Time) (list []eventlog.CommandRow, all, ok bool) {
	if !h.follows(ctx) {
		return nil, false, false
	}
	err := again(ctx, func() (err error) {
		list, err = h.Log.CommandsOf(ctx, user, since, h.Limits.Missed+1)
		return err
	})
	if surplus := len(list) - h.Limits.Missed; surplus > 0 {
		return list[surplus:], false, err == nil
	}
	return list, true, err == nil
}

// tasksOf is the same of a user's tasks.
func (h *Hub) tasksOf(ctx context.Context, user string, since time.Time) (list []tasks.Task, ok bool) {
	if !h.tasksFollowed(ctx) {
		return nil, false
	}
	err := again(ctx, func() (err error) {
		list, err = h.Tasks.Recent(ctx, user, since, h.Limits.Missed)
		return err
	})
	return list, err == nil
}

// follows waits until the tail knows where it begins, and the index holds what the tail
// may have passed already: what is appended after that is not missed. It reports false if
// ctx ended first.
func (h *Hub) follows(ctx context.Context) bool {
	h.mu.Lock()
	started := h.started
	h.mu.Unlock()
	return waits(ctx, started) && again(ctx, func() error { return h.catchUp(ctx) }) == nil
}

// tasksFollowed waits until it is known since when tasks are looked at.
func (h *Hub) tasksFollowed(ctx context.Context) bool {
	h.mu.Lock()
	tasked := h.tasked
	h.mu.Unlock()
	return waits(ctx, tasked)
}

func waits(ctx context.Context, begun <-chan struct{}) bool {
	select {
	case <-begun:
		return true
	case <-ctx.Done():
		return false
	}
}

// catchUp brings the index to the end of the log: the tail reads segments that the index
// may not have yet.
func (h *Hub) catchUp(ctx context.Context) error {
	meta, err := h.Log.Meta(ctx)
	if err != nil {
		return err
	}
	for chain := range meta.Chains {
		if err := h.Log.CatchUp(ctx, chain); err != nil {
			return err
		}
	}
	return nil
}

// again repeats what may succeed later, until it does or ctx ends.
func again(ctx context.Context, try func() error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := try()
		if !transient(err) {
			return err
		}
		if !sleep(ctx, pause, nil) {
			return err
		}
	}
}
