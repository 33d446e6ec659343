package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Remembered is how long event ids and outcomes are kept in the index. After
// that an id counts as new and only the expectation protects.
const Remembered = 8 * 24 * time.Hour

// apply stores what a segment changes. Ids and outcomes that are too old to be
// remembered are left out, which happens in a rebuild only.
func (l *Log) apply(ctx context.Context, seg *Segment) (moved bool, err error) {
	moved, err = l.index.Apply(ctx, l.deltaOf(seg))
	if err != nil {
		return false, fmt.Errorf("eventlog: apply chain %d, segment %d: %w", seg.Chain, seg.Number, err)
	}
	return moved, nil
}

func (l *Log) deltaOf(seg *Segment) Delta {
	d := seg.delta()
	d.Forgotten = l.now().Sub(d.Written) > Remembered
	return d
}

// segment reads one segment; ErrNotFound is the end of the chain.
func (l *Log) segment(ctx context.Context, meta Meta, chain int, number uint64) (*Segment, error) {
	body, err := l.objects.Get(ctx, segmentKey(chain, number))
	if err != nil {
		return nil, fmt.Errorf("eventlog: GET %s: %w", segmentKey(chain, number), err)
	}
	return decodeSegment(meta.ID, chain, number, body)
}

// catchUp applies every segment from a head to the end of the chain.
func (l *Log) catchUp(ctx context.Context, chain int, from Head) error {
	meta, err := l.Meta(ctx)
	if err != nil {
		return err
	}
	for {
		seg, err := l.segment(ctx, meta, chain, from.Next)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := seg.follows(from); err != nil {
			return err
		}
		if _, err := l.apply(ctx, seg); err != nil {
			return err
		}
		from = Head{Next: seg.Number + 1, Digest: seg.Digest()}
	}
}

// CatchUp brings the index of a chain up to the end of the log.
func (l *Log) CatchUp(ctx context.Context, chain int) error {
	view, err := l.index.Snapshot(ctx, chain, Query{})
	if err != nil {
		return fmt.Errorf("eventlog: index: %w", err)
	}
	return l.catchUp(ctx, chain, view.Head)
}

// Rebuild makes the index of every chain anew from the segments. Others read the
// old one until a chain is done; writers wait, or find the index behind and bring
// it up themselves.
func (l *Log) Rebuild(ctx context.Context) error {
	meta, err := l.Meta(ctx)
	if err != nil {
		return err
	}
	for chain := range meta.Chains {
		err := l.index.Rebuild(ctx, chain, func(apply func(Delta) (bool, error)) error {
			for seg, err := range l.Read(ctx, chain, Head{}) {
				if err != nil {
					return err
				}
				if moved, err := apply(l.deltaOf(seg)); err != nil || !moved {
					return errors.Join(err, fmt.Errorf("the index does not move on from segment %d", seg.Number))
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("eventlog: rebuild index of chain %d: %w", chain, err)
		}
		if err := l.CatchUp(ctx, chain); err != nil {
			return err
		}
	}
	return nil
}

// verifyEnd checks that the segment before a head is in the bucket with the
// digest that whose (the index, a cursor) recorded. A bucket that was restored
// to an older state fails here, before a hole can grow.
func (l *Log) verifyEnd(ctx context.Context, meta Meta, chain int, head Head, whose string) error {
	if head.Next == 0 {
		return nil
	}
	last := head.Next - 1
	seg, err := l.segment(ctx, meta, chain, last)
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: chain %d: %s knows segment %d, the bucket does not have it. "+
			"If the bucket was restored to an older state, restore a newer one; "+
			"to accept the loss, rebuild every index and projection from the bucket", ErrDamaged, chain, whose, last)
	}
	if err != nil {
		return err
	}
	if seg.Digest() != head.Digest {
		return fmt.Errorf("%w: chain %d, segment %d: %s recorded digest %s, the bucket has %s",
			ErrDamaged, chain, last, whose, head.Digest, seg.Digest())
	}
	return nil
}
