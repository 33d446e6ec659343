package search

import (
	"slices"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// extras are the parts of a hit that need the query again: the names of the
// clauses that matched, and inner hits.
type extras struct {
	inner []*nested
	names []string
	// Per reader:
	matched map[*Reader]map[string]*inverted.Bits
	objects map[*Reader][]matches
}

func newExtras(q Query) *extras {
	e := &extras{matched: map[*Reader]map[string]*inverted.Bits{}, objects: map[*Reader][]matches{}}
	walk(q, func(q Query) {
		switch q := q.(type) {
		case *nested:
			if q.inner != nil {
				e.inner = append(e.inner, q)
			}
		case named:
			e.names = append(e.names, q.name)
		}
	})
	if len(e.inner) == 0 && len(e.names) == 0 {
		return nil
	}
	slices.Sort(e.names)
	e.names = slices.Compact(e.names)
	return e
}

func (e *extras) add(o xcontent.Obj, h *hit) (xcontent.Obj, *eserr.Error) {
	var names []string
	for _, n := range e.names {
		if b := e.matched[h.r][n]; b != nil && b.Has(h.ord) {
			names = append(names, n)
		}
	}
	if len(names) > 0 {
		o = o.Add("matched_queries", names)
	}
	if len(e.inner) == 0 {
		return o, nil
	}
	if e.objects[h.r] == nil {
		for _, n := range e.inner {
			sub := *h.r
			sub.scoring, sub.scope, sub.path = true, nil, ""
			m, err := n.objects(&sub)
			if err != nil {
				return nil, err
			}
			e.objects[h.r] = append(e.objects[h.r], m)
		}
	}
	all := xcontent.Obj{}
	for i, n := range e.inner {
		all = all.Add(n.inner.name, xcontent.Obj{{Key: "hits", Val: n.inside(h, e.objects[h.r][i])}})
	}
	return o.Add("inner_hits", all), nil
}

// inside lists the nested objects of one hit that matched.
func (q *nested) inside(h *hit, found matches) xcontent.Obj {
	set := h.r.Nested(q.path)
	rec := h.r.Record(h.ord)
	var sources []xcontent.Value
	if doc, err := xcontent.Parse(rec.Source); err == nil {
		sources = at(doc.Root(), q.path)
	}
	type object struct {
		score  float32
		offset int
	}
	var list []object
	offset := 0
	for child := h.r.Block(h.ord); child < h.ord; child++ {
		if !set.Has(child) {
			continue
		}
		if found.bits.Has(child) {
			list = append(list, object{found.of(child), offset})
		}
		offset++
	}
	total := len(list)
	slices.SortStableFunc(list, func(a, b object) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var best any
	if total > 0 {
		best = list[0].score
	}
	list = list[min(q.inner.from, total):min(q.inner.from+q.inner.size, total)]
	hits := []any{}
	for _, x := range list {
		o := xcontent.Obj{
			{Key: "_index", Val: h.r.Index}, {Key: "_id", Val: rec.ID},
			{Key: "_nested", Val: xcontent.Obj{{Key: "field", Val: q.path}, {Key: "offset", Val: x.offset}}},
			{Key: "_score", Val: x.score},
		}
		if x.offset < len(sources) {
			o = o.Add("_source", xcontent.Raw(sources[x.offset].Raw()))
		}
		hits = append(hits, o)
	}
	return xcontent.Obj{
		{Key: "total", Val: xcontent.Obj{{Key: "value", Val: total}, {Key: "relation", Val: "eq"}}},
		{Key: "max_score", Val: best}, {Key: "hits", Val: hits},
	}
}
