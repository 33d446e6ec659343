package inverted

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func TestBits(t *testing.T) {
	a, b := &Bits{}, &Bits{}
	for _, i := range []uint32{0, 63, 64, 200} {
		a.Set(i)
	}
	for _, i := range []uint32{63, 200, 1000} {
		b.Set(i)
	}
	if got := a.Clone().And(b).List(); !slices.Equal(got, []uint32{63, 200}) {
		t.Errorf("and: %v", got)
	}
	if got := a.Clone().Or(b).List(); !slices.Equal(got, []uint32{0, 63, 64, 200, 1000}) {
		t.Errorf("or: %v", got)
	}
	if got := a.Clone().AndNot(b).List(); !slices.Equal(got, []uint32{0, 64}) {
		t.Errorf("and not: %v", got)
	}
	for from, want := range map[uint32]uint32{0: 0, 1: 63, 64: 64, 65: 200} {
		if got, ok := a.Next(from); !ok || got != want {
			t.Errorf("next %d: %d", from, got)
		}
	}
	if _, ok := a.Next(201); ok {
		t.Error("something behind the last")
	}
	if a.Clear(63); a.Has(63) || a.Count() != 3 {
		t.Error("clear")
	}
}

// TestColumn compares with a map, with gaps and several values.
func TestColumn(t *testing.T) {
	for _, multi := range []bool{false, true} {
		r := rand.New(rand.NewPCG(1, 2))
		c := &Column[int64]{}
		want := map[uint32][]int64{}
		for ord := uint32(0); ord < 2000; ord += 1 + r.Uint32N(3) {
			for range 1 + r.IntN(3) {
				v := r.Int64N(5)
				c.Add(ord, v, cmp.Less, true)
				if !slices.Contains(want[ord], v) {
					want[ord] = append(want[ord], v)
				}
				if !multi {
					break
				}
			}
		}
		for ord := range uint32(2010) {
			slices.Sort(want[ord])
			if got := c.Get(ord); !slices.Equal(got, want[ord]) {
				t.Fatalf("multi %v, %d: %v, want %v", multi, ord, got, want[ord])
			}
		}
	}
}

func parsed(t *testing.T, m *mapping.Mapping, doc string) *mapping.Parsed {
	t.Helper()
	p, _, err := m.Document("x", doc, mapping.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testMapping(t *testing.T) *mapping.Mapping {
	t.Helper()
	d, err := xcontent.Parse(`{"properties":{"k":{"type":"keyword"},"t":{"type":"text"},"l":{"type":"long"},"d":{"type":"double"},"g":{"type":"geo_point"},"f":{"type":"flattened"},
		"short":{"type":"keyword","ignore_above":2},"n":{"type":"nested","properties":{"a":{"type":"keyword"}}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := analysis.NewRegistry(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, bad := mapping.Parse(d.Root(), reg)
	if bad != nil {
		t.Fatal(bad)
	}
	return m
}

func TestNestedOrdinals(t *testing.T) {
	m, s := testMapping(t), NewStore()
	for i, want := range []uint32{2, 3, 6} {
		doc := `{"k":"x","n":[{"a":"1"},{"a":"2"}]}`
		if i == 1 {
			doc = `{"k":"x"}`
		}
		if got := s.Add(&Record{ID: fmt.Sprint(i)}, parsed(t, m, doc)); got != want {
			t.Errorf("document %d has ordinal %d, want %d", i, got, want)
		}
	}
	snap := s.Refresh(s.Empty(), []uint32{6})
	if got := snap.LiveNested("n").List(); !slices.Equal(got, []uint32{0, 1}) {
		t.Errorf("living objects: %v", got)
	}
	if s.Block(6) != 4 || s.Block(3) != 3 {
		t.Error("start of a block")
	}
}

func TestSnapshotsDoNotChange(t *testing.T) {
	m, s := testMapping(t), NewStore()
	s.Add(&Record{ID: "a"}, parsed(t, m, `{"k":"x"}`))
	first := s.Refresh(s.Empty(), nil)
	s.Add(&Record{ID: "a"}, parsed(t, m, `{"k":"x"}`))
	second := s.Refresh(first, []uint32{0})
	for _, c := range []struct {
		snap *Snapshot
		want []uint32
	}{{first, []uint32{0}}, {second, []uint32{1}}} {
		b := &Bits{}
		id, _ := c.snap.Keywords("k").ID("x")
		c.snap.Keywords("k").Mark(id, c.snap.Limit, b)
		if got := b.And(c.snap.Live).List(); !slices.Equal(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

func TestOrderGrows(t *testing.T) {
	k := newKeywords()
	add := func(from int, words ...string) {
		for i, w := range words {
			k.add(uint32(from+i), w)
		}
	}
	text := func(ids []uint32) (out []string) {
		for _, id := range ids {
			out = append(out, k.Term(id))
		}
		return out
	}
	add(0, "m", "b", "x")
	if got := text(k.Sorted()); !slices.Equal(got, []string{"b", "m", "x"}) {
		t.Error(got)
	}
	add(3, "a", "n", "z")
	if got := text(k.Sorted()); !slices.Equal(got, []string{"a", "b", "m", "n", "x", "z"}) {
		t.Error(got)
	}
	if got := text(k.Between("b", "n", false)); !slices.Equal(got, []string{"b", "m"}) {
		t.Error(got)
	}
}

func TestPositions(t *testing.T) {
	m, s := testMapping(t), NewStore()
	s.Add(&Record{ID: "a"}, parsed(t, m, `{"t":["one two one","three one"]}`))
	s.Add(&Record{ID: "b"}, parsed(t, m, `{"t":"two"}`))
	x := s.Texts("t")
	id, _ := x.ID("one")
	x.Each(id, 2, func(ord uint32, positions []uint32) {
		if ord != 0 || !slices.Equal(positions, []uint32{0, 2, 104}) {
			t.Errorf("%d %v", ord, positions)
		}
	})
	if x.Length(0) != 5 || x.Length(1) != 1 || x.AverageLength() != 3 {
		t.Errorf("lengths %d %d, mean %g", x.Length(0), x.Length(1), x.AverageLength())
	}
}

// TestCompact compares a store with its compacted copy.
func TestCompact(t *testing.T) {
	m, s := testMapping(t), NewStore()
	r := rand.New(rand.NewPCG(3, 4))
	var dead []uint32
	for i := range 300 {
		doc := fmt.Sprintf(`{"k":["k%d","all"],"t":"word%d common","l":%d,"d":%d.5,"g":"1,%d","f":{"a":"v%d"},"short":"long%d","n":[{"a":"n%d"}]}`, i%50, i%40, i, i, i%90, i%30, i, i)
		ord := s.Add(&Record{ID: fmt.Sprint(i), Source: doc}, parsed(t, m, doc))
		if r.IntN(3) > 0 {
			dead = append(dead, ord)
		}
	}
	old := s.Refresh(s.Empty(), dead)
	c := s.Compact(old.Live)
	now := c.Refresh(c.Empty(), nil)
	if now.Live.Count() != 300-len(dead) || int(c.Size()) != 2*(300-len(dead)) {
		t.Fatalf("%d documents, %d ordinals", now.Live.Count(), c.Size())
	}
	describe := func(s *Snapshot, ord uint32) string {
		out := s.Record(ord).Source
		for _, k := range []*Keywords{s.IDs(), s.Ignored(), s.Keywords("k"), s.Key("f", "a")} {
			for _, id := range k.Values(ord) {
				out += " " + k.Term(id)
			}
		}
		x := s.Texts("t")
		for _, id := range x.Sorted() {
			x.Each(id, s.Limit, func(o uint32, positions []uint32) {
				if o == ord {
					out += fmt.Sprint(" ", x.Term(id), positions)
				}
			})
		}
		child := s.Keywords("n.a")
		for _, id := range child.Values(ord - 1) {
			out += " " + child.Term(id)
		}
		return out + fmt.Sprint(s.Longs("l").Get(ord), s.Doubles("d").Get(ord), s.Points("g").Get(ord), x.Length(ord), s.Nested("n").Has(ord-1), slices.Contains(s.FlatDocs("f"), ord))
	}
	before, after := old.Live.List(), now.Live.List()
	for i := range before {
		if a, b := describe(old, before[i]), describe(now, after[i]); a != b {
			t.Fatalf("document %d:\n%s\n%s", i, a, b)
		}
	}
}
