package graphquery

import (
	"fmt"

	"spiceharvester/shared/graph"
)

// collector makes nodes, edges and paths out of bindings, up to the limits.
type collector struct {
	q        *Query
	skip     int // bindings before the page
	bindings int // on the page

	nodes    []graph.Node
	edges    []graph.Edge
	paths    []Path
	warnings []string

	haveNode map[graph.Node]bool
	haveEdge map[graph.Edge]bool
	havePath map[string]bool
}

func newCollector(q *Query) *collector {
	return &collector{
		q: q, skip: q.Offset, nodes: []graph.Node{}, edges: []graph.Edge{}, warnings: []string{},
		haveNode: map[graph.Node]bool{}, haveEdge: map[graph.Edge]bool{}, havePath: map[string]bool{},
	}
}

// wanted is how many bindings are still to come until the page is full.
func (c *collector) wanted() int { return c.skip + c.q.Limit - c.bindings }

func (c *collector) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, w := range c.warnings {
		if w == text {
			return
		}
	}
	c.warnings = append(c.warnings, text)
}

// add takes one binding; false ends the query. path is only lent.
func (c *collector) add(start graph.Node, path []graph.Edge) bool {
	if c.skip > 0 {
		c.skip--
		return true
	}
	if !c.node(start) {
		return false
	}
	at := start
	nodes := append(make([]graph.Node, 0, len(path)+1), start)
	for i, e := range path {
		at = c.q.far(i, e)
		if !c.node(at) || !c.edge(e) {
			return false
		}
		nodes = append(nodes, at)
	}
	if c.q.IncludePaths {
		c.addPath(nodes, path)
	}
	c.bindings++
	return c.bindings < c.q.Limit
}

func (q *Query) far(i int, e graph.Edge) graph.Node {
	if q.Hops[i].reversed() {
		return e.From
	}
	return e.To
}

func (c *collector) node(n graph.Node) bool {
	if c.haveNode[n] {
		return true
	}
	if len(c.nodes) == c.q.MaxNodes {
		c.warn("node_limit_reached(max_nodes=%d)", c.q.MaxNodes)
		return false
	}
	c.haveNode[n] = true
	c.nodes = append(c.nodes, n)
	return true
}

func (c *collector) edge(e graph.Edge) bool {
	if c.haveEdge[e] {
		return true
	}
	if len(c.edges) == c.q.MaxEdges {
		c.warn("edge_limit_reached(max_edges=%d)", c.q.MaxEdges)
		return false
	}
	c.haveEdge[e] = true
	c.edges = append(c.edges, e)
	return true
}

// Path is one way from a start to an end.
type Path struct {
	Nodes []string   `json:"nodes"`
	Edges []PathEdge `json:"edges"`
}

// PathEdge is an edge inside a path, in the direction of the link.
type PathEdge struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Predicate string `json:"predicate"`
}

// addPath adds the path of a binding. One that is cut to the depth asked for may be
// there already.
func (c *collector) addPath(nodes []graph.Node, edges []graph.Edge) {
	if d := c.q.PathDepthLimit; d != nil && len(edges) > *d {
		edges, nodes = edges[:*d], nodes[:*d+1]
	}
	if c.q.NoCycles {
		seen := map[graph.Node]bool{}
		for _, n := range nodes {
			if seen[n] {
				c.warn("cycle_filtered(no_cycles=true)")
				return
			}
			seen[n] = true
		}
	}
	p := Path{Nodes: make([]string, len(nodes)), Edges: make([]PathEdge, len(edges))}
	key := ""
	for i, n := range nodes {
		p.Nodes[i] = n.Ref()
		key += n.Ref() + "\x00"
	}
	for i, e := range edges {
		p.Edges[i] = PathEdge{From: e.From.Ref(), To: e.To.Ref(), Predicate: e.Predicate}
	}
	if c.havePath[key] {
		return
	}
	if len(c.paths) == c.q.MaxPaths {
		c.warn("%s", PathLimitReached(c.q.MaxPaths))
		return
	}
	c.havePath[key] = true
	c.paths = append(c.paths, p)
}
