package search

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// exists matches documents that have a value.
type exists struct{ field string }

func parseExists(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := exists{}
	for m := range v.Members() {
		if m.Key() == "field" {
			q.field = m.Text()
			continue
		}
		if known, err := c.take(m); err != nil {
			return nil, err
		} else if !known {
			return nil, eserr.Parsing(m.Start(), "[exists] query does not support [%s]", m.Key())
		}
	}
	if q.field == "" {
		return nil, eserr.Parsing(v.End(), "[exists] must be provided with a [field]")
	}
	return c.wrap(q), nil
}

func (q exists) eval(r *Reader) (matches, *eserr.Error) {
	switch q.field {
	case "_ignored":
		return r.having(r.Ignored().Docs()), nil
	case "_id", "_index":
		return matchAll{}.eval(r)
	}
	out := &inverted.Bits{}
	found := false
	visit := func(f *mapping.Field) {
		found = true
		out.Or(r.having(r.docs(f, "")).bits)
	}
	f, key := r.Mapping.Field(q.field)
	switch {
	case f == nil && strings.Contains(q.field, "*"):
		r.Mapping.Leaves(func(f *mapping.Field) {
			if xcontent.Wildcard(q.field, f.Path) {
				visit(f)
			}
		})
	case f == nil:
	case f.IsObject():
		r.Mapping.Leaves(func(leaf *mapping.Field) {
			if strings.HasPrefix(leaf.Path, f.Path+".") {
				visit(leaf)
			}
		})
	default:
		found = true
		out = r.having(r.docs(f, key)).bits
	}
	if !found {
		return r.none(), nil
	}
	return constant(out), nil
}

// docs lists the documents that have a value of a field.
func (r *Reader) docs(f *mapping.Field, key string) []uint32 {
	switch f.Class {
	case mapping.Keyword, mapping.IP:
		return r.Keywords(f.Path).Docs()
	case mapping.Text:
		return r.Texts(f.Path).Docs()
	case mapping.Flattened:
		if key == "" {
			return r.FlatDocs(f.Path)
		}
		return r.Key(f.Path, key).Docs()
	case mapping.Double:
		return r.Doubles(f.Path).Docs()
	case mapping.Geo:
		return r.Points(f.Path).Docs()
	}
	return r.Longs(f.Path).Docs()
}

func (r *Reader) having(docs []uint32) matches {
	return marked(func(b *inverted.Bits) {
		for _, ord := range docs {
			if ord >= r.Limit {
				return
			}
			b.Set(ord)
		}
	})
}
