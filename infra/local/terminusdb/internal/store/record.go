package store

import (
	"fmt"
	"maps"
	"slices"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
)

// record is an entry of the journal of a database.
type record struct {
	Kind    string           `json:"kind"` // info, branch, unbranch, reset, commit
	Info    *Info            `json:"info,omitempty"`
	Branch  string           `json:"branch,omitempty"`
	Commit  string           `json:"commit,omitempty"`
	Author  string           `json:"author,omitempty"`
	Message string           `json:"message,omitempty"`
	Time    float64          `json:"time,omitempty"`
	Terms   []graph.Term     `json:"terms,omitempty"` // in the order of their numbers
	Removed []graph.ID       `json:"removed,omitempty"`
	Added   []graph.ID       `json:"added,omitempty"`
	Deleted []graph.ID       `json:"deleted,omitempty"`
	Context map[string]any   `json:"context,omitempty"`
	Classes []map[string]any `json:"classes,omitempty"`

	built *schema.Schema // what Context and Classes say
}

// apply changes the state as a record says.
func (d *Database) apply(r *record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.Kind {
	case "info":
		d.info = *r.Info
	case "branch":
		c := d.commits[r.Commit]
		if c == nil {
			var err error
			if c, err = d.initial(r); err != nil {
				return err
			}
		}
		d.setHead(r.Branch, c)
	case "unbranch":
		before := d.branches[r.Branch]
		delete(d.branches, r.Branch)
		d.forget(before)
	case "reset":
		before := d.branches[r.Branch]
		d.setHead(r.Branch, d.commits[r.Commit])
		d.forget(before)
	case "commit":
		return d.applyCommit(r)
	default:
		return fmt.Errorf("unknown record %q", r.Kind)
	}
	return nil
}

// initial makes the first commit of a branch without origin.
func (d *Database) initial(r *record) (*Commit, error) {
	s, err := schema.Build(schema.NewContext(r.Context), nil)
	if err != nil {
		return nil, err
	}
	c := &Commit{ID: r.Commit, Initial: true, Author: "system", Message: "create initial schema", Time: r.Time, Schema: s}
	c.graph.Store(&graph.Graph{})
	d.commits[c.ID] = c
	return c, nil
}

func (d *Database) applyCommit(r *record) error {
	head := d.branches[r.Branch]
	if head == nil {
		return fmt.Errorf("commit %s: branch %q does not exist", r.Commit, r.Branch)
	}
	c := &Commit{
		ID: r.Commit, Parent: head, Author: r.Author, Message: r.Message, Time: r.Time, Schema: head.Schema,
		removed: triples(r.Removed), added: triples(r.Added), deleted: r.Deleted,
		HasInstance: head.HasInstance || len(r.Added)+len(r.Removed) > 0,
	}
	if r.Context != nil {
		c.Schema = r.built
		if c.Schema == nil {
			var err error
			if c.Schema, err = schema.Build(schema.NewContext(r.Context), r.Classes); err != nil {
				return err
			}
		}
	}
	g := head.Graph().Edit(c.removed, c.added)
	c.graph.Store(&g)
	d.commits[c.ID], d.branches[r.Branch] = c, c
	if head.Initial {
		c.Parent = nil
		if !slices.Contains(slices.Collect(maps.Values(d.branches)), head) {
			delete(d.commits, head.ID)
		}
	}
	old := c
	for range keepRecent {
		if old = old.Parent; old == nil {
			return nil
		}
	}
	d.forget(old)
	return nil
}

// setHead makes a commit the head of a branch. Heads have their graph.
func (d *Database) setHead(branch string, c *Commit) {
	d.branches[branch] = c
	if c.graph.Load() == nil {
		g := c.Graph()
		c.graph.Store(&g)
	}
}

// forget drops the graph of a commit, unless it is a head.
func (d *Database) forget(c *Commit) {
	if !slices.Contains(slices.Collect(maps.Values(d.branches)), c) {
		c.graph.Store(nil)
	}
}

func triples(ids []graph.ID) []graph.Triple {
	list := make([]graph.Triple, 0, len(ids)/3)
	for i := 0; i+2 < len(ids); i += 3 {
		list = append(list, graph.Triple{S: ids[i], P: ids[i+1], O: ids[i+2]})
	}
	return list
}
