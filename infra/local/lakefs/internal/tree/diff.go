package tree

import (
	"context"
	"iter"
)

// Difference is a key whose records differ; nil stands for none.
type Difference struct {
	Key         string
	Left, Right *Record
}

// Diff yields the differences of two trees from a key on, in order of keys. An
// error ends the sequence.
func (t *Trees) Diff(ctx context.Context, left, right, from string) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		if left == right {
			return
		}
		l, err := t.walk(ctx, left, from)
		if err != nil {
			yield(Difference{}, err)
			return
		}
		r, err := t.walk(ctx, right, from)
		if err != nil {
			yield(Difference{}, err)
			return
		}
		for !l.done() || !r.done() {
			if l.atStart() && r.atStart() && l.spans[0].ID == r.spans[0].ID {
				l.spans, r.spans = l.spans[1:], r.spans[1:]
				continue
			}
			a, err := l.peek(ctx)
			if err != nil {
				yield(Difference{}, err)
				return
			}
			b, err := r.peek(ctx)
			if err != nil {
				yield(Difference{}, err)
				return
			}
			var d Difference
			switch {
			case b == nil || (a != nil && a.Key < b.Key):
				d = Difference{Key: a.Key, Left: a}
				l.next()
			case a == nil || b.Key < a.Key:
				d = Difference{Key: b.Key, Right: b}
				r.next()
			default:
				l.next()
				r.next()
				if a.Identity == b.Identity {
					continue
				}
				d = Difference{Key: a.Key, Left: a, Right: b}
			}
			if d.Key >= from && !yield(d, nil) {
				return
			}
		}
	}
}

// walker steps through a tree, a record or a range at a time.
type walker struct {
	trees *Trees
	spans []span
	open  []Record // rest of the first span, once it was read
}

func (t *Trees) walk(ctx context.Context, id, from string) (*walker, error) {
	spans, err := t.spans(ctx, id)
	if err != nil {
		return nil, err
	}
	return &walker{trees: t, spans: spans[seek(spans, from):]}, nil
}

func (w *walker) done() bool { return len(w.spans) == 0 }

// atStart reports whether a range can be skipped whole.
func (w *walker) atStart() bool { return len(w.spans) > 0 && w.open == nil }

// peek is the current record, nil at the end.
func (w *walker) peek(ctx context.Context) (*Record, error) {
	if w.done() {
		return nil, nil
	}
	if w.open == nil {
		records, err := load[Record](ctx, w.trees, w.spans[0].ID)
		if err != nil {
			return nil, err
		}
		w.open = records
	}
	return &w.open[0], nil
}

func (w *walker) next() {
	if w.open = w.open[1:]; len(w.open) == 0 {
		w.spans, w.open = w.spans[1:], nil
	}
}

// Resolve says what a merge does with a key that both sides changed.
type Resolve int

// Refuse reports a conflict, TakeSource and TakeDestination let one side win.
const (
	Refuse Resolve = iota
	TakeSource
	TakeDestination
)

// Merge writes the tree destination with what source changed since base.
// conflict says that nothing was written, because both sides changed a key.
func (t *Trees) Merge(ctx context.Context, base, source, destination string, r Resolve) (id string, conflict bool, err error) {
	if destination == base {
		return source, false, nil
	}
	var changes []Change
	for d, err := range t.Diff(ctx, base, source, "") {
		if err != nil {
			return "", false, err
		}
		ours, err := t.Get(ctx, destination, d.Key)
		if err != nil {
			return "", false, err
		}
		switch {
		case Equal(ours, d.Left) || (r == TakeSource && !Equal(ours, d.Right)):
			changes = append(changes, Change{Key: d.Key, Record: d.Right})
		case Equal(ours, d.Right) || r == TakeDestination:
		default:
			return "", true, nil
		}
	}
	id, err = t.Apply(ctx, destination, changes)
	return id, false, err
}

// Equal compares two records of one key; nil stands for none.
func Equal(a, b *Record) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Identity == b.Identity
}
