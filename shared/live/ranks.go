package live

import "spiceharvester/shared/event"

// ranks remembers how far the last commands have come: two generations of a map, the
// older of which is dropped when the younger is full.
type ranks struct {
	limit      int
	young, old map[event.ID]int64
}

func newRanks(limit int) ranks { return ranks{limit: limit, young: map[event.ID]int64{}} }

// get gives a command's rank; -1 if it is not known.
func (r *ranks) get(id event.ID) int64 {
	if rank, ok := r.young[id]; ok {
		return rank
	}
	if rank, ok := r.old[id]; ok {
		return rank
	}
	return -1
}

func (r *ranks) set(id event.ID, rank int64) {
	if len(r.young) >= r.limit {
		r.old, r.young = r.young, map[event.ID]int64{}
	}
	r.young[id] = rank
}
