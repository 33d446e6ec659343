package graphquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/shared/graph"
)

// listed is an engine over a list of edges. It counts what it is asked.
type listed struct {
	edges []graph.Edge
	calls int
	asked int // nodes
}

func (l *listed) Expand(_ context.Context, _, _ string, from []graph.Node, hop graph.Hop, limit int) ([]graph.Edge, bool, error) {
	l.calls++
	l.asked += len(from)
	wanted := map[graph.Node]bool{}
	for _, n := range from {
		wanted[n] = true
	}
	var found []graph.Edge
	for _, e := range l.edges {
		if e.Predicate == hop.Predicate && wanted[hop.Near(e)] && (hop.Target == "" || hop.Far(e).Class == hop.Target) {
			found = append(found, e)
		}
	}
	found, more := graph.Page(found, limit)
	return found, more, nil
}

func n(id int) graph.Node { return graph.Node{Class: "A", ID: fmt.Sprint(id)} }

// bindings lists all bindings of a start in plain recursion.
func (l *listed) bindings(hops []graph.Hop, at graph.Node, path []graph.Edge) [][]graph.Edge {
	if len(hops) == 0 {
		return [][]graph.Edge{slices.Clone(path)}
	}
	var all [][]graph.Edge
	edges, _, _ := l.Expand(context.Background(), "", "", []graph.Node{at}, hops[0], 1<<30)
	for _, e := range edges {
		all = append(all, l.bindings(hops[1:], hops[0].Far(e), append(path, e))...)
	}
	return all
}

func wants(n int) func() int { return func() int { return n } }

func TestWalkFindsTheBindingsOfAModelInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		engine := &listed{}
		for range rapid.IntRange(0, 25).Draw(t, "edges") {
			engine.edges = append(engine.edges, graph.Edge{
				From: n(rapid.IntRange(0, 6).Draw(t, "from")), To: n(rapid.IntRange(0, 6).Draw(t, "to")), Predicate: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "predicate"),
			})
		}
		hop := rapid.Custom(func(t *rapid.T) graph.Hop {
			return graph.Hop{Predicate: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "predicate"), Reverse: rapid.Bool().Draw(t, "reverse"), Target: "A"}
		})
		hops := rapid.SliceOfN(hop, 0, 4).Draw(t, "hops")
		starts := []graph.Node{n(0), n(1), n(2), n(3), n(4)}
		var want [][]graph.Edge
		for _, s := range starts {
			want = append(want, engine.bindings(hops, s, nil)...)
		}
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		w := newWalker(engine, "", "", hops, 1_000_000, wants(limit))
		w.atOnce = rapid.IntRange(1, 4).Draw(t, "edges at once")
		var got [][]graph.Edge
		goOn, err := w.from(t.Context(), starts, func(_ graph.Node, path []graph.Edge) bool {
			got = append(got, slices.Clone(path))
			return len(got) < limit
		})
		if err != nil || goOn != (len(want) < limit) {
			t.Fatalf("goes on %t, %v; %d bindings, limit %d", goOn, err, len(want), limit)
		}
		if want = want[:min(limit, len(want))]; !slices.EqualFunc(got, want, slices.Equal[[]graph.Edge]) {
			t.Fatalf("%v\nwant %v", got, want)
		}
	})
}

// A dense graph has more ways than atoms; none leads to the last hop.
func TestWalkDoesNotTryAgainWhatLeadsNowhere(t *testing.T) {
	engine := &listed{}
	for i := range 20 {
		for j := range 20 {
			engine.edges = append(engine.edges, graph.Edge{From: n(i), To: n(j), Predicate: "p"})
		}
	}
	hops := slices.Repeat([]graph.Hop{{Predicate: "p"}}, 9)
	hops = append(hops, graph.Hop{Predicate: "none"})
	w := newWalker(engine, "", "", hops, 10_000, wants(100))
	goOn, err := w.from(t.Context(), []graph.Node{n(0)}, func(graph.Node, []graph.Edge) bool { t.Error("a binding"); return true })
	if err != nil || !goOn || engine.asked > 2*20 {
		t.Errorf("%t, %v, %d nodes asked", goOn, err, engine.asked)
	}
}

func TestWalkStopsEarly(t *testing.T) {
	engine := &listed{}
	for i := range 10_000 {
		engine.edges = append(engine.edges, graph.Edge{From: n(0), To: n(i), Predicate: "p"}, graph.Edge{From: n(i), To: n(i), Predicate: "q"})
	}
	found := 0
	emit := func(graph.Node, []graph.Edge) bool { found++; return found < 10 }
	w := newWalker(engine, "", "", []graph.Hop{{Predicate: "p"}, {Predicate: "q"}}, 100_000, wants(10))
	if _, err := w.from(t.Context(), []graph.Node{n(0)}, emit); err != nil || found != 10 || engine.asked > 100 {
		t.Errorf("%d bindings, %v, %d nodes asked", found, err, engine.asked)
	}
	w = newWalker(engine, "", "", []graph.Hop{{Predicate: "p"}, {Predicate: "none"}}, 5000, wants(10))
	if _, err := w.from(t.Context(), []graph.Node{n(0)}, emit); !errors.Is(err, errVisits) || engine.asked > 6000 {
		t.Errorf("%v, %d nodes asked", err, engine.asked)
	}
}
