package search

import (
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// weighted is a field with the weight of title^2.
type weighted struct {
	field string
	boost float32
}

func parseFields(v xcontent.Value) ([]weighted, *eserr.Error) {
	list := []string{}
	if v.Kind() == xcontent.Array {
		for m := range v.Members() {
			list = append(list, m.Text())
		}
	} else {
		list = append(list, v.Text())
	}
	var out []weighted
	for _, text := range list {
		w := weighted{text, 1}
		if name, boost, ok := strings.Cut(text, "^"); ok {
			f, err := strconv.ParseFloat(boost, 32)
			if err != nil {
				return nil, eserr.NumberFormat(boost)
			}
			w = weighted{name, float32(f)}
		}
		out = append(out, w)
	}
	return out, nil
}

// expand replaces patterns by the fields of the index. Without fields it gives
// all that can be searched by a text and do not lie in nested objects.
func (r *Reader) expand(fields []weighted) (out []weighted, all bool) {
	if len(fields) == 0 {
		fields = []weighted{{"*", 1}}
	}
	for _, w := range fields {
		if !strings.Contains(w.field, "*") {
			out = append(out, w)
			continue
		}
		all = true
		r.Mapping.Leaves(func(f *mapping.Field) {
			if f.Class != mapping.Geo && f.Searchable() && r.Mapping.NestedOf(f.Path) == r.path && xcontent.Wildcard(w.field, f.Path) {
				out = append(out, weighted{f.Path, w.boost})
			}
		})
	}
	return out, all
}

// multiMatch is match over several fields.
type multiMatch struct {
	fields []weighted
	kind   string
	m      match
	tie    float32
}

func parseMultiMatch(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := multiMatch{kind: "best_fields"}
	found := false
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "query":
			q.m.text, found = m.Text(), true
		case "fields":
			q.fields, err = parseFields(m)
		case "type":
			switch q.kind = m.Text(); q.kind {
			case "best_fields", "most_fields", "cross_fields":
			case "phrase", "phrase_prefix", "bool_prefix":
				q.m.kind = q.kind
			default:
				err = eserr.New(400, "parse_exception", "failed to parse [multi_match] query type [%s]. unknown type.", q.kind)
			}
		case "operator":
			q.m.and, err = operator(m.Text())
		case "minimum_should_match":
			q.m.minimum = m.Text()
		case "lenient":
			q.m.lenient = m.Text() == "true"
		case "analyzer":
			q.m.analyzer = m.Text()
		case "fuzziness":
			q.m.fuzzy = m.Text()
		case "tie_breaker":
			f, bad := strconv.ParseFloat(m.Text(), 32)
			if bad != nil {
				err = eserr.NumberFormat(m.Text())
			}
			q.tie = float32(f)
		default:
			var known bool
			if known, err = c.take(m); err == nil && !known {
				err = eserr.Parsing(m.Start(), "[multi_match] query does not support [%s]", m.Key())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, eserr.Parsing(v.End(), "No text specified for multi_match query")
	}
	return c.wrap(q), nil
}

func (q multiMatch) eval(r *Reader) (matches, *eserr.Error) {
	fields, all := r.expand(q.fields)
	q.m.lenient = q.m.lenient || all
	if q.kind == "cross_fields" {
		return q.cross(r, fields)
	}
	var list []Query
	for _, w := range fields {
		m := q.m
		m.field = w.field
		list = append(list, boosted{m, w.boost})
	}
	if q.kind == "most_fields" || q.kind == "bool_prefix" {
		return boolQuery{should: list}.eval(r)
	}
	return disMax{list, q.tie}.eval(r)
}

// cross looks for every word in any of the fields.
func (q multiMatch) cross(r *Reader, fields []weighted) (matches, *eserr.Error) {
	var clauses []matches
	for word := range strings.FieldsSeq(q.m.text) {
		var list []Query
		for _, w := range fields {
			list = append(list, boosted{match{field: w.field, text: word, and: true, lenient: true}, w.boost})
		}
		m, err := disMax{queries: list}.eval(r)
		if err != nil {
			return m, err
		}
		clauses = append(clauses, m)
	}
	if len(clauses) == 0 {
		return matches{bits: &inverted.Bits{}}, nil
	}
	return r.combine(clauses, q.m.and, q.m.minimum)
}
