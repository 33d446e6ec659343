package graph

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTheModel compares a graph with a plain set, and checks that an edit
// leaves the graph that it started from as it was.
func TestTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := map[Triple]bool{}
		var g Graph
		id := rapid.Uint32Range(1, 12)
		triples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Triple {
			return Triple{ID(id.Draw(t, "s")), ID(rapid.Uint32Range(1, 4).Draw(t, "p")), ID(rapid.Uint32Range(1, 200).Draw(t, "o"))}
		}), 0, 400)
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			before, was := g, maps.Clone(model)
			removed, added := triples.Draw(t, "removed"), triples.Draw(t, "added")
			g = g.Edit(removed, added)
			for _, x := range removed {
				delete(model, x)
			}
			for _, x := range added {
				model[x] = true
			}
			same(t, g, model)
			same(t, before, was)
		}
	})
}

func same(t *rapid.T, g Graph, model map[Triple]bool) {
	if g.Size() != len(model) {
		t.Fatalf("size %d, want %d", g.Size(), len(model))
	}
	var some []Triple
	for x := range model {
		some = append(some, x)
		if len(some) == 3 {
			break
		}
	}
	for _, x := range append(some, Triple{1, 1, 1}) {
		for mask := range 8 {
			pattern := x
			if mask&1 == 0 {
				pattern.S = 0
			}
			if mask&2 == 0 {
				pattern.P = 0
			}
			if mask&4 == 0 {
				pattern.O = 0
			}
			got := map[Triple]bool{}
			for m := range g.Match(pattern) {
				got[m] = true
			}
			want := maps.Clone(model)
			maps.DeleteFunc(want, func(y Triple, _ bool) bool {
				return pattern.S != 0 && pattern.S != y.S || pattern.P != 0 && pattern.P != y.P || pattern.O != 0 && pattern.O != y.O
			})
			if !maps.Equal(got, want) {
				t.Fatalf("%v: got %v, want %v", pattern, got, want)
			}
		}
	}
}

func TestIntern(t *testing.T) {
	d := NewDictionary()
	d.Intern([]Term{Node("b"), Node("a"), {Type: "x", Text: "1"}, Node("a")})
	if fresh := d.Intern([]Term{Node("a"), Node("0")}); !slices.Equal(fresh, []Term{Node("0")}) {
		t.Errorf("fresh %v", fresh)
	}
	for i, want := range []Term{Node("a"), Node("b"), {Type: "x", Text: "1"}, Node("0")} {
		if got := d.Term(ID(i + 1)); got != want || d.Lookup(want) != ID(i+1) {
			t.Errorf("%d is %v, want %v", i+1, got, want)
		}
	}
}
