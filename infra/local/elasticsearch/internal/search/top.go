package search

import (
	"cmp"
	"slices"
)

// hit is a document that was found.
type hit struct {
	r     *Reader
	shard int
	ord   uint32
	score float32
	keys  []key
	sorts []*sorter
}

// top keeps the best n hits as a heap with the worst one on top.
type top struct {
	n     int
	desc  []bool
	heap  []hit
	after []key // only hits behind these keys
	shard int

	scratch []key // room for the keys of the next document
}

func (t *top) compare(a, b *hit) int {
	for i := range a.keys {
		if c := compareKeys(a.keys[i], b.keys[i], t.desc[i]); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(a.shard, b.shard); c != 0 {
		return c
	}
	return cmp.Compare(a.ord, b.ord)
}

// offer looks at one document. Further keys are only read if the first ones
// do not decide, and only kept if the document is among the best.
func (t *top) offer(r *Reader, sorts []*sorter, ord uint32, score float32) {
	if t.n == 0 {
		return
	}
	full := len(t.heap) == t.n
	keys, read := t.scratch[:0], len(sorts)
	if cap(keys) < len(sorts) {
		keys = make([]key, 0, len(sorts))
	}
	for i := range sorts {
		keys = append(keys, sorts[i].load(ord, score))
		if full {
			c := compareKeys(keys[i], t.heap[0].keys[i], t.desc[i])
			if c > 0 {
				t.scratch = keys
				return
			}
			if c < 0 {
				read = i + 1
				break
			}
		}
	}
	for i := read; i < len(sorts); i++ {
		keys = append(keys, sorts[i].load(ord, score))
	}
	t.scratch = keys
	if t.after != nil && !t.behind(keys) {
		return
	}
	h := hit{r: r, shard: t.shard, ord: ord, score: score, sorts: sorts, keys: keys}
	if full && t.compare(&h, &t.heap[0]) >= 0 {
		return
	}
	t.scratch = nil // these keys stay
	if !full {
		t.heap = append(t.heap, h)
		t.up(len(t.heap) - 1)
		return
	}
	t.scratch = t.heap[0].keys
	t.heap[0] = h
	t.down(0)
}

// behind reports whether keys come after the last page.
func (t *top) behind(keys []key) bool {
	for i := range keys {
		if c := compareKeys(keys[i], t.after[i], t.desc[i]); c != 0 {
			return c > 0
		}
	}
	return false
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.compare(&t.heap[i], &t.heap[parent]) <= 0 {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(t.heap); c++ {
			if t.compare(&t.heap[c], &t.heap[worst]) > 0 {
				worst = c
			}
		}
		if worst == i {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted returns the hits, the best first.
func (t *top) sorted() []hit {
	slices.SortFunc(t.heap, func(a, b hit) int { return t.compare(&a, &b) })
	return t.heap
}
