package eventlog

import "context"

// Commit runs one batch on a chain in the caller's goroutine, without group
// commit, so that a simulation owns every step.
func (l *Log) Commit(ctx context.Context, chain int, entries []*Entry, reply func(entry int, r Result, err error)) {
	if _, err := l.Meta(ctx); err != nil {
		for i := range entries {
			reply(i, Result{}, err)
		}
		return
	}
	l.chains[chain].commit(ctx, entries, reply)
}

// SkipFirstUseCheck breaks a rule: the process trusts the index unseen.
func (l *Log) SkipFirstUseCheck(ctx context.Context) {
	if _, err := l.Meta(ctx); err != nil {
		return
	}
	for _, c := range l.chains {
		c.verified = true
		c.relayed.Store(true)
	}
}

// DecodeSegment gives tests the codec.
var DecodeSegment = decodeSegment

// NewSegment seals a segment for tests of the codec.
func NewSegment(s *Segment, add ...func(*Segment) error) error {
	for _, f := range add {
		if err := f(s); err != nil {
			return err
		}
	}
	return s.seal()
}

// Add appends an event to a segment under construction.
var Add = (*Segment).add
