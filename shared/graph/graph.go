package graph

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Node names an instance.
type Node struct{ Class, ID string }

// Ref is the node as payloads write it: Class/id. A class has no slash, so it is
// not ambiguous.
func (n Node) Ref() string { return n.Class + "/" + n.ID }

// ParseRef reads Class/id.
func ParseRef(ref string) Node {
	class, id, _ := strings.Cut(ref, "/")
	return Node{Class: class, ID: id}
}

// Compare orders nodes by class, then id, byte by byte.
func (n Node) Compare(o Node) int {
	return cmp.Or(strings.Compare(n.Class, o.Class), strings.Compare(n.ID, o.ID))
}

// Edge is one link, always in the direction in which it is stored.
type Edge struct {
	From, To  Node
	Predicate string
}

// Compare orders edges by from, predicate, to.
func (e Edge) Compare(o Edge) int {
	return cmp.Or(e.From.Compare(o.From), strings.Compare(e.Predicate, o.Predicate), e.To.Compare(o.To))
}

// Hop says which links to follow.
type Hop struct {
	Predicate string
	Reverse   bool   // follow the links that point at the node
	Target    string // the class of the far end; "" for any
}

// Far is the end of an edge to which the hop leads.
func (h Hop) Far(e Edge) Node {
	if h.Reverse {
		return e.From
	}
	return e.To
}

// Near is the end of an edge from which the hop starts.
func (h Hop) Near(e Edge) Node {
	if h.Reverse {
		return e.To
	}
	return e.From
}

// Engine follows links. It is safe for concurrent use.
type Engine interface {
	// Expand gives the edges of one hop from each of the nodes, sorted by (from,
	// predicate, to), at most limit; more tells that there were more. limit is at
	// least 1. An edge whose target does not exist (any more) is an edge; an
	// instance that does not exist has none. A database without instances has none
	// either. An error means that the engine could not answer.
	Expand(ctx context.Context, database, branch string, from []Node, hop Hop, limit int) (edges []Edge, more bool, err error)
}

// Page sorts edges, drops doubles and cuts what is beyond the limit, as Expand
// must return them.
func Page(edges []Edge, limit int) ([]Edge, bool) {
	slices.SortFunc(edges, Edge.Compare)
	edges = slices.Compact(edges)
	if len(edges) > limit {
		return slices.Clip(edges[:limit]), true
	}
	return edges, false
}
