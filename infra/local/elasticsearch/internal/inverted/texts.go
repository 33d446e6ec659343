package inverted

import (
	"encoding/binary"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
)

// positionGap separates the values of a list, so that phrases do not match
// across them.
const positionGap = 100

// Texts holds the words of one text field with their positions.
type Texts struct {
	dict
	postings []posting
	lengths  Column[uint32] // number of words by document
	total    uint64         // words in all documents
	order    order

	// The document that is being added:
	touched []uint32
	hits    [][]uint32 // positions by slot
}

// posting is the list of documents of a word: for each the distance to the
// document before, the number of occurrences, and the distances of positions,
// as varints.
type posting struct {
	data []byte
	last uint32 // newest document plus one
	docs uint32
	slot uint32 // place in touched, plus one
}

func newTexts() *Texts { return &Texts{} }

// add indexes all values of the field in one document.
func (t *Texts) add(ord uint32, values [][]analysis.Token) {
	base, length := 0, 0
	for _, tokens := range values {
		last := -1
		for _, token := range tokens {
			t.note(token.Text, uint32(base+token.Position))
			last = token.Position
		}
		length += len(tokens)
		base += last + 1 + positionGap
	}
	for slot, id := range t.touched {
		p := &t.postings[id]
		p.append(ord, t.hits[slot])
		p.slot = 0
	}
	t.touched = t.touched[:0]
	t.lengths.Add(ord, uint32(length), func(a, b uint32) bool { return a < b }, false)
	t.total += uint64(length)
}

func (t *Texts) note(word string, pos uint32) {
	id, ok := t.find(word)
	if !ok {
		id = t.dict.add(word)
		t.postings = append(t.postings, posting{})
	}
	p := &t.postings[id]
	if p.slot == 0 {
		t.touched = append(t.touched, id)
		p.slot = uint32(len(t.touched))
		if len(t.hits) < len(t.touched) {
			t.hits = append(t.hits, nil)
		}
		t.hits[p.slot-1] = t.hits[p.slot-1][:0]
	}
	t.hits[p.slot-1] = append(t.hits[p.slot-1], pos)
}

func (p *posting) append(ord uint32, positions []uint32) {
	p.data = binary.AppendUvarint(p.data, uint64(ord+1-p.last))
	p.data = binary.AppendUvarint(p.data, uint64(len(positions)))
	before := uint32(0)
	for _, pos := range positions {
		p.data = binary.AppendUvarint(p.data, uint64(pos-before))
		before = pos
	}
	p.last = ord + 1
	p.docs++
}

// each calls fn with every document below limit. The positions are valid
// during the call.
func (p *posting) each(limit uint32, fn func(ord uint32, positions []uint32)) {
	data, ord := p.data, uint32(0)
	var buf []uint32
	for len(data) > 0 {
		step, n := binary.Uvarint(data)
		count, m := binary.Uvarint(data[n:])
		data = data[n+m:]
		ord += uint32(step)
		if ord > limit {
			return
		}
		buf = buf[:0]
		pos := uint32(0)
		for range count {
			d, n := binary.Uvarint(data)
			data = data[n:]
			pos += uint32(d)
			buf = append(buf, pos)
		}
		fn(ord-1, buf)
	}
}

// ID returns the number of a word.
func (t *Texts) ID(word string) (uint32, bool) {
	if t == nil {
		return 0, false
	}
	return t.find(word)
}

// Term returns the word of a number.
func (t *Texts) Term(id uint32) string { return t.terms[id] }

// DocCount returns in how many documents a word stands, dead ones included.
func (t *Texts) DocCount(id uint32) int { return int(t.postings[id].docs) }

// Each calls fn with the documents of a word below limit and its positions in
// them; the positions are valid during the call.
func (t *Texts) Each(id, limit uint32, fn func(ord uint32, positions []uint32)) {
	t.postings[id].each(limit, fn)
}

// Between is Keywords.Between for words.
func (t *Texts) Between(lo, hi string, open bool) []uint32 {
	if t == nil {
		return nil
	}
	return t.order.between(t.terms, lo, hi, open)
}

// Sorted returns the numbers of all words in their order.
func (t *Texts) Sorted() []uint32 { return t.Between("", "", true) }

// Docs returns the documents that have the field.
func (t *Texts) Docs() []uint32 {
	if t == nil {
		return nil
	}
	return t.lengths.Docs()
}

// Length returns the number of words of a document.
func (t *Texts) Length(ord uint32) uint32 {
	if v := t.lengths.Get(ord); len(v) > 0 {
		return v[0]
	}
	return 0
}

// AverageLength returns the mean number of words.
func (t *Texts) AverageLength() float64 {
	if n := len(t.lengths.docs); n > 0 {
		return float64(t.total) / float64(n)
	}
	return 1
}

func (t *Texts) compact(to []uint32) *Texts {
	out := newTexts()
	for id := range t.postings {
		var p posting
		t.postings[id].each(^uint32(0)-1, func(ord uint32, positions []uint32) {
			if now := to[ord]; now > 0 {
				p.append(now-1, positions)
			}
		})
		if p.docs > 0 {
			out.dict.add(t.terms[id])
			out.postings = append(out.postings, p)
		}
	}
	out.lengths = *t.lengths.compact(to, func(n uint32) uint32 { return n })
	for _, n := range out.lengths.vals {
		out.total += uint64(n)
	}
	return out
}
