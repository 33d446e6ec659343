package search

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// filterAgg keeps the documents of a query.
type filterAgg struct{ q Query }

func parseFilterAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	q, err := ParseQuery(v)
	return filterAgg{q}, err
}

func (f filterAgg) check(*Reader) *eserr.Error { return nil }

func (f filterAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	kept, err := filtered(docs, querySet(f.q))
	if err != nil {
		return nil, err
	}
	return c.bucket(xcontent.Obj{}, a, kept)
}

func querySet(q Query) func(r *Reader) (*inverted.Bits, *eserr.Error) {
	return func(r *Reader) (*inverted.Bits, *eserr.Error) {
		m, err := q.eval(r.silent())
		return m.bits, err
	}
}

// filtersAgg makes a bucket for each of several queries.
type filtersAgg struct {
	names   []string
	queries []Query
	keyed   bool
}

func parseFiltersAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	f := &filtersAgg{}
	for m := range v.Members() {
		if m.Key() != "filters" {
			return nil, eserr.Parsing(m.Start(), "Unknown key for a %s in [filters]: [%s].", m.Token(), m.Key())
		}
		f.keyed = m.Kind() == xcontent.Object
		for q := range m.Members() {
			parsed, err := ParseQuery(q)
			if err != nil {
				return nil, err
			}
			f.names, f.queries = append(f.names, q.Key()), append(f.queries, parsed)
		}
	}
	return f, nil
}

func (f *filtersAgg) check(*Reader) *eserr.Error { return nil }

func (f *filtersAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	keyed, list := xcontent.Obj{}, []any{}
	for i, q := range f.queries {
		kept, err := filtered(docs, querySet(q))
		if err != nil {
			return nil, err
		}
		b, err := c.bucket(xcontent.Obj{}, a, kept)
		if err != nil {
			return nil, err
		}
		keyed, list = keyed.Add(f.names[i], b), append(list, b)
	}
	if !f.keyed {
		return xcontent.Obj{{Key: "buckets", Val: list}}, nil
	}
	slices.SortFunc(keyed, func(x, y xcontent.Field) int { return strings.Compare(x.Key, y.Key) })
	return xcontent.Obj{{Key: "buckets", Val: keyed}}, nil
}

// missingAgg keeps the documents without a value of a field.
type missingAgg struct{ field string }

func parseMissingAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	f := missingAgg{}
	for m := range v.Members() {
		if m.Key() != "field" {
			return nil, unknownAggField("missing", m, "field")
		}
		f.field = m.Text()
	}
	return f, nil
}

func (f missingAgg) check(r *Reader) *eserr.Error { return r.bucketField(f.field) }

func (f missingAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	kept, err := filtered(docs, querySet(boolQuery{mustNot: []Query{exists(f)}}))
	if err != nil {
		return nil, err
	}
	return c.bucket(xcontent.Obj{}, a, kept)
}

// globalAgg goes back to all documents of the indices.
type globalAgg struct{}

func parseGlobalAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	for m := range v.Members() {
		return nil, unknownAggField("global", m, "")
	}
	return globalAgg{}, nil
}

func (globalAgg) check(*Reader) *eserr.Error { return nil }

func (globalAgg) run(c *collector, a *aggregation, _ docset) (xcontent.Obj, *eserr.Error) {
	var all docset
	for _, p := range c.all {
		all = append(all, part{p.r, p.r.Live.List()})
	}
	return c.bucket(xcontent.Obj{}, a, all)
}

// nestedAgg goes from documents to their nested objects.
type nestedAgg struct{ path string }

func parseNestedAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	n := nestedAgg{}
	for m := range v.Members() {
		if m.Key() != "path" {
			return nil, unknownAggField("nested", m, "path")
		}
		n.path = m.Text()
	}
	if n.path == "" {
		return nil, eserr.Parsing(v.End(), "Missing [path] field for nested aggregation")
	}
	return n, nil
}

func (n nestedAgg) check(*Reader) *eserr.Error { return nil }

func (n nestedAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	var inner docset
	for _, p := range docs {
		sub := p.r.within(n.path)
		sub.scoring = false
		chosen := &inverted.Bits{}
		for _, ord := range p.ords {
			chosen.Set(ord)
		}
		parents := p.r.parents()
		var ords []uint32
		for child := range sub.scope.All() {
			if parent, ok := parents.Next(child); ok && chosen.Has(parent) {
				ords = append(ords, child)
			}
		}
		inner = append(inner, part{sub, ords})
	}
	return c.bucket(xcontent.Obj{}, a, inner)
}

// reverseNestedAgg goes from nested objects back to their documents.
type reverseNestedAgg struct{ path string }

func parseReverseNestedAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	n := reverseNestedAgg{}
	for m := range v.Members() {
		if m.Key() != "path" {
			return nil, unknownAggField("reverse_nested", m, "path")
		}
		n.path = m.Text()
	}
	return n, nil
}

func (n reverseNestedAgg) check(*Reader) *eserr.Error { return nil }

func (n reverseNestedAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	var outer docset
	for _, p := range docs {
		up := p.r.within(n.path)
		parents := up.Roots()
		if f, _ := p.r.Mapping.Field(n.path); f != nil && f.Class == mapping.Nested {
			parents = up.scope
		}
		var ords []uint32
		for _, child := range p.ords {
			if parent, ok := parents.Next(child); ok && (len(ords) == 0 || ords[len(ords)-1] != parent) {
				ords = append(ords, parent)
			}
		}
		outer = append(outer, part{up, ords})
	}
	return c.bucket(xcontent.Obj{}, a, outer)
}
