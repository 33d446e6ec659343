package graph

import "iter"

// Triple is a statement by numbers.
type Triple struct{ S, P, O ID }

// Graph is a set of triples. It never changes; the zero value is empty.
type Graph struct {
	spo, pos, osp *node
	size          int
}

// Size is the number of triples.
func (g Graph) Size() int { return g.size }

// Has reports whether the graph has the triple.
func (g Graph) Has(t Triple) bool { return g.spo.has(key{t.S, t.P, t.O}) }

// Match yields the triples that agree with t, in which 0 means any, in the
// order of the numbers that are free: subject before predicate before object,
// but objects before subjects where only the predicate is given.
func (g Graph) Match(t Triple) iter.Seq[Triple] {
	return func(yield func(Triple) bool) {
		switch {
		case t.S != 0 && t.P != 0 && t.O != 0:
			if g.Has(t) {
				yield(t)
			}
		case t.S != 0 && t.O != 0:
			prefix(g.osp, key{t.O, t.S}, 2, func(k key) bool { return yield(Triple{k[1], k[2], k[0]}) })
		case t.S != 0 && t.P != 0:
			prefix(g.spo, key{t.S, t.P}, 2, func(k key) bool { return yield(Triple{k[0], k[1], k[2]}) })
		case t.S != 0:
			prefix(g.spo, key{t.S}, 1, func(k key) bool { return yield(Triple{k[0], k[1], k[2]}) })
		case t.P != 0 && t.O != 0:
			prefix(g.pos, key{t.P, t.O}, 2, func(k key) bool { return yield(Triple{k[2], k[0], k[1]}) })
		case t.P != 0:
			prefix(g.pos, key{t.P}, 1, func(k key) bool { return yield(Triple{k[2], k[0], k[1]}) })
		case t.O != 0:
			prefix(g.osp, key{t.O}, 1, func(k key) bool { return yield(Triple{k[1], k[2], k[0]}) })
		default:
			prefix(g.spo, key{}, 0, func(k key) bool { return yield(Triple{k[0], k[1], k[2]}) })
		}
	}
}

// prefix yields the keys that agree with from in the first n places.
func prefix(root *node, from key, n int, yield func(key) bool) {
	root.scan(from, func(k key) bool {
		for i := range n {
			if k[i] != from[i] {
				return false
			}
		}
		return yield(k)
	})
}

// Object answers an object of subject and predicate, 0 if there is none.
func (g Graph) Object(s, p ID) ID {
	for t := range g.Match(Triple{S: s, P: p}) {
		return t.O
	}
	return 0
}

// Edit answers a graph without the removed and with the added triples.
func (g Graph) Edit(removed, added []Triple) Graph {
	by := &edit{}
	for _, t := range removed {
		var did bool
		if g.spo, did = remove(g.spo, by, key{t.S, t.P, t.O}); did {
			g.pos, _ = remove(g.pos, by, key{t.P, t.O, t.S})
			g.osp, _ = remove(g.osp, by, key{t.O, t.S, t.P})
			g.size--
		}
	}
	for _, t := range added {
		var did bool
		if g.spo, did = insert(g.spo, by, key{t.S, t.P, t.O}); did {
			g.pos, _ = insert(g.pos, by, key{t.P, t.O, t.S})
			g.osp, _ = insert(g.osp, by, key{t.O, t.S, t.P})
			g.size++
		}
	}
	return g
}
