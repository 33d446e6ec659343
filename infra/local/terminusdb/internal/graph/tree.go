package graph

import (
	"cmp"
	"slices"
)

// key is a triple in the order of a tree.
type key [3]ID

func compare(a, b key) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
}

// full is the most keys of a node.
const full = 96

// edit names one edit: nodes that it made may be changed by it in place.
type edit struct{ _ byte }

// node of a B+ tree. A leaf has the keys; an inner node has, beside each
// child, the smallest key of it.
type node struct {
	by   *edit
	keys []key
	kids []*node
}

// own answers a node that the edit may change.
func (n *node) own(by *edit) *node {
	if n.by == by {
		return n
	}
	c := &node{by: by, keys: make([]key, len(n.keys), min(cap(n.keys)+8, full+1))}
	copy(c.keys, n.keys)
	if n.kids != nil {
		c.kids = make([]*node, len(n.kids), full+1)
		copy(c.kids, n.kids)
	}
	return c
}

// child is the index of the child that k belongs to.
func (n *node) child(k key) int {
	i, found := slices.BinarySearchFunc(n.keys, k, compare)
	if !found && i > 0 {
		i--
	}
	return i
}

// insert answers the node with k in it and, if it had to be split, its right
// half. added is false if k was there: then nothing changed.
func (n *node) insert(by *edit, k key) (left, right *node, added bool) {
	if n.kids == nil {
		i, found := slices.BinarySearchFunc(n.keys, k, compare)
		if found {
			return n, nil, false
		}
		n = n.own(by)
		n.keys = slices.Insert(n.keys, i, k)
		return n, n.split(by), true
	}
	i := n.child(k)
	kid, more, added := n.kids[i].insert(by, k)
	if !added {
		return n, nil, false
	}
	n = n.own(by)
	n.kids[i], n.keys[i] = kid, kid.keys[0]
	if more != nil {
		n.kids = slices.Insert(n.kids, i+1, more)
		n.keys = slices.Insert(n.keys, i+1, more.keys[0])
	}
	return n, n.split(by), true
}

// split cuts off the right half of a node that is too full.
func (n *node) split(by *edit) *node {
	if len(n.keys) <= full {
		return nil
	}
	// Ids grow: what comes last is mostly followed by more.
	at := len(n.keys) * 2 / 3
	right := &node{by: by, keys: slices.Clone(n.keys[at:])}
	n.keys = n.keys[:at]
	if n.kids != nil {
		right.kids = slices.Clone(n.kids[at:])
		clear(n.kids[at:])
		n.kids = n.kids[:at]
	}
	return right
}

// remove answers the node without k, nil if nothing is left of it.
func (n *node) remove(by *edit, k key) (rest *node, removed bool) {
	i, found := slices.BinarySearchFunc(n.keys, k, compare)
	if n.kids == nil {
		if !found {
			return n, false
		}
		n = n.own(by)
		n.keys = slices.Delete(n.keys, i, i+1)
	} else {
		i = n.child(k)
		kid, removed := n.kids[i].remove(by, k)
		if !removed {
			return n, false
		}
		n = n.own(by)
		if kid == nil {
			n.kids, n.keys = slices.Delete(n.kids, i, i+1), slices.Delete(n.keys, i, i+1)
		} else {
			n.kids[i], n.keys[i] = kid, kid.keys[0]
		}
	}
	if len(n.keys) == 0 {
		return nil, true
	}
	return n, true
}

// scan yields the keys from a key on, in order, until yield says false.
func (n *node) scan(from key, yield func(key) bool) bool {
	if n == nil {
		return true
	}
	if n.kids == nil {
		i, _ := slices.BinarySearchFunc(n.keys, from, compare)
		for ; i < len(n.keys); i++ {
			if !yield(n.keys[i]) {
				return false
			}
		}
		return true
	}
	for i := n.child(from); i < len(n.kids); i++ {
		if !n.kids[i].scan(from, yield) {
			return false
		}
	}
	return true
}

func (n *node) has(k key) bool {
	for n != nil {
		if n.kids == nil {
			_, found := slices.BinarySearchFunc(n.keys, k, compare)
			return found
		}
		n = n.kids[n.child(k)]
	}
	return false
}

func insert(root *node, by *edit, k key) (*node, bool) {
	if root == nil {
		return &node{by: by, keys: []key{k}}, true
	}
	left, right, added := root.insert(by, k)
	if right != nil {
		return &node{by: by, keys: []key{left.keys[0], right.keys[0]}, kids: []*node{left, right}}, true
	}
	return left, added
}

func remove(root *node, by *edit, k key) (*node, bool) {
	if root == nil {
		return nil, false
	}
	return root.remove(by, k)
}
