package search

import (
	"math"

	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
)

// Constants of BM25, the ranking of the real server. Its numbers are matched
// closely enough for the order of hits, not digit by digit.
const (
	k1 = 1.2
	b1 = 0.75
)

// idf is the weight of a term that docs of all documents have.
func (r *Reader) idf(docs, all int) float32 {
	return float32(math.Log(1 + (float64(all-docs)+0.5)/(float64(docs)+0.5)))
}

// frequency is the score of a term of the given weight in one document. The
// order of operations is Lucene's, so that rounding agrees.
func frequency(weight, tf float32, length uint32, average float64) float32 {
	weight *= k1 + 1
	norm := 1 / (k1 * ((1 - b1) + b1*float32(length)/float32(average)))
	return weight - weight/(1+tf*norm)
}

// room returns a score for every visible ordinal.
func (r *Reader) room() []float32 { return make([]float32, r.Limit) }

// word finds the documents of one word of a text field.
func (r *Reader) word(f *mapping.Field, w string) matches {
	t := r.Texts(f.Path)
	id, ok := t.ID(w)
	if !ok {
		return r.none()
	}
	m := constant(&inverted.Bits{})
	if !r.scoring {
		t.Each(id, r.Limit, func(ord uint32, _ []uint32) { m.bits.Set(ord) })
		return m
	}
	m.scores = r.room()
	weight := r.idf(t.DocCount(id), len(t.Docs()))
	average := t.AverageLength()
	t.Each(id, r.Limit, func(ord uint32, positions []uint32) {
		m.bits.Set(ord)
		m.scores[ord] = frequency(weight, float32(len(positions)), t.Length(ord), average)
	})
	return m
}

// words unites the documents of all words of a text field that fit, and adds
// their scores.
func (r *Reader) words(f *mapping.Field, fits func(string) bool) matches {
	out := constant(&inverted.Bits{})
	if r.scoring {
		out.scores = r.room()
	}
	t := r.Texts(f.Path)
	for _, id := range t.Sorted() {
		if !fits(t.Term(id)) {
			continue
		}
		m := r.word(f, t.Term(id))
		out.bits.Or(m.bits)
		if r.scoring {
			r.add(out.scores, m)
		}
	}
	return out
}

// add adds the scores of a clause to a sum.
func (r *Reader) add(sum []float32, m matches) {
	if m.scores == nil {
		for ord := range m.bits.All() {
			sum[ord] += m.score
		}
		return
	}
	for ord := range m.bits.All() {
		sum[ord] += m.scores[ord]
	}
}

// best keeps the higher score of a clause or of what was there.
func (r *Reader) best(top []float32, m matches) {
	for ord := range m.bits.All() {
		top[ord] = max(top[ord], m.of(ord))
	}
}
