package eventlog_test

import (
	"bytes"
	"context"
	"fmt"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// sabotage switches one rule off, at the seam where the rule lives. The
// simulation must notice each.
type sabotage struct {
	unconditionalPut bool // the store overwrites
	tornSnapshot     bool // rows and head are read at two moments
	blindApply       bool // the head is set without comparing
	eagerRefusal     bool // an empty segment is not written
	unknownIsStored  bool // a PUT without an answer counts as done
	unknownIsRefused bool // ... or as refused
	forgottenIDs     bool // ids of stored events are not found
	endsTwice        bool // ended commands look open
	noDatabaseCheck  bool // every database seems to exist
	noExpectation    bool // expectations are not passed on
	noFirstUseCheck  bool // a new process trusts the index
	ackTooEarly      bool // the relay's publisher says yes before the broker did
	relayToHead      bool // the relay reads to the index's head only
	relayNoApply     bool // the relay does not apply what the index lacks
}

// simObjects is the object store as one process sees it.
type simObjects struct{ p *process }

func (o *simObjects) Create(_ context.Context, key string, body []byte) error {
	w := o.p.world
	if w.broken.eagerRefusal && key != "log/v1/log.json" && bytes.Count(body, []byte("\n")) == 1 {
		return nil
	}
	o.p.pause()
	err := o.put(key, body)
	if err == errUnknown && w.broken.unknownIsStored {
		return nil
	}
	return err
}

func (o *simObjects) put(key string, body []byte) error {
	w := o.p.world
	switch {
	case w.chance(15):
		w.note("%s PUT %s: unknown, lands later", o.p.name, key)
		w.late = append(w.late, latePut{key, bytes.Clone(body)})
		return errUnknown
	case w.chance(20):
		w.note("%s PUT %s: lost (409, time-out)", o.p.name, key)
		return errUnknown
	}
	err := w.store(key, body)
	w.note("%s PUT %s: %v", o.p.name, key, err)
	if w.chance(12) {
		w.note("%s ... its answer is lost", o.p.name)
		return errUnknown
	}
	o.p.pause() // a crash here is a writer that dies before it moves the head
	return err
}

func (o *simObjects) Get(ctx context.Context, key string) ([]byte, error) {
	o.p.pause()
	if o.p.world.chance(40) {
		return nil, errUnknown
	}
	if o.p.relay && o.p.world.broken.relayToHead && o.beyondHead(key) {
		return nil, eventlog.ErrNotFound
	}
	return o.p.world.objects.Get(ctx, key)
}

func (o *simObjects) beyondHead(key string) bool {
	for chain := range simChains {
		view, _ := o.p.world.index.Snapshot(context.Background(), chain, eventlog.Query{})
		if key >= eventlog.SegmentKey(chain, view.Head.Next) && key < eventlog.SegmentKey(chain+1, 0) {
			return true
		}
	}
	return false
}

func (o *simObjects) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	o.p.pause()
	return o.p.world.objects.GetRange(ctx, key, offset, length)
}

// simIndex is the index as one process sees it.
type simIndex struct {
	eventlog.Index
	p *process
}

func (x *simIndex) Snapshot(ctx context.Context, chain int, q eventlog.Query) (eventlog.View, error) {
	w := x.p.world
	x.p.pause()
	if w.chance(40) {
		return eventlog.View{}, errUnknown
	}
	v, err := x.Index.Snapshot(ctx, chain, q)
	if w.broken.tornSnapshot {
		x.p.pause()
		later, _ := x.Index.Snapshot(ctx, chain, eventlog.Query{})
		v.Head = later.Head
	}
	if w.broken.forgottenIDs {
		clear(v.Events)
	}
	if w.broken.endsTwice {
		for id, c := range v.Commands {
			c.Outcome = ""
			v.Commands[id] = c
		}
	}
	if w.broken.noDatabaseCheck {
		for _, a := range q.Aggregates {
			if a.Type == event.Database {
				row := v.Aggregates[a]
				row.Aggregate, row.Sequence, row.Deleted = a, max(row.Sequence, 1), false
				v.Aggregates[a] = row
			}
		}
	}
	return v, err
}

func (x *simIndex) Apply(ctx context.Context, d eventlog.Delta) (bool, error) {
	w := x.p.world
	x.p.pause()
	switch {
	case w.chance(40):
		return false, errUnknown
	case x.p.relay && w.broken.relayNoApply, w.broken.eagerRefusal && len(d.Events) == 0:
		return true, nil
	case w.broken.blindApply:
		x.Index.(interface{ ForceHead(int, uint64) }).ForceHead(d.Chain, d.Number)
	}
	moved, err := x.Index.Apply(ctx, d)
	w.note("%s apply %d/%d: moved %t", x.p.name, d.Chain, d.Number, moved)
	if w.chance(40) {
		return false, errUnknown
	}
	return moved, err
}

func (x *simIndex) Cursor(ctx context.Context, reader string, chain int) (eventlog.Head, error) {
	x.p.pause()
	return x.Index.Cursor(ctx, reader, chain)
}

func (x *simIndex) MoveCursor(ctx context.Context, reader string, chain int, to eventlog.Head) error {
	x.p.pause()
	if x.p.world.chance(30) {
		return errUnknown
	}
	return x.Index.MoveCursor(ctx, reader, chain, to)
}

// simPublisher is the transport as one relay sees it.
type simPublisher struct {
	p     *process
	chain int
}

func (s *simPublisher) Publish(_ context.Context, events []event.Event) error {
	w := s.p.world
	for _, e := range events {
		s.p.pause()
		if w.chance(20) {
			w.note("%s publish %s fails", s.p.name, e.ID)
			if w.broken.ackTooEarly {
				return nil
			}
			return fmt.Errorf("publish: %w", errUnknown)
		}
		w.published[s.chain] = append(w.published[s.chain], e)
	}
	return nil
}
