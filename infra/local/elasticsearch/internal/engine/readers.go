package engine

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/search"
)

// view is one index in a search or a point in time.
type view struct {
	index   *Index
	snap    *inverted.Snapshot
	mapping *mapping.Mapping
	filters []search.Query
	routed  bool
}

// views publishes what is due in each index and remembers what it sees.
func (e *Engine) views(targets []Target, routed bool) ([]view, *eserr.Error) {
	now := e.clock()
	e.contexts.sweep(now)
	out := make([]view, 0, len(targets))
	for _, t := range targets {
		t.mu.Lock()
		if t.on("blocks.read") {
			t.mu.Unlock()
			return nil, blockError(403, "index ["+t.Name+"] blocked by: [FORBIDDEN/7/index read (api)];")
		}
		t.publish(now)
		v := view{index: t.Index, snap: t.snap, mapping: t.Mapping(), routed: routed}
		t.mu.Unlock()
		if !t.direct {
			v.filters = t.filters
		}
		out = append(out, v)
	}
	return out, nil
}

// read locks the views for reading and calls fn.
func (e *Engine) read(views []view, fn func([]*search.Reader)) {
	now := e.clock()
	readers := make([]*search.Reader, 0, len(views))
	for _, v := range views {
		v.index.mu.RLock()
		defer v.index.mu.RUnlock()
		r := &search.Reader{
			Snapshot: v.snap, Mapping: v.mapping, Index: v.index.Name, UUID: v.index.UUID, Now: now,
			Window: v.index.number("max_result_window", 10000), Shards: v.index.shards(),
		}
		if v.routed {
			r.Shards = 1
		}
		if len(v.filters) > 0 {
			r.Filter = search.Any(v.filters)
		}
		readers = append(readers, r)
	}
	fn(readers)
}

// Search resolves an expression and calls fn with its indices, which stay as
// they are until fn returns. routed says that one shard of each is asked.
func (e *Engine) Search(x Expression, routed bool, fn func([]*search.Reader)) *eserr.Error {
	targets, err := e.Resolve(x)
	if err != nil {
		return err
	}
	views, err := e.views(targets, routed)
	if err != nil {
		return err
	}
	e.read(views, fn)
	return nil
}
