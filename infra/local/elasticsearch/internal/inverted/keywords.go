package inverted

import (
	"slices"
	"sort"
	"strings"
	"sync"
)

// Keywords holds the exact strings of one field: a dictionary, the documents
// of each string, and the strings of each document.
type Keywords struct {
	dict
	// Most strings stand in one document: first holds it, more the others.
	first []uint32
	more  map[uint32][]uint32
	docs  Column[uint32]
	order order
}

func newKeywords() *Keywords {
	return &Keywords{more: map[uint32][]uint32{}}
}

// add notes a string of the newest document and returns its number.
func (k *Keywords) add(ord uint32, term string) uint32 {
	id, ok := k.find(term)
	if !ok {
		id = k.dict.add(term)
		k.first = append(k.first, ord)
	} else if k.last(id) != ord {
		k.more[id] = append(k.more[id], ord)
	}
	k.docs.Add(ord, id, func(a, b uint32) bool { return k.terms[a] < k.terms[b] }, true)
	return id
}

func (k *Keywords) last(id uint32) uint32 {
	if more := k.more[id]; len(more) > 0 {
		return more[len(more)-1]
	}
	return k.first[id]
}

// ID returns the number of a string.
func (k *Keywords) ID(term string) (uint32, bool) {
	if k == nil {
		return 0, false
	}
	return k.find(term)
}

// Term returns the string of a number.
func (k *Keywords) Term(id uint32) string { return k.terms[id] }

// Len returns the number of different strings, dead ones included.
func (k *Keywords) Len() int {
	if k == nil {
		return 0
	}
	return len(k.terms)
}

// DocCount returns in how many documents a string stands, dead ones included.
func (k *Keywords) DocCount(id uint32) int { return 1 + len(k.more[id]) }

// Mark adds the documents of a string, below limit, to a set.
func (k *Keywords) Mark(id uint32, limit uint32, to *Bits) {
	if k.first[id] < limit {
		to.Set(k.first[id])
	}
	for _, ord := range k.more[id] {
		if ord >= limit {
			break
		}
		to.Set(ord)
	}
}

// Values returns the numbers of the strings of a document, in the order of the
// strings.
func (k *Keywords) Values(ord uint32) []uint32 {
	if k == nil {
		return nil
	}
	return k.docs.Get(ord)
}

// Docs returns the documents that have a string.
func (k *Keywords) Docs() []uint32 {
	if k == nil {
		return nil
	}
	return k.docs.Docs()
}

// Between returns the numbers of the strings from lo to hi in their order; up
// to the end if open is true.
func (k *Keywords) Between(lo, hi string, open bool) []uint32 {
	if k == nil {
		return nil
	}
	return k.order.between(k.terms, lo, hi, open)
}

// Sorted returns the numbers of all strings in their order.
func (k *Keywords) Sorted() []uint32 { return k.Between("", "", true) }

func (k *Keywords) compact(to []uint32) *Keywords {
	out := newKeywords()
	renumber := make([]uint32, len(k.terms))
	for id, term := range k.terms {
		kept := uint32(len(out.terms))
		var more []uint32
		add := func(ord uint32) {
			now := to[ord]
			if now == 0 {
				return
			}
			if int(kept) == len(out.terms) {
				out.dict.add(term)
				out.first = append(out.first, now-1)
				return
			}
			more = append(more, now-1)
		}
		add(k.first[id])
		for _, ord := range k.more[uint32(id)] {
			add(ord)
		}
		if more != nil {
			out.more[kept] = more
		}
		renumber[id] = kept
	}
	out.docs = *k.docs.compact(to, func(id uint32) uint32 { return renumber[id] })
	return out
}

// order is the lazily built alphabetical order of a growing dictionary.
type order struct {
	mu     sync.Mutex
	sorted []uint32
}

// between returns a part of the order. The returned slice is never changed.
func (o *order) between(terms []string, lo, hi string, open bool) []uint32 {
	o.mu.Lock()
	if n := len(o.sorted); n < len(terms) {
		fresh := make([]uint32, 0, len(terms)-n)
		for id := n; id < len(terms); id++ {
			fresh = append(fresh, uint32(id))
		}
		slices.SortFunc(fresh, func(a, b uint32) int { return strings.Compare(terms[a], terms[b]) })
		merged := make([]uint32, 0, len(terms))
		i, j := 0, 0
		for i < n && j < len(fresh) {
			if terms[o.sorted[i]] < terms[fresh[j]] {
				merged = append(merged, o.sorted[i])
				i++
			} else {
				merged = append(merged, fresh[j])
				j++
			}
		}
		o.sorted = append(append(merged, o.sorted[i:]...), fresh[j:]...)
	}
	sorted := o.sorted
	o.mu.Unlock()
	from := sort.Search(len(sorted), func(i int) bool { return terms[sorted[i]] >= lo })
	to := len(sorted)
	if !open {
		to = sort.Search(len(sorted), func(i int) bool { return terms[sorted[i]] >= hi })
	}
	return sorted[from:max(from, to)]
}

// Newest returns the newest document of a string.
func (k *Keywords) Newest(id uint32) uint32 { return k.last(id) }
