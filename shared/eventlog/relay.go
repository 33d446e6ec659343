package eventlog

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/shared/event"
)

// Publisher hands events to a transport. It returns nil only when every event
// is acknowledged; then none of them can be lost by the transport's producer.
type Publisher interface {
	Publish(ctx context.Context, events []event.Event) error
}

// Limits of what one publication carries: a backlog of small segments shares a
// round trip to the transport and one to the index.
const (
	relaySegments = 32
	relayEvents   = 2000
)

// RelayCursor is the name of the relay's place in the index.
const RelayCursor = "message-relay"

// Relay publishes a chain from the relay's place to the end of the log, and
// reports how many events it published. It reads by number until nothing is
// there, not to the index's head: a segment whose writer died before it moved
// the head is published too, and applied. Two relays at once publish twice,
// never skip.
func (l *Log) Relay(ctx context.Context, chain int, p Publisher) (published int, err error) {
	at, head, err := l.relayStart(ctx, chain)
	if err != nil {
		return 0, err
	}
	var events []event.Event
	segments := 0
	flush := func() error {
		if segments == 0 {
			return nil
		}
		if len(events) > 0 {
			if err := p.Publish(ctx, events); err != nil {
				return fmt.Errorf("eventlog: publish chain %d up to segment %d: %w", chain, at.Next-1, err)
			}
		}
		if err := l.index.MoveCursor(ctx, RelayCursor, chain, at); err != nil {
			return fmt.Errorf("eventlog: cursor: %w", err)
		}
		published += len(events)
		events, segments = nil, 0
		return nil
	}
	for seg, err := range l.Tail(ctx, chain, at) {
		if err == nil && seg.Number >= head.Next {
			_, err = l.apply(ctx, seg)
		}
		if err != nil {
			return published, errors.Join(err, flush()) // what was read before is fine
		}
		events, segments, at = append(events, seg.Events...), segments+1, seg.After()
		if segments == relaySegments || len(events) >= relayEvents {
			if err := flush(); err != nil {
				return published, err
			}
		}
	}
	if err := flush(); err != nil {
		return published, err
	}
	if at.Next < head.Next {
		// A number that is missing below the index's head is a hole, which
		// would hide all that follows.
		return published, fmt.Errorf("%w: chain %d: segment %d is missing, the index ends in %d; "+
			"restore the bucket, or rebuild from it to accept the loss", ErrDamaged, chain, at.Next, head.Next-1)
	}
	return published, nil
}

// relayStart gives the relay's place and the index's head, which is at least
// as far. A process checks its first place against the bucket.
func (l *Log) relayStart(ctx context.Context, chain int) (at, head Head, err error) {
	meta, err := l.Meta(ctx)
	if err != nil {
		return at, head, err
	}
	if at, err = l.index.Cursor(ctx, RelayCursor, chain); err != nil {
		return at, head, fmt.Errorf("eventlog: cursor: %w", err)
	}
	if !l.chains[chain].relayed.Load() {
		if err := l.verifyEnd(ctx, meta, chain, at, "the relay"); err != nil {
			return at, head, err
		}
		l.chains[chain].relayed.Store(true)
	}
	view, err := l.index.Snapshot(ctx, chain, Query{})
	if err != nil {
		return at, head, fmt.Errorf("eventlog: index: %w", err)
	}
	if view.Head.Next >= at.Next {
		return at, view.Head, nil
	}
	// The index lost what the relay had seen; after this it has all of it.
	return at, at, l.catchUp(ctx, chain, view.Head)
}
