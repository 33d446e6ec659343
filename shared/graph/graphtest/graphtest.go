// Package graphtest is the conformance suite of graph engines.
package graphtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/shared/graph"
)

// Instance is an instance with its links.
type Instance struct {
	Node  graph.Node
	Links []Link
}

// Link is one link of an instance.
type Link struct {
	Predicate string
	To        graph.Node
}

// World is an engine and the way to fill what it reads.
type World struct {
	Engine graph.Engine
	// Put creates instances of a database, or replaces them. Afterwards the engine
	// sees them. A link may point at what does not exist.
	Put func(t testing.TB, database string, instances ...Instance)
	// Delete deletes instances that were put. Afterwards the engine knows.
	Delete func(t testing.TB, database string, nodes ...graph.Node)
	// Break lets the store answer nothing until mend is called; nil if the test
	// cannot do that.
	Break func() (mend func())
}

const database, branch = "shop", "main"

// Suite checks an engine. open gives an empty world each time.
func Suite(t *testing.T, open func(t *testing.T) World) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, w World)
	}{
		{"BothDirections", bothDirections},
		{"OnlyTheHopsLinks", onlyTheHopsLinks},
		{"CyclesAndSelfLinks", cyclesAndSelfLinks},
		{"MissingTargets", missingTargets},
		{"DeletedInstances", deletedInstances},
		{"ManyLinks", manyLinks},
		{"OddIDs", oddIDs},
		{"Limits", limits},
		{"Databases", databases},
		{"NothingIsAsked", nothingIsAsked},
		{"FollowsChanges", followsChanges},
		{"AgreesWithAModel", agreesWithAModel},
		{"OutagesAreErrors", outagesAreErrors},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func node(ref string) graph.Node { return graph.ParseRef(ref) }

// instance makes an instance; links are "predicate>Class/id".
func instance(ref string, links ...string) Instance {
	i := Instance{Node: node(ref)}
	for _, l := range links {
		predicate, to, _ := strings.Cut(l, ">")
		i.Links = append(i.Links, Link{predicate, node(to)})
	}
	return i
}

func edge(from, predicate, to string) graph.Edge {
	return graph.Edge{From: node(from), Predicate: predicate, To: node(to)}
}

func (w World) expand(t testing.TB, hop graph.Hop, limit int, from ...graph.Node) ([]graph.Edge, bool) {
	t.Helper()
	edges, more, err := w.Engine.Expand(context.Background(), database, branch, from, hop, limit)
	if err != nil {
		t.Fatalf("expand %v of %v: %v", hop, from, err)
	}
	return edges, more
}

func (w World) check(t *testing.T, hop graph.Hop, from []string, want ...graph.Edge) {
	t.Helper()
	nodes := make([]graph.Node, len(from))
	for i, ref := range from {
		nodes[i] = node(ref)
	}
	got, more := w.expand(t, hop, 1000, nodes...)
	if !slices.Equal(got, want) || more {
		t.Errorf("%+v of %v: %v (more %t), want %v", hop, from, got, more, want)
	}
}

func bothDirections(t *testing.T, w World) {
	w.Put(t, database, instance("Client/c1"), instance("Client/c2"), instance("Product/p1", "owned_by>Client/c1"),
		instance("Product/p2", "owned_by>Client/c1"), instance("Product/p3", "owned_by>Client/c2"))
	owner, owned := graph.Hop{Predicate: "owned_by", Target: "Client"}, graph.Hop{Predicate: "owned_by", Target: "Product", Reverse: true}
	w.check(t, owner, []string{"Product/p3", "Product/p1", "Product/p1"}, edge("Product/p1", "owned_by", "Client/c1"), edge("Product/p3", "owned_by", "Client/c2"))
	w.check(t, owned, []string{"Client/c1"}, edge("Product/p1", "owned_by", "Client/c1"), edge("Product/p2", "owned_by", "Client/c1"))
	w.check(t, owned, []string{"Client/c2", "Client/c1"}, edge("Product/p1", "owned_by", "Client/c1"), edge("Product/p2", "owned_by", "Client/c1"), edge("Product/p3", "owned_by", "Client/c2"))
	w.check(t, owner, []string{"Client/c1"})
	w.check(t, owned, []string{"Product/p1"})
}

func onlyTheHopsLinks(t *testing.T, w World) {
	w.Put(t, database, instance("B/1"), instance("C/1"), instance("A/1", "p>B/1", "p>C/1", "pp>B/1", "q>B/1"), instance("D/1", "p>B/1"))
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/1"}, edge("A/1", "p", "B/1"), edge("A/1", "p", "C/1"))
	w.check(t, graph.Hop{Predicate: "p", Target: "C"}, []string{"A/1"}, edge("A/1", "p", "C/1"))
	w.check(t, graph.Hop{Predicate: "p", Target: "None"}, []string{"A/1"})
	w.check(t, graph.Hop{Predicate: "none"}, []string{"A/1"})
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, []string{"B/1"}, edge("A/1", "p", "B/1"), edge("D/1", "p", "B/1"))
	w.check(t, graph.Hop{Predicate: "p", Reverse: true, Target: "D"}, []string{"B/1"}, edge("D/1", "p", "B/1"))
	w.check(t, graph.Hop{Predicate: "q", Reverse: true}, []string{"B/1", "C/1"}, edge("A/1", "q", "B/1"))
}

func cyclesAndSelfLinks(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "next>A/2"), instance("A/2", "next>A/1"), instance("A/3", "next>A/3", "next>A/1"))
	next, before := graph.Hop{Predicate: "next", Target: "A"}, graph.Hop{Predicate: "next", Target: "A", Reverse: true}
	w.check(t, next, []string{"A/1", "A/2"}, edge("A/1", "next", "A/2"), edge("A/2", "next", "A/1"))
	w.check(t, next, []string{"A/3"}, edge("A/3", "next", "A/1"), edge("A/3", "next", "A/3"))
	w.check(t, before, []string{"A/3"}, edge("A/3", "next", "A/3"))
	w.check(t, before, []string{"A/1", "A/3"}, edge("A/2", "next", "A/1"), edge("A/3", "next", "A/1"), edge("A/3", "next", "A/3"))
}

func missingTargets(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "p>B/gone"), instance("A/2", "p>B/gone"))
	w.check(t, graph.Hop{Predicate: "p", Target: "B"}, []string{"A/1", "A/none"}, edge("A/1", "p", "B/gone"))
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, []string{"B/gone"}, edge("A/1", "p", "B/gone"), edge("A/2", "p", "B/gone"))
}

func deletedInstances(t *testing.T, w World) {
	w.Put(t, database, instance("B/1"), instance("A/1", "p>B/1"), instance("A/2", "p>B/1"))
	w.Delete(t, database, node("A/1"))
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/1", "A/2"}, edge("A/2", "p", "B/1"))
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, []string{"B/1"}, edge("A/2", "p", "B/1"))
	w.Delete(t, database, node("B/1")) // the link stays
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/2"}, edge("A/2", "p", "B/1"))
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, []string{"B/1"}, edge("A/2", "p", "B/1"))
}

func manyLinks(t *testing.T, w World) {
	const n = 1500 // more than one page of an engine
	hub := Instance{Node: node("Hub/1")}
	var all []Instance
	var targets []graph.Node
	for i := range n {
		leaf := graph.Node{Class: "Leaf", ID: fmt.Sprintf("%04d", i)}
		hub.Links = append(hub.Links, Link{"has", leaf})
		all = append(all, Instance{Node: leaf, Links: []Link{{"of", hub.Node}}})
		targets = append(targets, leaf)
	}
	w.Put(t, database, append(all, hub)...)
	for name, c := range map[string]struct {
		hop  graph.Hop
		from []graph.Node
	}{
		"out of one":   {graph.Hop{Predicate: "has", Target: "Leaf"}, []graph.Node{hub.Node}},
		"into one":     {graph.Hop{Predicate: "of", Target: "Leaf", Reverse: true}, []graph.Node{hub.Node}},
		"out of many":  {graph.Hop{Predicate: "of", Target: "Hub"}, targets},
		"into many":    {graph.Hop{Predicate: "has", Target: "Hub", Reverse: true}, targets},
		"without hops": {graph.Hop{Predicate: "none"}, targets},
	} {
		want := n
		if name == "without hops" {
			want = 0
		}
		edges, more := w.expand(t, c.hop, n, c.from...)
		if len(edges) != want || more || !slices.IsSortedFunc(edges, graph.Edge.Compare) {
			t.Errorf("%s: %d edges, more %t, want %d", name, len(edges), more, want)
		}
	}
}

func oddIDs(t *testing.T, w World) {
	ids := []string{
		"a'b", `a"b`, "a#b", "a/b", "a>b", "50%", "a:b", "..", "?x=1&y", "한글 키", "a\\b", "\u00a0x", "<b>", "{}", "0", "é", "e\u0301",
		strings.Repeat("x", 512), strings.Repeat("한", 170), strings.Repeat("x", 511) + "y",
	}
	instances := []Instance{{Node: node("Hub/1")}}
	for _, id := range ids {
		self := graph.Node{Class: "Odd", ID: id}
		instances = append(instances, Instance{Node: self, Links: []Link{{"hub", node("Hub/1")}, {"self", self}}})
	}
	w.Put(t, database, instances...)
	for _, id := range ids {
		n := graph.Node{Class: "Odd", ID: id}
		want := []graph.Edge{{From: n, Predicate: "self", To: n}}
		for _, reverse := range []bool{false, true} {
			if got, _ := w.expand(t, graph.Hop{Predicate: "self", Target: "Odd", Reverse: reverse}, 10, n); !slices.Equal(got, want) {
				t.Errorf("%.20q, reverse %t: %v", id, reverse, got)
			}
		}
	}
	edges, _ := w.expand(t, graph.Hop{Predicate: "hub", Reverse: true}, 100, node("Hub/1"))
	if len(edges) != len(ids) || !slices.IsSortedFunc(edges, graph.Edge.Compare) {
		t.Errorf("into the hub: %v", edges)
	}
}

func limits(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "p>B/2", "p>B/1", "p>B/3"), instance("A/2", "p>B/1", "p>B/0"))
	all := []graph.Edge{edge("A/1", "p", "B/1"), edge("A/1", "p", "B/2"), edge("A/1", "p", "B/3"), edge("A/2", "p", "B/0"), edge("A/2", "p", "B/1")}
	hops := map[graph.Hop][]graph.Node{
		{Predicate: "p"}:                {node("A/2"), node("A/1")},
		{Predicate: "p", Reverse: true}: {node("B/3"), node("B/1"), node("B/0"), node("B/2")},
	}
	for hop, from := range hops {
		for limit := 1; limit <= 7; limit++ {
			got, more := w.expand(t, hop, limit, from...)
			if want := all[:min(limit, len(all))]; !slices.Equal(got, want) || more != (limit < len(all)) {
				t.Errorf("%+v, limit %d: %v, more %t", hop, limit, got, more)
			}
		}
	}
}

func databases(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "p>B/1"))
	w.Put(t, "other", instance("A/1", "p>B/2"))
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/1"}, edge("A/1", "p", "B/1"))
	for _, reverse := range []bool{false, true} {
		edges, more, err := w.Engine.Expand(context.Background(), "empty", branch, []graph.Node{node("A/1")}, graph.Hop{Predicate: "p", Reverse: reverse}, 10)
		if len(edges) > 0 || more || err != nil {
			t.Errorf("a database without instances: %v, %v", edges, err)
		}
	}
}

func nothingIsAsked(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "p>B/1"))
	w.check(t, graph.Hop{Predicate: "p"}, nil)
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, nil)
}

func followsChanges(t *testing.T, w World) {
	w.Put(t, database, instance("A/1", "p>B/1"))
	w.Put(t, database, instance("A/1", "p>B/2", "q>B/1"))
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/1"}, edge("A/1", "p", "B/2"))
	w.check(t, graph.Hop{Predicate: "p", Reverse: true}, []string{"B/1"})
	w.check(t, graph.Hop{Predicate: "q", Reverse: true}, []string{"B/1"}, edge("A/1", "q", "B/1"))
}

// agreesWithAModel compares an engine over a random graph with a plain loop over
// its edges.
func agreesWithAModel(t *testing.T, w World) {
	classes, predicates := []string{"A", "B", "C"}, []string{"p", "q"}
	anyNode := rapid.Custom(func(t *rapid.T) graph.Node {
		return graph.Node{Class: rapid.SampledFrom(classes).Draw(t, "class"), ID: fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id"))}
	})
	var edges []graph.Edge
	seen := map[graph.Node]bool{}
	var all []Instance
	source := rapid.Custom(func(t *rapid.T) Instance {
		i := Instance{Node: anyNode.Draw(t, "node")}
		for range rapid.IntRange(0, 5).Draw(t, "links") {
			l := Link{rapid.SampledFrom(predicates).Draw(t, "predicate"), anyNode.Draw(t, "target")}
			if !slices.Contains(i.Links, l) {
				i.Links = append(i.Links, l)
			}
		}
		return i
	})
	for seed := range 60 {
		i := source.Example(seed)
		if seen[i.Node] {
			continue
		}
		seen[i.Node] = true
		all = append(all, i)
		for _, l := range i.Links {
			edges = append(edges, graph.Edge{From: i.Node, Predicate: l.Predicate, To: l.To})
		}
	}
	w.Put(t, database, all...)
	rapid.Check(t, func(rt *rapid.T) {
		from := rapid.SliceOfN(anyNode, 0, 12).Draw(rt, "from")
		hop := graph.Hop{
			Predicate: rapid.SampledFrom(predicates).Draw(rt, "predicate"), Reverse: rapid.Bool().Draw(rt, "reverse"),
			Target: rapid.SampledFrom(append(classes, "")).Draw(rt, "target"),
		}
		limit := rapid.IntRange(1, 40).Draw(rt, "limit")
		var want []graph.Edge
		for _, e := range edges {
			if e.Predicate == hop.Predicate && slices.Contains(from, hop.Near(e)) && (hop.Target == "" || hop.Far(e).Class == hop.Target) {
				want = append(want, e)
			}
		}
		want, wantMore := graph.Page(want, limit)
		got, more, err := w.Engine.Expand(context.Background(), database, branch, from, hop, limit)
		if err != nil || !slices.Equal(got, want) || more != wantMore {
			rt.Fatalf("%+v of %v, limit %d: %v, more %t, %v; want %v, more %t", hop, from, limit, got, more, err, want, wantMore)
		}
	})
}

func outagesAreErrors(t *testing.T, w World) {
	if w.Break == nil {
		t.Skip("the store cannot be broken")
	}
	w.Put(t, database, instance("A/1", "p>B/1"))
	mend := w.Break()
	for _, reverse := range []bool{false, true} {
		if edges, _, err := w.Engine.Expand(context.Background(), database, branch, []graph.Node{node("A/1"), node("B/1")}, graph.Hop{Predicate: "p", Reverse: reverse}, 10); err == nil {
			t.Errorf("reverse %t: %v without an error", reverse, edges)
		}
	}
	mend()
	w.check(t, graph.Hop{Predicate: "p"}, []string{"A/1"}, edge("A/1", "p", "B/1"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := w.Engine.Expand(ctx, database, branch, []graph.Node{node("A/1")}, graph.Hop{Predicate: "p"}, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request ended: %v", err)
	}
}
