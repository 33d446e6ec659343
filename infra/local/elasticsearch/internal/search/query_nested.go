package search

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// nested matches documents by one of their nested objects.
type nested struct {
	path           string
	q              Query
	mode           string
	ignoreUnmapped bool
	inner          *innerHits
}

// innerHits asks for the nested objects that matched.
type innerHits struct {
	name       string
	size, from int
}

func parseNested(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := &nested{mode: "avg"}
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "path":
			q.path = m.Text()
		case "query":
			q.q, err = ParseQuery(m)
		case "score_mode":
			switch q.mode = m.Text(); q.mode {
			case "avg", "sum", "min", "max", "none":
			default:
				return nil, eserr.IllegalArgument("No score mode for child query [%s] found", m.Text())
			}
		case "ignore_unmapped":
			q.ignoreUnmapped = m.Text() == "true"
		case "inner_hits":
			q.inner, err = parseInnerHits(m)
		default:
			var known bool
			if known, err = c.take(m); err == nil && !known {
				err = eserr.Parsing(m.Start(), "[nested] query does not support [%s]", m.Key())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if q.path == "" {
		return nil, eserr.IllegalArgument("[nested] requires 'path' field")
	}
	if q.q == nil {
		return nil, eserr.IllegalArgument("[nested] requires 'query' field")
	}
	if q.inner != nil && q.inner.name == "" {
		q.inner.name = q.path
	}
	return c.wrap(q), nil
}

func parseInnerHits(v xcontent.Value) (*innerHits, *eserr.Error) {
	h := &innerHits{size: 3}
	for m := range v.Members() {
		switch m.Key() {
		case "name":
			h.name = m.Text()
		case "size", "from":
			n, err := integer(m)
			if err != nil {
				return nil, err
			}
			if m.Key() == "size" {
				h.size = n
			} else {
				h.from = n
			}
		default:
			return nil, eserr.XContent(m.KeyPos(), "[inner_hits] unknown field [%s]", m.Key())
		}
	}
	return h, nil
}

func (q *nested) eval(r *Reader) (matches, *eserr.Error) {
	f, _ := r.Mapping.Field(q.path)
	if f == nil || f.Class != mapping.Nested {
		if q.ignoreUnmapped {
			return r.none(), nil
		}
		return matches{}, r.shard(eserr.New(400, "illegal_state_exception", "[nested] failed to find nested object under path [%s]", q.path))
	}
	objects, err := q.objects(r)
	if err != nil {
		return objects, err
	}
	out := matches{bits: &inverted.Bits{}}
	parents := r.parents()
	var counts []float32
	if r.scoring && q.mode != "none" {
		out.scores, counts = r.room(), r.room()
	}
	for ord := range objects.bits.All() {
		parent, ok := parents.Next(ord)
		if !ok {
			continue
		}
		out.bits.Set(parent)
		if counts == nil {
			continue
		}
		s := objects.of(ord)
		switch {
		case counts[parent] == 0, q.mode == "max" && s > out.scores[parent], q.mode == "min" && s < out.scores[parent]:
			out.scores[parent] = s
		case q.mode == "sum" || q.mode == "avg":
			out.scores[parent] += s
		}
		counts[parent]++
	}
	if q.mode == "avg" {
		for i, n := range counts {
			if n > 1 {
				out.scores[i] /= n
			}
		}
	}
	return out, nil
}

// objects finds the matching nested objects themselves.
func (q *nested) objects(r *Reader) (matches, *eserr.Error) {
	sub := r.within(q.path)
	m, err := q.q.eval(sub)
	if err != nil {
		return m, err
	}
	m.bits = m.bits.Clone().And(sub.scope)
	return m, nil
}

// parents are the documents of the current scope, alive or not: those to which
// a match inside nested objects counts.
func (r *Reader) parents() *inverted.Bits {
	if r.path == "" {
		return r.Roots()
	}
	return r.Nested(r.path)
}

// walk calls fn for a query and all inside it.
func walk(q Query, fn func(Query)) {
	fn(q)
	switch q := q.(type) {
	case boosted:
		walk(q.q, fn)
	case named:
		walk(q.q, fn)
	case constantScore:
		walk(q.q, fn)
	case disMax:
		for _, c := range q.queries {
			walk(c, fn)
		}
	case boolQuery:
		for _, list := range [][]Query{q.must, q.filter, q.should, q.mustNot} {
			for _, c := range list {
				walk(c, fn)
			}
		}
	}
}
