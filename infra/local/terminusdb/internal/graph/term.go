package graph

import (
	"cmp"
	"slices"
	"sync"
)

// Term is a node, or a literal of a datatype.
type Term struct {
	Type string // IRI of the datatype; "" is a node
	Text string // IRI of the node, or lexical form
}

// Node is the term of an IRI.
func Node(iri string) Term { return Term{Text: iri} }

// IsNode reports whether the term is no literal.
func (t Term) IsNode() bool { return t.Type == "" }

// ID numbers a term. 0 is none.
type ID uint32

// Dictionary numbers the terms of a database. Numbers are never reused. All
// methods may be called at any time.
type Dictionary struct {
	mu    sync.RWMutex
	terms []Term
	ids   map[Term]ID
}

// NewDictionary makes an empty one.
func NewDictionary() *Dictionary {
	return &Dictionary{terms: make([]Term, 1), ids: map[Term]ID{}}
}

// Lookup answers the number of a term, 0 if it has none.
func (d *Dictionary) Lookup(t Term) ID {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.ids[t]
}

// Term answers the term of a number.
func (d *Dictionary) Term(id ID) Term {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.terms[id]
}

// Len is how many terms there are.
func (d *Dictionary) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.terms) - 1
}

// Intern numbers the terms that have no number yet, in the order of the real
// server within one commit: nodes by IRI, then literals by type and text. It
// answers the new ones.
func (d *Dictionary) Intern(terms []Term) []Term {
	d.mu.Lock()
	defer d.mu.Unlock()
	var fresh []Term
	seen := map[Term]bool{}
	for _, t := range terms {
		if d.ids[t] == 0 && !seen[t] {
			seen[t] = true
			fresh = append(fresh, t)
		}
	}
	slices.SortFunc(fresh, func(a, b Term) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Text, b.Text))
	})
	for _, t := range fresh {
		d.ids[t] = ID(len(d.terms))
		d.terms = append(d.terms, t)
	}
	return fresh
}
