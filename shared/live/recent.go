package live

import "spiceharvester/shared/event"

// recent remembers something of the last commands or tasks: two generations of a map, the
// older of which is dropped when the younger is full.
type recent[V any] struct {
	limit      int
	young, old map[event.ID]V
}

func newRecent[V any](limit int) recent[V] {
	return recent[V]{limit: limit, young: map[event.ID]V{}}
}

// get gives what is remembered; otherwise if that is nothing.
func (r *recent[V]) get(id event.ID, otherwise V) V {
	if v, ok := r.young[id]; ok {
		return v
	}
	if v, ok := r.old[id]; ok {
		return v
	}
	return otherwise
}

func (r *recent[V]) set(id event.ID, v V) {
	if len(r.young) >= r.limit {
		r.old, r.young = r.young, map[event.ID]V{}
	}
	r.young[id] = v
}
