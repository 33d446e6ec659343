package store

import (
	"slices"
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
	deleted        []graph.ID // documents
	graph          atomic.Pointer[graph.Graph]
}

// keepRecent is how many commits of a branch keep their graph. Older graphs are
// made again when they are asked for: each would hold on to much that has
// changed since.
const keepRecent = 8

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
func (c *Commit) Deleted(id graph.ID) bool {
	for at := c; at != nil; at = at.Parent {
		if slices.Contains(at.deleted, id) {
			return true
		}
	}
	return false
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
