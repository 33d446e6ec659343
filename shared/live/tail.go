package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
)

// How often the tail looks for new segments while nobody announces them: the more often
// the more there is.
const (
	lookBusy = 20 * time.Millisecond
	lookIdle = 250 * time.Millisecond
)

// transient reports whether another try may succeed.
func transient(err error) bool {
	if err == nil || errors.Is(err, status.ErrForgotten) || errors.Is(err, status.ErrUnreadable) {
		return false
	}
	p, ok := problem.AsProblem(err)
	return !ok || p.Status >= 500
}

// tail reads the chains from where the index stands now, and tells of what concerns
// somebody. It closes started once it knows where it begins.
func (h *Hub) tail(ctx context.Context, started chan<- struct{}) {
	heads, ok := h.begin(ctx)
	if !ok {
		return
	}
	close(started)
	for pause := lookBusy; ; {
		found := h.look(ctx, heads)
		pause = min(2*pause, lookIdle)
		if found {
			pause = lookBusy
		}
		// Announcements are trusted as long as they come before the tail does.
		wait := pause
		if h.heard.Load() && !h.missed.Swap(false) {
			wait = h.Limits.Look
		}
		if !sleep(ctx, wait, h.wake) {
			return
		}
	}
}

// begin reads the ends of the chains.
func (h *Hub) begin(ctx context.Context) ([]eventlog.Head, bool) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		heads, err := h.heads(ctx)
		if err == nil {
			return heads, true
		}
		if ctx.Err() == nil {
			h.Logger.WarnContext(ctx, "live status cannot begin", "error", err)
		}
		if !sleep(ctx, pause, nil) {
			return nil, false
		}
	}
}

func (h *Hub) heads(ctx context.Context) ([]eventlog.Head, error) {
	meta, err := h.Log.Meta(ctx)
	if err != nil {
		return nil, err
	}
	heads := make([]eventlog.Head, meta.Chains)
	for chain := range heads {
		if heads[chain], err = h.Log.Head(ctx, chain); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// look reads what is new and moves the heads on. It reports whether there was anything.
// What cannot be read now is read the next time.
func (h *Hub) look(ctx context.Context, heads []eventlog.Head) (found bool) {
	moved, errs := make([]bool, len(heads)), make([]error, len(heads))
	var chains sync.WaitGroup
	for chain := range heads {
		chains.Go(func() { moved[chain], errs[chain] = h.lookAt(ctx, chain, &heads[chain]) })
	}
	chains.Wait()
	err := errors.Join(errs...)
	if ctx.Err() == nil && (err != nil) != h.behind {
		h.behind = err != nil
		if h.behind {
			h.Logger.WarnContext(ctx, "live status falls behind", "error", err)
		}
	}
	return slices.Contains(moved, true)
}

func (h *Hub) lookAt(ctx context.Context, chain int, head *eventlog.Head) (moved bool, err error) {
	for segment, err := range h.Log.Tail(ctx, chain, *head) {
		if err != nil {
			return moved, err
		}
		for i := range segment.Events {
			if err := h.follow(ctx, &segment.Events[i]); transient(err) {
				return moved, err
			}
		}
		*head, moved = segment.After(), true
	}
	return moved, nil
}

// follow tells what an event means for a command that somebody waits for.
func (h *Hub) follow(ctx context.Context, e *event.Event) error {
	id := e.ID
	switch {
	case e.Outcome != "":
		id = e.Command
	case e.Kind != event.Command:
		return nil
	}
	user := e.Actor
	if e.Outcome == event.Cancelled && h.anyUsers() { // its actor may be another one
		var err error
		if user, err = h.scribe.User(ctx, id); err != nil {
			return err
		}
	}
	if !h.interests(id, user) {
		return nil
	}
	r, ok, err := h.scribe.Record(ctx, e)
	if ok && h.tell(r) {
		h.missed.Store(true)
	}
	return err
}
