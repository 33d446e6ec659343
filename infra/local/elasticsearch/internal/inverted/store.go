package inverted

import (
	"cmp"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
)

// Record is what is kept of a document besides its fields.
type Record struct {
	ID      string
	Source  string
	Version int64
	SeqNo   int64
	Routing string
	Ignored []string
}

// Store holds the documents of one index.
type Store struct {
	size     uint32
	ids      *Keywords // _id
	keywords map[string]*Keywords
	flat     map[string]*flat
	longs    map[string]*Column[int64]
	doubles  map[string]*Column[float64]
	texts    map[string]*Texts
	points   map[string]*Column[[2]float64]
	ignored  *Keywords
	nested   map[string]*Bits
	roots    Bits
	records  []*Record // by ordinal; nil for nested objects
}

// flat holds the keys of a flattened field.
type flat struct {
	keys map[string]*Keywords
	all  []uint32 // documents with any key
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		ids: newKeywords(), keywords: map[string]*Keywords{}, flat: map[string]*flat{}, longs: map[string]*Column[int64]{},
		doubles: map[string]*Column[float64]{}, texts: map[string]*Texts{}, points: map[string]*Column[[2]float64]{},
		ignored: newKeywords(), nested: map[string]*Bits{},
	}
}

// Size returns the number of ordinals given so far.
func (s *Store) Size() uint32 { return s.size }

// Add indexes a block of documents and returns the ordinal of the root.
func (s *Store) Add(rec *Record, doc *mapping.Parsed) (ord uint32) {
	for i := range doc.Docs {
		ord = s.size
		s.size++
		s.values(ord, &doc.Docs[i])
		if i < len(doc.Docs)-1 {
			s.nestedBits(doc.Docs[i].Nested).Set(ord)
			s.records = append(s.records, nil)
		}
	}
	s.roots.Set(ord)
	s.records = append(s.records, rec)
	for _, f := range doc.Ignored {
		s.ignored.add(ord, f)
	}
	s.ids.add(ord, rec.ID)
	return ord
}

func (s *Store) nestedBits(path string) *Bits {
	b := s.nested[path]
	if b == nil {
		b = &Bits{}
		s.nested[path] = b
	}
	return b
}

func (s *Store) values(ord uint32, v *mapping.Values) {
	for _, t := range v.Terms {
		k := s.keywordsFor(t, ord)
		k.add(ord, t.Value)
	}
	for _, n := range v.Longs {
		column(s.longs, n.Field.Path).Add(ord, n.Value, cmp.Less, false)
	}
	for _, n := range v.Doubles {
		column(s.doubles, n.Field.Path).Add(ord, n.Value, cmp.Less, false)
	}
	for _, p := range v.Points {
		column(s.points, p.Field.Path).Add(ord, [2]float64{p.Lat, p.Lon}, func(a, b [2]float64) bool { return false }, false)
	}
	for i, w := range v.Texts {
		if w.Field == nil {
			continue
		}
		values := [][]analysis.Token{w.Tokens}
		// Further values of the same field, for example of a list.
		for k := i + 1; k < len(v.Texts); k++ {
			if v.Texts[k].Field == w.Field {
				values = append(values, v.Texts[k].Tokens)
				v.Texts[k].Field = nil
			}
		}
		t := s.texts[w.Field.Path]
		if t == nil {
			t = newTexts()
			s.texts[w.Field.Path] = t
		}
		t.add(ord, values)
	}
}

func (s *Store) keywordsFor(t mapping.Term, ord uint32) *Keywords {
	to := s.keywords
	name := t.Field.Path
	if t.Field.Class == mapping.Flattened {
		f := s.flat[name]
		if f == nil {
			f = &flat{keys: map[string]*Keywords{}}
			s.flat[name] = f
		}
		if n := len(f.all); n == 0 || f.all[n-1] != ord {
			f.all = append(f.all, ord)
		}
		to, name = f.keys, t.Key
	}
	k := to[name]
	if k == nil {
		k = newKeywords()
		to[name] = k
	}
	return k
}

func column[T any](m map[string]*Column[T], path string) *Column[T] {
	c := m[path]
	if c == nil {
		c = &Column[T]{}
		m[path] = c
	}
	return c
}

// IDs returns the column of _id.
func (s *Store) IDs() *Keywords { return s.ids }

// Ignored returns the column of _ignored.
func (s *Store) Ignored() *Keywords { return s.ignored }

// Keywords returns the strings of a field, nil if no document has one.
func (s *Store) Keywords(path string) *Keywords { return s.keywords[path] }

// Key returns the strings under one key of a flattened field.
func (s *Store) Key(path, key string) *Keywords {
	if f := s.flat[path]; f != nil {
		return f.keys[key]
	}
	return nil
}

// Keys calls fn with every key of a flattened field.
func (s *Store) Keys(path string, fn func(key string, k *Keywords)) {
	if f := s.flat[path]; f != nil {
		for key, k := range f.keys {
			fn(key, k)
		}
	}
}

// FlatDocs returns the documents that have any key of a flattened field.
func (s *Store) FlatDocs(path string) []uint32 {
	if f := s.flat[path]; f != nil {
		return f.all
	}
	return nil
}

// Longs returns the whole numbers, dates or booleans of a field.
func (s *Store) Longs(path string) *Column[int64] { return s.longs[path] }

// Doubles returns the fractional numbers of a field.
func (s *Store) Doubles(path string) *Column[float64] { return s.doubles[path] }

// Texts returns the words of a field.
func (s *Store) Texts(path string) *Texts { return s.texts[path] }

// Points returns the places of a field as latitude and longitude.
func (s *Store) Points(path string) *Column[[2]float64] { return s.points[path] }

// Roots is the set of documents that are not nested.
func (s *Store) Roots() *Bits { return &s.roots }

// Nested is the set of nested objects of a path.
func (s *Store) Nested(path string) *Bits {
	if b := s.nested[path]; b != nil {
		return b
	}
	return &Bits{}
}

// Record returns a document by ordinal, nil for nested objects.
func (s *Store) Record(ord uint32) *Record { return s.records[ord] }
