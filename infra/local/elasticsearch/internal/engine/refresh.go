package engine

import (
	"context"
	"errors"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
)

const (
	// defaultInterval is the refresh interval of an index that sets none.
	defaultInterval = time.Second
	// idleAfter is how long after the last search such an index stops to
	// refresh by itself; the next search then refreshes first.
	idleAfter = 30 * time.Second
	// poll is how often a waiting write looks at the clock.
	poll = 10 * time.Millisecond
)

var errEnding = errors.New("the server is stopping")

// refresh publishes all writes to searches. The caller holds i.mu.
func (i *Index) refresh(now time.Time) {
	if !i.dirty.IsZero() {
		i.snap = i.store.Refresh(i.snap, i.deaths)
		i.deaths = nil
		i.dirty = time.Time{}
		for id, t := range i.tombstones {
			if now.Sub(t.at) > i.gcDeletes() {
				delete(i.tombstones, id)
			}
		}
		i.compact()
	}
	close(i.refreshed)
	i.refreshed = make(chan struct{})
}

// compactAfter is the number of dead ordinals that is always tolerated.
const compactAfter = 20000

// compact drops dead documents when they are the majority. Points in time keep
// the old store. The caller has just refreshed.
func (i *Index) compact() {
	if size := i.store.Size(); size < compactAfter || int(size) < 3*i.count {
		return
	}
	store := i.store.Compact(i.snap.Live)
	i.store, i.deletes = store, 0
	i.snap = store.Refresh(store.Empty(), nil)
	i.alive = *i.snap.Live.Clone()
}

// due reports whether the refresh interval has passed since the first
// unpublished write. The caller holds i.mu.
func (i *Index) due(now time.Time) bool {
	if i.dirty.IsZero() {
		return false
	}
	interval := defaultInterval
	switch text := i.text("refresh_interval"); text {
	case "":
	case "-1":
		return false
	default:
		if d, bad := dates.Duration(text); !bad {
			interval = d
		}
	}
	return now.Sub(i.dirty) >= interval
}

// Refresh publishes all writes of an index.
func (e *Engine) Refresh(i *Index) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh(e.clock())
}

// await blocks until the writes so far are searchable or ctx ends: with
// refresh_interval -1 that takes an explicit refresh.
func (e *Engine) await(ctx context.Context, i *Index) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	i.mu.Lock()
	done := i.refreshed
	i.mu.Unlock()
	for {
		i.mu.Lock()
		if i.due(e.clock()) {
			i.refresh(e.clock())
		}
		clean := i.dirty.IsZero()
		i.mu.Unlock()
		if clean {
			return nil
		}
		select {
		case <-done:
			return nil
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ending:
			return errEnding
		}
	}
}

// publish is called before a search: it refreshes what is due. The caller
// holds i.mu.
func (i *Index) publish(now time.Time) {
	idle := i.text("refresh_interval") == "" && now.Sub(i.searched) > idleAfter && !i.dirty.IsZero()
	if idle || i.due(now) {
		i.refresh(now)
	}
	i.searched = now
}
