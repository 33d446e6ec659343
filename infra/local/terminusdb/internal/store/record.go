package store

import (
	"fmt"

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
		d.branches[r.Branch] = c
	case "unbranch":
		delete(d.branches, r.Branch)
	case "reset":
		d.branches[r.Branch] = d.commits[r.Commit]
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
		removed: triples(r.Removed), added: triples(r.Added), depth: head.depth + 1, gone: head.gone,
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
	if len(r.Deleted) > 0 {
		gone := make([]graph.Triple, len(r.Deleted))
		for i, id := range r.Deleted {
			gone[i] = graph.Triple{S: id}
		}
		c.gone = c.gone.Edit(nil, gone)
	}
	if head.Initial {
		c.Parent, c.depth = nil, 0
		delete(d.commits, head.ID)
	}
	d.commits[c.ID], d.branches[r.Branch] = c, c
	c.forgetOld()
	return nil
}

func triples(ids []graph.ID) []graph.Triple {
	list := make([]graph.Triple, 0, len(ids)/3)
	for i := 0; i+2 < len(ids); i += 3 {
		list = append(list, graph.Triple{S: ids[i], P: ids[i+1], O: ids[i+2]})
	}
	return list
}
