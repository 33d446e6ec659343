package search

import (
	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// maxTerms is index.max_terms_count.
const maxTerms = 65536

// terms matches any of a list of exact values.
type terms struct {
	field  string
	values []string
}

func parseTerms(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	var t *terms
	for f := range v.Members() {
		if known, err := c.take(f); err != nil {
			return nil, err
		} else if known {
			continue
		}
		if f.Kind() != xcontent.Array {
			return nil, eserr.Parsing(f.Start(), "[terms] query does not support [%s]", f.Key())
		}
		if t != nil {
			return nil, eserr.Parsing(f.Start(), "[terms] query does not support multiple fields")
		}
		t = &terms{field: f.Key()}
		for m := range f.Members() {
			if m.Kind() == xcontent.Null {
				return nil, eserr.IllegalArgument("No value specified for terms query")
			}
			t.values = append(t.values, m.Text())
		}
	}
	if t == nil {
		return nil, eserr.Parsing(v.End(), "[terms] query requires a field name, followed by array of terms or a document lookup specification")
	}
	return c.wrap(*t), nil
}

func (t terms) eval(r *Reader) (matches, *eserr.Error) {
	if len(t.values) > maxTerms {
		return matches{}, r.shard(eserr.IllegalArgument("The number of terms [%d] used in the Terms Query request has exceeded the allowed maximum of [%d]. This maximum can be set by changing the [index.max_terms_count] index level setting.", len(t.values), maxTerms))
	}
	if t.field == "_id" {
		return ids{t.values}.eval(r)
	}
	out := &inverted.Bits{}
	if f, key := r.Mapping.Field(t.field); f != nil && !f.IsObject() && f.Searchable() {
		var k *inverted.Keywords
		switch {
		case f.Class == mapping.Keyword:
			k = r.Keywords(f.Path)
		case f.Class == mapping.Flattened && key != "":
			k = r.Key(f.Path, key)
		}
		if k != nil { // many values, one set
			for _, v := range t.values {
				if id, ok := k.ID(analysis.Normalize(f.Normalizer, v)); ok {
					k.Mark(id, r.Limit, out)
				}
			}
			return constant(out), nil
		}
	}
	for _, v := range t.values {
		m, err := term{field: t.field, value: v}.eval(r)
		if err != nil {
			return m, err
		}
		out.Or(m.bits)
	}
	return constant(out), nil
}

// ids matches documents by their _id.
type ids struct{ values []string }

func parseIDs(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	var q ids
	for m := range v.Members() {
		if known, err := c.take(m); err != nil {
			return nil, err
		} else if known {
			continue
		}
		if m.Key() != "values" {
			return nil, eserr.XContent(m.KeyPos(), "[ids] unknown field [%s]", m.Key())
		}
		if m.Kind() != xcontent.Array {
			q.values = []string{m.Text()}
			continue
		}
		for id := range m.Members() {
			q.values = append(q.values, id.Text())
		}
	}
	return c.wrap(q), nil
}

func (q ids) eval(r *Reader) (matches, *eserr.Error) {
	all := r.IDs()
	return marked(func(b *inverted.Bits) {
		for _, id := range q.values {
			if n, ok := all.ID(id); ok {
				all.Mark(n, r.Limit, b)
			}
		}
	}), nil
}
