package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// check compares what is left after a run with the promises.
func (w *world) check() error {
	var errs []error
	if len(w.restless) > 0 {
		errs = append(errs, fmt.Errorf("%v did not come to rest without faults", w.restless))
	}
	for chain := range simChains {
		log, err := w.readChain(chain)
		if err != nil {
			return err
		}
		errs = append(errs, foldChain(log), w.answersMatch(chain, log), w.publishedAll(chain, log), w.linearizable(chain, log))
	}
	errs = append(errs, w.indexIsTheFold())
	return errors.Join(errs...)
}

// readChain decodes a chain and finds holes and broken links.
func (w *world) readChain(chain int) ([]event.Event, error) {
	objects := w.objects.Backup()
	prefix := strings.TrimSuffix(eventlog.SegmentKey(chain, 0), fmt.Sprintf("%020d", 0))
	count := 0
	for key := range objects {
		if strings.HasPrefix(key, prefix) {
			count++
		}
	}
	var meta eventlog.Meta
	if count > 0 {
		var err error
		if meta, err = w.reader().Meta(context.Background()); err != nil {
			return nil, err
		}
	}
	var log []event.Event
	var before eventlog.Digest
	for number := range uint64(count) {
		body, ok := objects[eventlog.SegmentKey(chain, number)]
		if !ok {
			return nil, fmt.Errorf("chain %d has a hole at segment %d of %d", chain, number, count)
		}
		seg, err := eventlog.DecodeSegment(meta.ID, chain, number, body)
		if err != nil {
			return nil, err
		}
		if seg.Previous != before {
			return nil, fmt.Errorf("chain %d: segment %d does not continue the one before", chain, number)
		}
		before = seg.Digest()
		log = append(log, seg.Events...)
	}
	return log, nil
}

// reader is a process without faults and without the world's seams.
func (w *world) reader() *eventlog.Log {
	return eventlog.New(eventlog.Config{
		Objects: w.objects, Index: eventlogtest.NewIndex(), Writer: "checker", Now: w.now,
		NewID: func() string { return "none" },
	})
}

// foldChain checks the log by itself: sequences without gaps, existence, one
// outcome per command, no id twice.
func foldChain(log []event.Event) error {
	last := map[event.Aggregate]event.Event{}
	ids := map[event.ID]bool{}
	open := map[event.ID]bool{}
	for _, e := range log {
		if ids[e.ID] {
			return fmt.Errorf("event %s is stored twice", e.ID)
		}
		ids[e.ID] = true
		if e.Kind == event.Command {
			open[e.ID] = true
		}
		if e.Command != "" && !open[e.Command] {
			return fmt.Errorf("event %s is caused by command %s, which is not open", e.ID, e.Command)
		}
		if e.Ends() {
			delete(open, e.Command)
		}
		if e.IsFact() {
			before := last[e.Aggregate]
			if e.Sequence != before.Sequence+1 || e.Previous != before.Position {
				return fmt.Errorf("fact %s has sequence %d and previous %q after %d at %q", e.ID, e.Sequence, e.Previous, before.Sequence, before.Position)
			}
			last[e.Aggregate] = e
		}
	}
	return nil
}

// answersMatch checks every success against the log, and that nothing is in the
// log that nobody asked for.
func (w *world) answersMatch(chain int, log []event.Event) error {
	byID := map[event.ID]event.Event{}
	for _, e := range log {
		byID[e.ID] = e
	}
	asked := map[event.ID]bool{}
	for _, call := range w.history {
		if call.chain != chain {
			continue
		}
		id := call.entry.Event.ID
		if call.refusal == nil {
			asked[id] = true
		}
		if call.returned == 0 || call.refusal != nil || call.result.Ended != nil {
			continue
		}
		if e, ok := byID[id]; !ok || e.Position != call.result.Position || e.Sequence != call.result.Sequence {
			return fmt.Errorf("client was told that %s is at %s with sequence %d; the log has %v", id, call.result.Position, call.result.Sequence, e)
		}
	}
	for _, e := range log {
		if !asked[e.ID] {
			return fmt.Errorf("event %s took effect although every client that sent it was refused", e.ID)
		}
	}
	return nil
}

// publishedAll checks that the relay published everything, first in log order.
func (w *world) publishedAll(chain int, log []event.Event) error {
	seen := map[event.ID]bool{}
	var order []event.ID
	for _, e := range w.published[chain] {
		if !seen[e.ID] {
			seen[e.ID] = true
			order = append(order, e.ID)
		}
	}
	for i, e := range log {
		if i >= len(order) || order[i] != e.ID {
			return fmt.Errorf("chain %d: event %d of the log is %s, published were %v", chain, i, e.ID, order)
		}
	}
	if len(order) > len(log) {
		return fmt.Errorf("chain %d: published %v, the log does not have it", chain, order[len(log):])
	}
	return nil
}

// indexIsTheFold compares the live index with one rebuilt from the segments.
func (w *world) indexIsTheFold() error {
	rebuilt := eventlogtest.NewIndex()
	log := eventlog.New(eventlog.Config{Objects: w.objects, Index: rebuilt, Writer: "rebuilder", Now: w.now, NewID: func() string { return "none" }})
	if err := log.Rebuild(context.Background()); err != nil {
		return err
	}
	if live, want := w.index.Dump(), rebuilt.Dump(); live != want {
		return fmt.Errorf("the live index differs from the rebuilt one\nlive:\n%s\nrebuilt:\n%s", live, want)
	}
	return nil
}

// bucketLoss restores the bucket to an older state and checks that nothing is
// written where the index knows more than the bucket.
func (w *world) bucketLoss() error {
	w.killAll()
	w.late = nil
	w.objects.Restore(w.buckets[w.rng.IntN(len(w.buckets))])
	lost := [simChains]bool{}
	for chain := range simChains {
		log, _ := w.index.Snapshot(context.Background(), chain, eventlog.Query{})
		_, err := w.objects.Get(context.Background(), eventlog.SegmentKey(chain, log.Head.Next-1))
		lost[chain] = log.Head.Next > 0 && err != nil
	}
	if _, err := w.objects.Get(context.Background(), "log/v1/log.json"); err != nil {
		return nil // the whole log is gone; openMeta and Bind refuse, see TestOtherLog
	}
	before := w.objects.Backup()
	w.history = nil
	for range 3 {
		w.drain(w.spawn(false, w.writer))
	}
	for key := range w.objects.Backup() {
		for chain := range simChains {
			if lost[chain] && strings.HasPrefix(key, eventlog.SegmentKey(chain, 0)[:len("log/v1/000/")]) && before[key] == nil {
				return fmt.Errorf("a segment was written to %s although the bucket had lost the end of the chain", key)
			}
		}
	}
	for _, call := range w.history {
		if lost[call.chain] && !errors.Is(call.err, eventlog.ErrDamaged) {
			return fmt.Errorf("chain %d lost its end, a client was told: %v", call.chain, call.err)
		}
	}
	return nil
}
