package store

import (
	"iter"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// Statement is a triple of terms.
type Statement struct{ S, P, O graph.Term }

// Type is the predicate that names the class of a node.
var Type = graph.Node(xsd.RDF + "type")

// View is a commit to read from.
type View struct {
	Commit *Commit
	Graph  graph.Graph
	Terms  *graph.Dictionary
	Schema *schema.Schema
	typeID graph.ID
}

// View reads a commit of the database.
func (d *Database) View(c *Commit) *View {
	return &View{Commit: c, Graph: d.graphOf(c), Terms: d.Terms, Schema: c.Schema, typeID: d.Terms.Lookup(Type)}
}

// old is a graph that was made again.
type old struct {
	of    *Commit
	graph graph.Graph
}

// graphOf answers the graph of a commit; the last one that had to be made again
// is kept for the next page.
func (d *Database) graphOf(c *Commit) graph.Graph {
	if c.graph.Load() != nil {
		return c.Graph()
	}
	if last := d.old.Load(); last != nil && last.of == c {
		return last.graph
	}
	g := c.Graph()
	d.old.Store(&old{c, g})
	return g
}

// TypeID is the number of the predicate Type, 0 if nothing has a type.
func (v *View) TypeID() graph.ID { return v.typeID }

// Subject yields the statements about a node.
func (v *View) Subject(s graph.Term) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		id := v.Terms.Lookup(s)
		if id == 0 {
			return
		}
		for t := range v.Graph.Match(graph.Triple{S: id}) {
			if !yield(Statement{s, v.Terms.Term(t.P), v.Terms.Term(t.O)}) {
				return
			}
		}
	}
}

// Object yields the statements that point at a node.
func (v *View) Object(o graph.Term) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		id := v.Terms.Lookup(o)
		if id == 0 {
			return
		}
		for t := range v.Graph.Match(graph.Triple{O: id}) {
			if !yield(Statement{v.Terms.Term(t.S), v.Terms.Term(t.P), o}) {
				return
			}
		}
	}
}

// ClassOf is the IRI of the class of a node, "" if it has none.
func (v *View) ClassOf(s graph.Term) string {
	id := v.Terms.Lookup(s)
	if id == 0 || v.typeID == 0 {
		return ""
	}
	if o := v.Graph.Object(id, v.typeID); o != 0 {
		return v.Terms.Term(o).Text
	}
	return ""
}

// Has reports whether the graph has a statement.
func (v *View) Has(s Statement) bool {
	t := graph.Triple{S: v.Terms.Lookup(s.S), P: v.Terms.Lookup(s.P), O: v.Terms.Lookup(s.O)}
	return t.S != 0 && t.P != 0 && t.O != 0 && v.Graph.Has(t)
}

// Tx collects changes to a view. What is read is the view, without the changes.
type Tx struct {
	*View
	ops     map[Statement]bool // true adds; the last one said counts
	order   []Statement
	Deleted []graph.Term
}

// NewTx starts a change of a view.
func NewTx(v *View) *Tx { return &Tx{View: v, ops: map[Statement]bool{}} }

// Add adds a statement.
func (t *Tx) Add(s Statement) { t.set(s, true) }

// Remove removes a statement.
func (t *Tx) Remove(s Statement) { t.set(s, false) }

func (t *Tx) set(s Statement, add bool) {
	if _, ok := t.ops[s]; !ok {
		t.order = append(t.order, s)
	}
	t.ops[s] = add
}

// Diff are the statements that the change removes from and adds to the view.
func (t *Tx) Diff() (removed, added []Statement) {
	for _, s := range t.order {
		switch has := t.Has(s); {
		case t.ops[s] && !has:
			added = append(added, s)
		case !t.ops[s] && has:
			removed = append(removed, s)
		}
	}
	return removed, added
}
