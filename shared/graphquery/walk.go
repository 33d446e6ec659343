package graphquery

import (
	"context"
	"errors"

	"spiceharvester/shared/graph"
)

// errVisits ends a walk that looked at more than it may.
var errVisits = errors.New("graphquery: visit limit")

const (
	firstChunk = 8    // nodes of the first expansion of a hop
	lastChunk  = 256  // nodes of one expansion at most
	firstEdges = 2000 // edges asked for at once
)

// walker finds bindings one after the other: depth first, so that it stops as soon
// as a page is full. A node is expanded once a hop, together with siblings that
// would come next, and what leads nowhere is not tried again: the work grows with
// the graph that is reached, not with the number of ways through it.
type walker struct {
	engine           graph.Engine
	database, branch string
	hops             []graph.Hop
	visits           int // left
	atOnce           int // edges asked for at first
	chunk            []int

	links map[graph.Hop]map[graph.Node]*links
	dead  []map[graph.Node]bool // by level: no binding goes through here
	path  []graph.Edge
}

// links are what one hop finds at one node, or the first of it.
type links struct {
	edges []graph.Edge
	more  bool
}

func newWalker(engine graph.Engine, database, branch string, hops []graph.Hop, visits int) *walker {
	w := &walker{engine: engine, database: database, branch: branch, hops: hops, visits: visits, atOnce: firstEdges, links: map[graph.Hop]map[graph.Node]*links{}}
	for _, h := range hops {
		w.links[h] = map[graph.Node]*links{}
		w.dead = append(w.dead, map[graph.Node]bool{})
		w.chunk = append(w.chunk, firstChunk)
	}
	return w
}

// from finds the bindings that begin at nodes, in order, until emit returns false;
// then goOn is false too.
func (w *walker) from(ctx context.Context, nodes []graph.Node, emit func(start graph.Node, path []graph.Edge) bool) (goOn bool, err error) {
	for i, n := range nodes {
		if len(w.hops) == 0 {
			if !emit(n, nil) {
				return false, nil
			}
			continue
		}
		next := func(yield func(graph.Node) bool) {
			for _, n := range nodes[i:] {
				if !yield(n) {
					return
				}
			}
		}
		if err := w.load(ctx, 0, n, next); err != nil {
			return false, err
		}
		_, goOn, err := w.visit(ctx, 0, n, n, emit)
		if err != nil || !goOn {
			return false, err
		}
	}
	return true, nil
}

// visit finds the bindings through a node whose hop is loaded.
func (w *walker) visit(ctx context.Context, level int, start, n graph.Node, emit func(graph.Node, []graph.Edge) bool) (alive, goOn bool, err error) {
	if w.dead[level][n] {
		return false, true, nil
	}
	hop := w.hops[level]
	found := w.links[hop][n]
	for i := 0; ; i++ {
		if i == len(found.edges) {
			if !found.more {
				break
			}
			if err := w.grow(ctx, hop, n, found); err != nil {
				return alive, false, err
			}
			i--
			continue
		}
		w.path = append(w.path, found.edges[i])
		if level+1 == len(w.hops) {
			alive = true
			goOn = emit(start, w.path)
		} else {
			far := hop.Far(found.edges[i])
			next := func(yield func(graph.Node) bool) {
				for _, e := range found.edges[i:] {
					if !yield(hop.Far(e)) {
						return
					}
				}
			}
			var below bool
			if err = w.load(ctx, level+1, far, next); err == nil {
				below, goOn, err = w.visit(ctx, level+1, start, far, emit)
			}
			alive = alive || below
		}
		w.path = w.path[:len(w.path)-1]
		if err != nil || !goOn {
			return alive, false, err
		}
	}
	if !alive {
		w.dead[level][n] = true
	}
	return alive, true, nil
}

// load expands a node for a hop, and with it those that come next.
func (w *walker) load(ctx context.Context, level int, n graph.Node, next func(yield func(graph.Node) bool)) error {
	hop := w.hops[level]
	known := w.links[hop]
	if known[n] != nil {
		return nil
	}
	nodes := make([]graph.Node, 0, w.chunk[level])
	taken := map[graph.Node]bool{}
	for node := range next {
		if known[node] == nil && !taken[node] && !w.dead[level][node] {
			taken[node] = true
			nodes = append(nodes, node)
		}
		if len(nodes) == w.chunk[level] {
			break
		}
	}
	w.chunk[level] = min(4*w.chunk[level], lastChunk)
	for {
		edges, more, err := w.expand(ctx, nodes, hop, w.atOnce)
		if err != nil {
			return err
		}
		if more && len(nodes) > 1 { // of which nodes the rest is, nobody knows
			nodes = nodes[:max(1, len(nodes)/4)]
			continue
		}
		for _, node := range nodes {
			known[node] = &links{more: more}
		}
		for _, e := range edges {
			l := known[hop.Near(e)]
			l.edges = append(l.edges, e)
		}
		return nil
	}
}

// grow fetches more of the links of one node.
func (w *walker) grow(ctx context.Context, hop graph.Hop, n graph.Node, l *links) error {
	edges, more, err := w.expand(ctx, []graph.Node{n}, hop, 4*max(len(l.edges), w.atOnce))
	if err != nil {
		return err
	}
	if len(edges) < len(l.edges) { // some went meanwhile
		edges, more = l.edges, false
	}
	l.edges, l.more = edges, more
	return nil
}

func (w *walker) expand(ctx context.Context, nodes []graph.Node, hop graph.Hop, limit int) ([]graph.Edge, bool, error) {
	if w.visits <= 0 {
		return nil, false, errVisits
	}
	edges, more, err := w.engine.Expand(ctx, w.database, w.branch, nodes, hop, limit)
	w.visits -= len(nodes) + len(edges)
	return edges, more, err
}
