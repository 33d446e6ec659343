package engine

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// clusterSettings are the cluster settings that mean something here.
var clusterSettings = map[string]bool{
	"action.auto_create_index": true, "action.destructive_requires_name": true, "indices.breaker.request.limit": true,
}

// clusterText returns a cluster setting. The caller holds e.mu.
func (e *Engine) clusterText(name string) string {
	s, _ := e.settings.Get(name).(string)
	return s
}

// ClusterSetting returns a cluster setting, "" if it is not set.
func (e *Engine) ClusterSetting(name string) string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.clusterText(name)
}

// PutClusterSettings changes persistent settings and returns what was set.
func (e *Engine) PutClusterSettings(body xcontent.Value) (set xcontent.Obj, err *eserr.Error) {
	changes := xcontent.Obj{}
	for m := range body.Members() {
		if m.Key() != "persistent" && m.Key() != "transient" {
			return nil, eserr.XContent(m.KeyPos(), "[cluster_update_settings_request] unknown field [%s]", m.Key())
		}
		flattenSettings(m, "", func(key string, val any) { changes = changes.Set(key, val) })
	}
	if len(changes) == 0 {
		return nil, eserr.Validation("no settings to update")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	next := append(xcontent.Obj{}, e.settings...)
	for _, c := range changes {
		if !clusterSettings[c.Key] {
			return nil, eserr.IllegalArgument("persistent setting [%s], not recognized", c.Key)
		}
		next = slices.DeleteFunc(next, func(f xcontent.Field) bool { return f.Key == c.Key })
		if c.Val != nil {
			next = next.Add(c.Key, c.Val)
			set = set.Add(c.Key, c.Val)
		}
	}
	e.settings = next
	return nest(set), e.persist()
}

// ClusterSettings shows the persistent settings.
func (e *Engine) ClusterSettings(flat bool) xcontent.Obj {
	e.mu.RLock()
	defer e.mu.RUnlock()
	all := append(xcontent.Obj{}, e.settings...)
	slices.SortFunc(all, func(a, b xcontent.Field) int { return strings.Compare(a.Key, b.Key) })
	if flat {
		return all
	}
	return nest(all)
}

// Stats are the numbers of one index.
type Stats struct {
	Shards, Replicas int
	Docs, Deleted    int // searchable documents and dead ones
	Bytes            int64
	Closed           bool
}

// Stats counts an index, after a refresh if one is due.
func (e *Engine) Stats(i *Index) Stats {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now := e.clock(); i.due(now) {
		i.refresh(now)
	}
	s := Stats{Shards: i.shards(), Replicas: i.replicas(), Docs: i.snap.Live.Count(), Closed: i.closed}
	s.Deleted = int(i.snap.Limit) - s.Docs + i.deletes
	for ord := range i.alive.All() {
		s.Bytes += int64(len(i.store.Record(ord).Source))
	}
	return s
}

// Health is green, or yellow if there are replicas, which one node cannot
// place. It counts shards and those without a place.
func (e *Engine) Health(targets []Target) (status string, primaries, unassigned int) {
	status = "green"
	for _, t := range targets {
		s := e.Stats(t.Index)
		primaries += s.Shards
		if s.Replicas > 0 {
			status = "yellow"
			unassigned += s.Shards * s.Replicas
		}
	}
	return status, primaries, unassigned
}
