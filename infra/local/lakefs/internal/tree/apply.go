package tree

import (
	"context"
	"slices"
	"strings"
)

// Change sets the record of a key, or removes it if Record is nil.
type Change struct {
	Key    string
	Record *Record
}

// Apply writes the tree that has the changes and answers its id: the same id
// if they change nothing. No two changes have the same key.
func (t *Trees) Apply(ctx context.Context, id string, changes []Change) (string, error) {
	old, err := t.spans(ctx, id)
	if err != nil {
		return "", err
	}
	changes = slices.SortedFunc(slices.Values(changes), func(a, b Change) int { return strings.Compare(a.Key, b.Key) })
	b := builder{trees: t}
	for i, s := range old {
		here := len(changes)
		if i+1 < len(old) {
			here, _ = slices.BinarySearchFunc(changes, old[i+1].First, func(c Change, key string) int { return strings.Compare(c.Key, key) })
		}
		// What does not start a range of its own cannot be taken over.
		if here == 0 && len(b.open) == 0 {
			b.spans = append(b.spans, s)
			continue
		}
		records, err := load[Record](ctx, t, s.ID)
		if err != nil {
			return "", err
		}
		if err := b.merge(ctx, records, changes[:here]); err != nil {
			return "", err
		}
		changes = changes[here:]
	}
	if err := b.merge(ctx, nil, changes); err != nil {
		return "", err
	}
	if err := b.cut(ctx); err != nil {
		return "", err
	}
	if slices.Equal(b.spans, old) {
		return id, nil
	}
	if len(b.spans) == 0 {
		return Empty, nil
	}
	return save(ctx, t, b.spans)
}

// Write writes a tree of its own, as Apply to Empty does, but so that even one
// without records has an object in the store.
func (t *Trees) Write(ctx context.Context, changes []Change) (string, error) {
	id, err := t.Apply(ctx, Empty, changes)
	if err == nil && id == Empty {
		return save(ctx, t, []span{})
	}
	return id, err
}

// builder collects records into ranges.
type builder struct {
	trees *Trees
	spans []span
	open  []Record
}

// merge adds records and changes, both sorted, in order of keys. Of a key in
// both the change counts; if it is equal, the record stays as it was.
func (b *builder) merge(ctx context.Context, records []Record, changes []Change) error {
	for len(records) > 0 || len(changes) > 0 {
		var next *Record
		switch {
		case len(changes) == 0 || (len(records) > 0 && records[0].Key < changes[0].Key):
			next, records = &records[0], records[1:]
		default:
			next = changes[0].Record
			if len(records) > 0 && records[0].Key == changes[0].Key {
				if next != nil && next.Identity == records[0].Identity {
					next = &records[0]
				}
				records = records[1:]
			}
			changes = changes[1:]
		}
		if next == nil {
			continue
		}
		b.open = append(b.open, *next)
		if boundary(next.Key) {
			if err := b.cut(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut ends the open range.
func (b *builder) cut(ctx context.Context) error {
	if len(b.open) == 0 {
		return nil
	}
	id, err := save(ctx, b.trees, b.open)
	if err != nil {
		return err
	}
	b.spans = append(b.spans, span{ID: id, First: b.open[0].Key, Last: b.open[len(b.open)-1].Key, Count: len(b.open)})
	b.open = nil
	return nil
}
