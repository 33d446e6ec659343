package inverted

import "sort"

// Column holds the values of one field by ordinal, ascending. Most documents
// have one value: then docs and vals run in parallel and start is nil.
// Otherwise the values of docs[i] are vals[start[i]:start[i+1]].
type Column[T any] struct {
	docs  []uint32
	vals  []T
	start []uint32
}

// Add appends a value to the newest document. Ordinals never go back. The
// values of a document are kept in the order of less; with unique, one equal
// to another is left out.
func (c *Column[T]) Add(ord uint32, v T, less func(a, b T) bool, unique bool) {
	last := len(c.docs) - 1
	if last < 0 || c.docs[last] != ord {
		c.docs = append(c.docs, ord)
		c.vals = append(c.vals, v)
		if c.start != nil {
			c.start = append(c.start, uint32(len(c.vals)))
		}
		return
	}
	from := last
	if c.start != nil {
		from = int(c.start[last])
	}
	at := len(c.vals)
	for at > from && less(v, c.vals[at-1]) {
		at--
	}
	if unique && at > from && !less(c.vals[at-1], v) {
		return
	}
	if c.start == nil {
		c.start = make([]uint32, len(c.docs)+1, 2*len(c.docs)+1)
		for i := range c.start {
			c.start[i] = uint32(i)
		}
	}
	c.vals = append(c.vals, v)
	copy(c.vals[at+1:], c.vals[at:])
	c.vals[at] = v
	c.start[last+1] = uint32(len(c.vals))
}

// Docs returns the ordinals that have a value.
func (c *Column[T]) Docs() []uint32 {
	if c == nil {
		return nil
	}
	return c.docs
}

// At returns the values of the i-th document of Docs.
func (c *Column[T]) At(i int) []T {
	if c.start == nil {
		return c.vals[i : i+1]
	}
	return c.vals[c.start[i]:c.start[i+1]]
}

// Get returns the values of an ordinal.
func (c *Column[T]) Get(ord uint32) []T {
	if c == nil || len(c.docs) == 0 || ord < c.docs[0] {
		return nil
	}
	// Ordinals grow by at least one each, so the place is at most this one.
	i := int(ord - c.docs[0])
	if i >= len(c.docs) {
		i = len(c.docs) - 1
	}
	if c.docs[i] != ord {
		if c.docs[i] < ord {
			return nil
		}
		i = sort.Search(i, func(k int) bool { return c.docs[k] >= ord })
		if c.docs[i] != ord {
			return nil
		}
	}
	return c.At(i)
}

// compact copies the column with new ordinals; to[old] is 0 for dead ones, else
// the new ordinal plus one.
func (c *Column[T]) compact(to []uint32, value func(T) T) *Column[T] {
	out := &Column[T]{}
	for i, ord := range c.docs {
		now := to[ord]
		if now == 0 {
			continue
		}
		vals := c.At(i)
		if len(vals) > 1 && out.start == nil {
			out.start = make([]uint32, len(out.docs)+1)
			for k := range out.start {
				out.start[k] = uint32(k)
			}
		}
		out.docs = append(out.docs, now-1)
		for _, v := range vals {
			out.vals = append(out.vals, value(v))
		}
		if out.start != nil {
			out.start = append(out.start, uint32(len(out.vals)))
		}
	}
	return out
}

// Mark adds the documents below limit that have a fitting value to a set.
func (c *Column[T]) Mark(limit uint32, to *Bits, fits func(T) bool) {
	if c == nil {
		return
	}
	for i, ord := range c.docs {
		if ord >= limit {
			return
		}
		if c.start == nil {
			if fits(c.vals[i]) {
				to.Set(ord)
			}
			continue
		}
		for _, v := range c.At(i) {
			if fits(v) {
				to.Set(ord)
				break
			}
		}
	}
}
