package engine

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Index is one concrete index.
type Index struct {
	Name    string
	UUID    string
	Created time.Time

	mu       sync.RWMutex // guards what follows
	settings xcontent.Obj // flat, with the prefix "index.", without the generated ones
	closed   bool
	gone     bool // deleted, while somebody still holds it

	mapping atomic.Pointer[mapping.Mapping] // written under mu

	store      *inverted.Store
	snap       *inverted.Snapshot
	alive      inverted.Bits // documents that are current, searchable or not
	count      int           // of alive
	deaths     []uint32      // since the last refresh
	tombstones map[string]tombstone
	deletes    int   // delete operations since the last compaction
	seq        int64 // next sequence number
	journal    *journal

	dirty     time.Time // first write since the last refresh, zero if none
	searched  time.Time // last search, at first the creation
	refreshed chan struct{}
}

// tombstone remembers the version of a deleted document for a while.
type tombstone struct {
	version int64
	seqNo   int64
	at      time.Time
}

func newIndex(name, uuid string, created time.Time) *Index {
	s := inverted.NewStore()
	return &Index{
		Name: name, UUID: uuid, Created: created, store: s, snap: s.Empty(),
		tombstones: map[string]tombstone{}, refreshed: make(chan struct{}), searched: created,
	}
}

// Mapping returns the current mapping.
func (i *Index) Mapping() *mapping.Mapping { return i.mapping.Load() }

// text returns a setting, "" if it is not set. The caller holds i.mu.
func (i *Index) text(name string) string {
	s, _ := i.settings.Get("index." + name).(string)
	return s
}

func (i *Index) number(name string, normal int) int {
	if n, err := strconv.Atoi(i.text(name)); err == nil {
		return n
	}
	return normal
}

func (i *Index) on(name string) bool { return i.text(name) == "true" }

// shards and replicas are only counted: there is one store.
func (i *Index) shards() int   { return i.number("number_of_shards", 1) }
func (i *Index) replicas() int { return i.number("number_of_replicas", 1) }

func (i *Index) gcDeletes() time.Duration {
	if d, bad := dates.Duration(i.text("gc_deletes")); !bad {
		return d
	}
	return time.Minute
}

func (i *Index) limits() mapping.Limits {
	l := mapping.DefaultLimits
	l.Fields = i.number("mapping.total_fields.limit", l.Fields)
	l.IgnoreBeyond = i.on("mapping.total_fields.ignore_dynamic_beyond_limit")
	l.Depth = i.number("mapping.depth.limit", l.Depth)
	l.NestedObjects = i.number("mapping.nested_objects.limit", l.NestedObjects)
	return l
}

// current finds the document of an id, whether it is searchable or not. The
// caller holds i.mu.
func (i *Index) current(id string) (rec *inverted.Record, ord uint32) {
	ids := i.store.IDs()
	n, ok := ids.ID(id)
	if !ok {
		return nil, 0
	}
	ord = ids.Newest(n)
	if !i.alive.Has(ord) {
		return nil, 0
	}
	return i.store.Record(ord), ord
}

// deleted finds the tombstone of an id that is not too old.
func (i *Index) deleted(id string, now time.Time) (tombstone, bool) {
	t, ok := i.tombstones[id]
	if ok && now.Sub(t.at) > i.gcDeletes() {
		delete(i.tombstones, id)
		return t, false
	}
	return t, ok
}
