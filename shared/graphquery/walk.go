package graphquery

import (
	"context"
	"errors"

	"spiceharvester/shared/graph"
)

// errVisits ends a walk that looked at more than it may.
var errVisits = errors.New("graphquery: visit limit")

const (
	maxChunk   = 256  // nodes of one expansion at most
	minEdges   = 64   // edges asked for at once of one node, at least
	firstEdges = 2000 // and at most; of several nodes always as many
)

// walker finds bindings one after the other: depth first, so that it stops as soon
// as a page is full. A node is expanded once a hop, together with siblings that
// would come next, and what leads nowhere is not tried again: the work grows with
// the graph that is reached, not with the number of ways through it.
type walker struct {
	engine           graph.Engine
	database, branch string
	hops             []graph.Hop
	visits           int        // left
	wanted           func() int // bindings until the page is full
	atOnce           int        // firstEdges
	levels           []level

	links map[graph.Hop]map[graph.Node]*links
	dead  []map[graph.Node]bool // by level: no binding goes through here
	path  []graph.Edge
}

// level is what was seen of a hop.
type level struct{ chunk, nodes, edges int }

// fan is how many links a node has on average; 1 while nothing is known.
func (l *level) fan() float64 {
	if l.nodes == 0 {
		return 1
	}
	return max(float64(l.edges)/float64(l.nodes), 0.05)
}

// links are what one hop finds at one node, or the first of it.
type links struct {
	edges []graph.Edge
	more  bool
}

func newWalker(engine graph.Engine, database, branch string, hops []graph.Hop, visits int, wanted func() int) *walker {
	w := &walker{wanted: wanted, levels: make([]level, len(hops)), engine: engine, database: database, branch: branch, hops: hops, visits: visits, atOnce: firstEdges, links: map[graph.Hop]map[graph.Node]*links{}}
	for _, h := range hops {
		w.links[h] = map[graph.Node]*links{}
		w.dead = append(w.dead, map[graph.Node]bool{})
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

// chunk is how many nodes of a hop to expand next: as many as the bindings that are
// wanted need, but never many more than the last time.
func (w *walker) chunk(at int) int {
	need := float64(w.wanted())
	for i := range w.levels[at:] {
		need /= w.levels[at+i].fan()
	}
	l := &w.levels[at]
	l.chunk = max(1, min(int(need)+1, 4*l.chunk, maxChunk))
	return l.chunk
}

// load expands a node for a hop, and with it those that come next.
func (w *walker) load(ctx context.Context, at int, n graph.Node, next func(yield func(graph.Node) bool)) error {
	hop := w.hops[at]
	known := w.links[hop]
	if known[n] != nil {
		return nil
	}
	size := w.chunk(at)
	nodes := make([]graph.Node, 0, size)
	taken := map[graph.Node]bool{}
	for node := range next {
		if known[node] == nil && !taken[node] {
			taken[node] = true
			nodes = append(nodes, node)
		}
		if len(nodes) == size {
			break
		}
	}
	for {
		limit := w.atOnce
		if len(nodes) == 1 {
			limit = min(limit, max(2*w.wanted(), minEdges))
		}
		edges, more, err := w.expand(ctx, nodes, hop, limit)
		if err != nil {
			return err
		}
		if more && len(nodes) > 1 { // of which nodes the rest is, nobody knows
			nodes = nodes[:max(1, len(nodes)/4)]
			continue
		}
		w.levels[at].nodes += len(nodes)
		w.levels[at].edges += len(edges)
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
	edges, more, err := w.expand(ctx, []graph.Node{n}, hop, 4*max(len(l.edges), 1))
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
