package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"spiceharvester/shared/telemetry"
)

// ErrUnknown means that the log could not say whether an event was stored. The
// caller repeats the append with the same event id: it then gets the answer.
var ErrUnknown = errors.New("eventlog: unknown whether the event was stored; repeat with the same id")

// putTries is how often one PUT is repeated after an unknown answer.
const putTries = 3

// chain appends to one chain. Its commit runs once at a time per process;
// between processes the conditional PUT decides.
type chain struct {
	log      *Log
	number   int
	meta     Meta
	verified bool
	stopped  error // sticky: the log and the index contradict each other
	attempt  uint64
	relayed  atomic.Bool // the relay's place was checked against the bucket
}

// answer tells one entry's fate. It is called exactly once per entry.
type answer func(entry int, r Result, err error)

// commit appends the entries, in order, and answers each. The steps are those
// of the design: one snapshot, decide, PUT, apply.
func (c *chain) commit(ctx context.Context, entries []*Entry, reply answer) {
	waiting := make([]int, len(entries))
	for i := range entries {
		waiting[i] = i
	}
	fail := func(err error) {
		for _, i := range waiting {
			reply(i, Result{}, err)
		}
	}
	for {
		if err := c.verify(ctx); err != nil {
			fail(err)
			return
		}
		batch := make([]*Entry, len(waiting))
		for i, at := range waiting {
			batch[i] = entries[at]
		}
		view, err := c.log.index.Snapshot(ctx, c.number, queryFor(batch))
		if err != nil {
			fail(fmt.Errorf("%w: index: %w", ErrUnknown, err))
			return
		}
		seg := c.newSegment(view.Head)
		d := decider{view: view, seg: seg}
		var verdicts []verdict
		var still []int
		for i, en := range batch {
			v := d.decide(en)
			if v.final {
				reply(waiting[i], v.result, v.err)
				continue
			}
			verdicts, still = append(verdicts, v), append(still, waiting[i])
		}
		if waiting = still; len(waiting) == 0 {
			return
		}
		if err := seg.seal(); err != nil {
			fail(err)
			return
		}
		switch err := c.put(ctx, seg); {
		case err == nil:
			c.committed(seg)
			c.log.keep(seg)
			// The log has the segment; an index that cannot be reached now is
			// brought up by whoever comes next.
			if _, err := c.log.apply(ctx, seg); err != nil {
				c.log.logger.WarnContext(ctx, "index falls behind the log", "chain", c.number, "segment", seg.Number, "error", err)
			}
			for i, at := range waiting {
				reply(at, verdicts[i].result, verdicts[i].err)
			}
			if len(seg.Events) > 0 {
				c.log.told(c.number)
			}
			return
		case errors.Is(err, ErrExists):
			telemetry.LostRaces.WithLabelValues(strconv.Itoa(c.number)).Inc()
			if err := c.log.catchUp(ctx, c.number, view.Head); err != nil {
				c.stopIfDamaged(err)
				fail(fmt.Errorf("%w: %w", ErrUnknown, err))
				return
			}
		default:
			fail(fmt.Errorf("%w: %w", ErrUnknown, err))
			return
		}
	}
}

func (c *chain) newSegment(head Head) *Segment {
	c.attempt++
	return &Segment{
		Log: c.meta.ID, Chain: c.number, Number: head.Next, Previous: head.Digest,
		Writer: fmt.Sprintf("%s.%d", c.log.writer, c.attempt), Written: c.log.now().UTC(),
	}
}

// put stores the segment. It returns nil if the log has it, ErrExists if
// another segment stands there, and any other error if that is not known.
func (c *chain) put(ctx context.Context, seg *Segment) error {
	key := segmentKey(c.number, seg.Number)
	for try := 1; ; try++ {
		err := c.log.objects.Create(ctx, key, seg.Bytes())
		if err == nil {
			return nil
		}
		if errors.Is(err, ErrExists) {
			return c.whose(ctx, key, seg)
		}
		if try == putTries || ctx.Err() != nil {
			return fmt.Errorf("PUT %s: %w", key, err)
		}
		if err := c.log.sleep(ctx, time.Duration(try)*50*time.Millisecond); err != nil {
			return fmt.Errorf("PUT %s: %w", key, err)
		}
	}
}

// whose tells whether the segment that stands at key is ours: a retry, by us or
// by the client library, finds what the first try had stored.
func (c *chain) whose(ctx context.Context, key string, seg *Segment) error {
	body, err := c.log.objects.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("GET %s: %w", key, err)
	}
	found, err := decodeSegment(c.meta.ID, c.number, seg.Number, body)
	if err != nil {
		return err
	}
	if found.Digest() == seg.Digest() {
		return nil
	}
	return ErrExists
}

// stopIfDamaged keeps a process from writing to a log that does not fit
// together.
func (c *chain) stopIfDamaged(err error) {
	if errors.Is(err, ErrDamaged) {
		c.stopped = err
	}
}

// verify runs before a process first writes to the chain: the last segment
// that the index knows must be in the bucket, unaltered.
func (c *chain) verify(ctx context.Context) error {
	if c.stopped != nil {
		return c.stopped
	}
	if c.verified {
		return nil
	}
	view, err := c.log.index.Snapshot(ctx, c.number, Query{})
	if err != nil {
		return fmt.Errorf("%w: index: %w", ErrUnknown, err)
	}
	err = c.log.verifyEnd(ctx, c.meta, c.number, view.Head, "the index")
	if err == nil {
		c.verified = true
	}
	c.stopIfDamaged(err)
	return err
}
