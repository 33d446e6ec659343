package store

import (
	"sync/atomic"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
)

// Commit is a state of a branch. It never changes, but its graph may be
// forgotten and made again from earlier ones.
type Commit struct {
	ID      string
	Initial bool // made with the branch; the first own commit takes its place
	Parent  *Commit
	Author  string
	Message string
	Time    float64 // seconds since 1970
	Schema  *schema.Schema
	// HasInstance tells that the instance graph was written, now or before.
	HasInstance bool

	removed, added []graph.Triple
	depth          int
	graph          atomic.Pointer[graph.Graph]
	// gone has a triple (document, 0, 0) for each document that was deleted.
	gone graph.Graph
}

// keepRecent is how many commits of a branch keep their graph, besides each
// keepEvery-th.
const keepRecent, keepEvery = 8, 64

// Graph is the instance graph of the commit.
func (c *Commit) Graph() graph.Graph {
	if g := c.graph.Load(); g != nil {
		return *g
	}
	var chain []*Commit
	var g graph.Graph
	for at := c; at != nil; at = at.Parent {
		if known := at.graph.Load(); known != nil {
			g = *known
			break
		}
		chain = append(chain, at)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		g = g.Edit(chain[i].removed, chain[i].added)
	}
	return g
}

// Deleted reports whether a document of the number was deleted at some time.
func (c *Commit) Deleted(id graph.ID) bool { return c.gone.Has(graph.Triple{S: id}) }

// forgetOld drops the graph of a commit that became old.
func (c *Commit) forgetOld() {
	old := c
	for range keepRecent {
		if old = old.Parent; old == nil {
			return
		}
	}
	if old.depth%keepEvery != 0 {
		old.graph.Store(nil)
	}
}

// Changes reports whether the commit adds statements about a node.
func (c *Commit) Changes(id graph.ID) bool {
	for _, t := range c.added {
		if t.S == id {
			return true
		}
	}
	return false
}
