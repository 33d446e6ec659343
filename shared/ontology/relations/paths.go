package relations

import (
	"cmp"
	"math"
	"slices"

	"spiceharvester/shared/ontology"
)

// PathType says which ways are wanted, and in which order.
type PathType string

// The types of paths.
const (
	Shortest PathType = "shortest" // for each class that can be reached the way with the fewest relationships
	All      PathType = "all"      // all, the shortest first
	Weighted PathType = "weighted" // all, the lightest first
	Semantic PathType = "semantic" // all, those with the most telling predicates first
)

// PathTypes are all of them.
var PathTypes = []string{string(Shortest), string(All), string(Weighted), string(Semantic)}

// Path is a way along relationships, in their direction or against it where an inverse
// predicate is declared.
type Path struct {
	Classes    []string
	Predicates []string
	Weight     float64
	Confidence float64
}

// maxPaths bounds the ways that are found.
const maxPaths = 1000

// predicateWeights are what a step along a predicate costs; others cost 1. What says that
// something belongs to another thing is a closer bond.
var predicateWeights = map[string]float64{
	"isA": 0.5, "subClassOf": 0.5, "partOf": 0.7, "hasPart": 0.7, "contains": 0.7, "memberOf": 0.7, "belongsTo": 0.7, "ownedBy": 0.8, "owns": 0.8,
	"relatedTo": 1.5, "references": 1.5, "seeAlso": 1.5,
}

// cardinalityFactors make a step that fans out cost more.
var cardinalityFactors = map[ontology.Cardinality]float64{
	ontology.OneToOne: 0.8, ontology.ManyToOne: 0.9, ontology.OneToMany: 1.1, ontology.ManyToMany: 1.5,
}

func predicateWeight(p string) float64 {
	if w, ok := predicateWeights[p]; ok {
		return w
	}
	return 1
}

func (e edge) weight() float64 {
	return predicateWeight(e.predicate) * cardinalityFactors[e.cardinality]
}

// Paths finds the ways from a class to another, or to all if end is "", of at most depth
// relationships.
func Paths(s Schema, start, end string, depth int, t PathType) []Path {
	g := newGraph(s)
	found := walks(g, start, depth, func(at string) bool { return end == "" || at == end })
	if t == Shortest {
		found = shortest(g, start, end, depth)
	}
	order := map[PathType]func(p Path) float64{
		Shortest: func(p Path) float64 { return float64(len(p.Predicates)) },
		All:      func(p Path) float64 { return float64(len(p.Predicates)) },
		Weighted: func(p Path) float64 { return p.Weight },
		Semantic: func(p Path) float64 {
			sum := 0.0
			for _, predicate := range p.Predicates {
				sum += predicateWeight(predicate)
			}
			return sum / float64(len(p.Predicates))
		},
	}[t]
	slices.SortFunc(found, func(a, b Path) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(len(a.Predicates), len(b.Predicates)), cmp.Compare(a.Weight, b.Weight),
			slices.Compare(a.Classes, b.Classes), slices.Compare(a.Predicates, b.Predicates))
	})
	return found
}

// newPath follows edges. A path of several steps is less sure than one of a single step.
func newPath(start string, edges []edge) Path {
	p := Path{Classes: []string{start}, Predicates: []string{}}
	for _, e := range edges {
		p.Classes, p.Predicates = append(p.Classes, e.to), append(p.Predicates, e.predicate)
		p.Weight += e.weight()
	}
	p.Weight = round(p.Weight)
	p.Confidence = round(math.Pow(0.9, float64(len(edges)-1)))
	return p
}

func round(f float64) float64 { return math.Round(f*1000) / 1000 }

// walks finds the ways that visit no class twice.
func walks(g graph, start string, depth int, wanted func(string) bool) []Path {
	var found []Path
	var edges []edge
	on, steps := map[string]bool{start: true}, 0
	var walk func(at string)
	walk = func(at string) {
		for _, e := range g[at] {
			if steps++; steps > maxSteps || len(found) >= maxPaths {
				return
			}
			if on[e.to] {
				continue
			}
			edges = append(edges, e)
			if wanted(e.to) {
				found = append(found, newPath(start, edges))
			}
			if len(edges) < depth {
				on[e.to] = true
				walk(e.to)
				delete(on, e.to)
			}
			edges = edges[:len(edges)-1]
		}
	}
	walk(start)
	return found
}

// shortest finds for each class, or for one, the way with the fewest relationships; among
// these the lightest. It goes outward in rings: within a ring the lightest way to each
// class of the next is kept.
func shortest(g graph, start, end string, depth int) []Path {
	type way struct {
		edges  []edge
		weight float64
	}
	ring, done := map[string]way{start: {}}, map[string]bool{start: true}
	var found []Path
	for step := 0; step < depth && len(ring) > 0; step++ {
		next := map[string]way{}
		for at, w := range ring {
			for _, e := range g[at] {
				weight := w.weight + e.weight()
				best, known := next[e.to]
				if done[e.to] || known && (best.weight < weight || best.weight == weight && !before(w.edges, e, best.edges)) {
					continue
				}
				next[e.to] = way{append(slices.Clone(w.edges), e), weight}
			}
		}
		for to, w := range next {
			done[to] = true
			if end == "" || to == end {
				found = append(found, newPath(start, w.edges))
			}
		}
		ring = next
	}
	return found
}

// before orders ways of the same weight, so that the answer is always the same.
func before(edges []edge, last edge, other []edge) bool {
	return slices.CompareFunc(append(slices.Clone(edges), last), other, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.predicate, b.predicate))
	}) < 0
}
