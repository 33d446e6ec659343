package inverted

// Snapshot is what a search sees: the store up to an ordinal, and who lives.
type Snapshot struct {
	*Store
	// Limit is the first ordinal that is not visible.
	Limit uint32
	// Live are the visible documents, without nested objects.
	Live *Bits
}

// Empty returns the snapshot before the first refresh.
func (s *Store) Empty() *Snapshot { return &Snapshot{Store: s, Live: &Bits{}} }

// Refresh returns a snapshot of everything written so far. dead are the
// ordinals that died since prev.
func (s *Store) Refresh(prev *Snapshot, dead []uint32) *Snapshot {
	live := prev.Live.Clone()
	for ord := prev.Limit; ord < s.size; ord++ {
		if s.records[ord] != nil {
			live.Set(ord)
		}
	}
	for _, ord := range dead {
		live.Clear(ord)
	}
	return &Snapshot{Store: s, Limit: s.size, Live: live}
}

// LiveNested returns the nested objects of a path whose document lives.
func (s *Snapshot) LiveNested(path string) *Bits {
	out := &Bits{}
	for ord := range s.Nested(path).All() {
		if ord >= s.Limit {
			break
		}
		if root, ok := s.roots.Next(ord); ok && s.Live.Has(root) {
			out.Set(ord)
		}
	}
	return out
}

// Block returns the first ordinal of the block that ends with a root.
func (s *Store) Block(root uint32) uint32 {
	for root > 0 && s.records[root-1] == nil {
		root--
	}
	return root
}

// Compact copies the living documents into a new store.
func (s *Store) Compact(live *Bits) *Store {
	// to maps old ordinals to new ones plus one; dead ones are 0.
	to := make([]uint32, s.size)
	out := NewStore()
	for root := range live.All() {
		for ord := s.Block(root); ord <= root; ord++ {
			out.size++
			to[ord] = out.size
			out.records = append(out.records, s.records[ord])
		}
		out.roots.Set(out.size - 1)
	}
	out.ids = s.ids.compact(to)
	out.ignored = s.ignored.compact(to)
	for path, k := range s.keywords {
		out.keywords[path] = k.compact(to)
	}
	for path, f := range s.flat {
		g := &flat{keys: map[string]*Keywords{}}
		for key, k := range f.keys {
			if c := k.compact(to); c.Len() > 0 {
				g.keys[key] = c
			}
		}
		for _, ord := range f.all {
			if to[ord] > 0 {
				g.all = append(g.all, to[ord]-1)
			}
		}
		out.flat[path] = g
	}
	for path, c := range s.longs {
		out.longs[path] = c.compact(to, func(n int64) int64 { return n })
	}
	for path, c := range s.doubles {
		out.doubles[path] = c.compact(to, func(n float64) float64 { return n })
	}
	for path, c := range s.points {
		out.points[path] = c.compact(to, func(p [2]float64) [2]float64 { return p })
	}
	for path, t := range s.texts {
		out.texts[path] = t.compact(to)
	}
	for path, b := range s.nested {
		n := &Bits{}
		for ord := range b.All() {
			if to[ord] > 0 {
				n.Set(to[ord] - 1)
			}
		}
		out.nested[path] = n
	}
	return out
}
