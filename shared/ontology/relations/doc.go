// Package relations looks at the relationships between classes: whether they are
// declared well and fit each other, which circles they make, and which ways lead from
// one class to another (bff-api 3.7, 3.8). It is pure, and its searches are bounded, so
// that a schema made to be hard takes no longer than a large one.
package relations

import (
	"maps"
	"slices"

	"spiceharvester/shared/ontology"
)

// Schema is a set of classes by id, each as it was declared.
type Schema map[string]ontology.Class

func (s Schema) ids() []string { return slices.Sorted(maps.Keys(s)) }

// edge is a relationship as an arrow from its class to its target.
type edge struct {
	from, to, predicate string
	cardinality         ontology.Cardinality
	// both says that the relationship is declared to go both ways.
	both bool
}

// graph is the arrows of a schema by the class that they leave, in order.
type graph map[string][]edge

// newGraph makes the arrows. An inverse predicate is an arrow back; where the target
// declares that relationship itself, it is one arrow, not two.
func newGraph(s Schema) graph {
	g := graph{}
	type key struct{ from, to, predicate string }
	at := map[key]int{}
	add := func(e edge) {
		k := key{e.from, e.to, e.predicate}
		if i, twice := at[k]; twice {
			g[e.from][i].both = g[e.from][i].both || e.both
			return
		}
		at[k] = len(g[e.from])
		g[e.from] = append(g[e.from], e)
	}
	for _, id := range s.ids() {
		for _, r := range s[id].Relationships {
			back := r.InversePredicate != nil && *r.InversePredicate != ""
			add(edge{id, r.Target, r.Predicate, r.Cardinality, back})
			if back && r.Target != id {
				add(edge{r.Target, id, *r.InversePredicate, inverse(r.Cardinality), true})
			}
		}
	}
	return g
}

// inverse is a cardinality seen from the other side.
func inverse(c ontology.Cardinality) ontology.Cardinality {
	switch c {
	case ontology.OneToMany:
		return ontology.ManyToOne
	case ontology.ManyToOne:
		return ontology.OneToMany
	}
	return c
}
