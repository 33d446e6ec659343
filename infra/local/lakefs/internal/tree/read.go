package tree

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Get finds a record; nil if the tree has none of that key.
func (t *Trees) Get(ctx context.Context, id, key string) (*Record, error) {
	spans, err := t.spans(ctx, id)
	if err != nil {
		return nil, err
	}
	i := seek(spans, key)
	if i == len(spans) || key < spans[i].First {
		return nil, nil
	}
	records, err := load[Record](ctx, t, spans[i].ID)
	if err != nil {
		return nil, err
	}
	k, found := search(records, key)
	if !found {
		return nil, nil
	}
	return &records[k], nil
}

// All yields the records of a tree from a key on, in order of keys. An error
// ends the sequence.
func (t *Trees) All(ctx context.Context, id, from string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		spans, err := t.spans(ctx, id)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, s := range spans[seek(spans, from):] {
			records, err := load[Record](ctx, t, s.ID)
			if err != nil {
				yield(Record{}, err)
				return
			}
			first, _ := search(records, from)
			for _, r := range records[first:] {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// seek finds the first span that may hold a key or a later one.
func seek(spans []span, key string) int {
	i, _ := slices.BinarySearchFunc(spans, key, func(s span, key string) int { return strings.Compare(s.Last, key) })
	return i
}

func search(records []Record, key string) (int, bool) {
	return slices.BinarySearchFunc(records, key, func(r Record, key string) int { return strings.Compare(r.Key, key) })
}
