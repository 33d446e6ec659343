package eventlog

import (
	"context"
	"iter"
	"sync"
)

// recentBytes bounds the bodies of the segments that a process keeps; read, they
// take about three times as much.
const recentBytes = 4 << 20

// recent keeps the segments that a process has written or read last: the relay
// and the followers of one process read the same ones within a moment. A segment
// is immutable, and only what the store has is kept, so what is found here is
// what the store would answer. It never says that a segment is not there.
type recent struct {
	mu    sync.Mutex
	size  int
	order []place // oldest first
	kept  map[place]*kept
}

// place names a segment.
type place struct {
	chain  int
	number uint64
}

// kept is a segment that is read by the first who asks for it.
type kept struct {
	size int
	read func() (*Segment, error)
}

// keep remembers a segment that is in the store, in place of another that was
// there before the bucket was restored.
func (r *recent) keep(at place, size int, read func() (*Segment, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size > recentBytes {
		return
	}
	if r.kept == nil {
		r.kept = map[place]*kept{}
	}
	if known, ok := r.kept[at]; ok {
		r.size -= known.size
	} else {
		r.order = append(r.order, at)
	}
	r.kept[at] = &kept{size: size, read: sync.OnceValues(read)}
	for r.size += size; r.size > recentBytes; r.order = r.order[1:] {
		r.size -= r.kept[r.order[0]].size
		delete(r.kept, r.order[0])
	}
}

func (r *recent) find(at place) *kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[at]
}

// keep remembers a segment that this process wrote.
func (l *Log) keep(seg *Segment) {
	body, chain, number, id := seg.Bytes(), seg.Chain, seg.Number, seg.Log
	l.recent.keep(place{chain, number}, len(body), func() (*Segment, error) { return decodeSegment(id, chain, number, body) })
}

// recentSegment is segment, for who needs not prove that the store still has it.
// The segment is shared: nobody alters it.
func (l *Log) recentSegment(ctx context.Context, meta Meta, chain int, at Head) (*Segment, error) {
	name := place{chain, at.Next}
	if k := l.recent.find(name); k != nil {
		if seg, err := k.read(); err == nil && seg.follows(at) == nil {
			return seg, nil
		}
	}
	seg, err := l.segment(ctx, meta, chain, at.Next)
	if err == nil {
		l.recent.keep(name, len(seg.Bytes()), func() (*Segment, error) { return seg, nil })
	}
	return seg, err
}

// Tail walks the segments of a chain as Read does, for who follows its end: what
// this process wrote or read a moment ago is not read from the store again. The
// segments are shared with other readers.
func (l *Log) Tail(ctx context.Context, chain int, from Head) iter.Seq2[*Segment, error] {
	return l.walk(ctx, chain, from, l.recentSegment)
}
