package search

import (
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

type queryParser func(v xcontent.Value) (Query, *eserr.Error)

// parsers holds every query type by name; filled in init because queries
// contain queries.
var parsers map[string]queryParser

func init() {
	parsers = map[string]queryParser{
		"match_all": parseMatchAll, "match_none": parseMatchNone, "term": parseTerm, "terms": parseTerms, "ids": parseIDs,
		"range": parseRange, "prefix": parsePrefix, "wildcard": parseWildcard, "regexp": parseRegexp, "fuzzy": parseFuzzy,
		"match": parseMatch, "match_phrase": parseMatchPhrase, "match_phrase_prefix": parseMatchPhrasePrefix,
		"match_bool_prefix": parseMatchBoolPrefix, "multi_match": parseMultiMatch, "query_string": parseQueryString,
		"simple_query_string": parseSimpleQueryString, "bool": parseBool, "constant_score": parseConstantScore,
		"dis_max": parseDisMax, "exists": parseExists, "nested": parseNested, "geo_distance": parseGeoDistance,
	}
}

// ParseQuery reads a query: an object with one member, its type.
func ParseQuery(v xcontent.Value) (Query, *eserr.Error) {
	if v.Kind() != xcontent.Object {
		return nil, eserr.Parsing(v.Start(), "[_na] query malformed, must start with start_object")
	}
	if v.Empty() {
		at := v.End()
		return nil, eserr.IllegalArgument("query malformed, empty clause found at [%d:%d]", at.Line, at.Col)
	}
	var q Query
	var first string
	for m := range v.Members() {
		if q != nil {
			return nil, eserr.Parsing(m.KeyPos(), "[%s] malformed query, expected [END_OBJECT] but found [FIELD_NAME]", first)
		}
		first = m.Key()
		parse, ok := parsers[first]
		if !ok {
			var known []string
			for name := range parsers {
				known = append(known, name)
			}
			slices.Sort(known)
			at := m.Start()
			return nil, eserr.Parsing(at, "unknown query [%s]%s", first, xcontent.Suggest(first, known)).
				By(eserr.New(400, "named_object_not_found_exception", "[%d:%d] unknown field [%s]", at.Line, at.Col, first))
		}
		if m.Kind() != xcontent.Object {
			return nil, eserr.Parsing(m.Start(), "[%s] query malformed, no start_object after query name", first)
		}
		var err *eserr.Error
		if q, err = parse(m); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// common are the parameters that every query takes.
type common struct {
	boost float32
	name  string
}

// take reads boost and _name; it reports whether it knew the parameter.
func (c *common) take(p xcontent.Value) (bool, *eserr.Error) {
	switch p.Key() {
	case "boost":
		f, err := strconv.ParseFloat(p.Text(), 32)
		if err != nil || f < 0 {
			return true, eserr.IllegalArgument("negative [boost] are not allowed in [bool], use a value between 0 and 1 to deboost")
		}
		c.boost = float32(f)
	case "_name":
		c.name = p.Text()
	default:
		return false, nil
	}
	return true, nil
}

// wrap applies boost and name.
func (c common) wrap(q Query) Query {
	if c.boost != 1 {
		q = boosted{q, c.boost}
	}
	if c.name != "" {
		q = named{q, c.name}
	}
	return q
}

type boosted struct {
	q     Query
	boost float32
}

func (b boosted) eval(r *Reader) (matches, *eserr.Error) {
	m, err := b.q.eval(r)
	if err != nil {
		return m, err
	}
	m.score *= b.boost
	for i := range m.scores {
		m.scores[i] *= b.boost
	}
	return m, nil
}

// named remembers which documents its query matched.
type named struct {
	q    Query
	name string
}

func (n named) eval(r *Reader) (matches, *eserr.Error) {
	m, err := n.q.eval(r)
	if err == nil && r.named != nil {
		if old := r.named[n.name]; old != nil {
			r.named[n.name] = old.Clone().Or(m.bits)
		} else {
			r.named[n.name] = m.bits.Clone()
		}
	}
	return m, err
}

// params are the parameters of a query on one field.
type params struct {
	common
	field string
	value xcontent.Value // the short form, or the member "value" or "query"
	other map[string]xcontent.Value
}

// parseField reads {"<field>": value} or {"<field>": {"<main>": value, ...}}
// and refuses parameters that are not listed.
func parseField(v xcontent.Value, query, main, allowed string) (params, *eserr.Error) {
	p := params{common: common{boost: 1}, other: map[string]xcontent.Value{}}
	for f := range v.Members() {
		if f.Key() == "boost" || f.Key() == "_name" {
			if _, err := p.take(f); err != nil {
				return p, err
			}
			continue
		}
		if p.field != "" {
			return p, eserr.Parsing(f.Start(), "[%s] query doesn't support multiple fields, found [%s] and [%s]", query, p.field, f.Key())
		}
		p.field = f.Key()
		switch f.Kind() {
		case xcontent.Array:
			return p, eserr.Parsing(f.Start(), "[%s] query does not support array of values", query)
		case xcontent.Null:
			return p, eserr.IllegalArgument("field name is null or empty")
		case xcontent.Object:
		default:
			p.value = f
			continue
		}
		for m := range f.Members() {
			known, err := p.take(m)
			switch {
			case err != nil:
				return p, err
			case known:
			case m.Key() == main:
				p.value = m
			case strings.Contains(" "+allowed+" ", " "+m.Key()+" "):
				p.other[m.Key()] = m
			default:
				return p, eserr.Parsing(m.Start(), "[%s] query does not support [%s]", query, m.Key())
			}
		}
	}
	if p.field == "" {
		return p, eserr.IllegalArgument("field name is null or empty")
	}
	if main != "" && p.value.IsZero() {
		return p, eserr.IllegalArgument("value cannot be null")
	}
	return p, nil
}

func (p params) text(name, normal string) string {
	if v, ok := p.other[name]; ok {
		return v.Text()
	}
	return normal
}

type matchAll struct{}

func parseMatchAll(v xcontent.Value) (Query, *eserr.Error) {
	return onlyCommon(v, "match_all", matchAll{})
}
func parseMatchNone(v xcontent.Value) (Query, *eserr.Error) {
	return onlyCommon(v, "match_none", matchNone{})
}

func onlyCommon(v xcontent.Value, name string, q Query) (Query, *eserr.Error) {
	c := common{boost: 1}
	for m := range v.Members() {
		if known, err := c.take(m); err != nil {
			return nil, err
		} else if !known {
			at := m.KeyPos()
			return nil, eserr.XContent(at, "[%s] unknown field [%s]", name, m.Key())
		}
	}
	return c.wrap(q), nil
}

func (matchAll) eval(r *Reader) (matches, *eserr.Error) {
	return constant(r.universe().Clone()), nil
}

type matchNone struct{}

func (matchNone) eval(r *Reader) (matches, *eserr.Error) { return r.none(), nil }

// marked collects documents in a set.
func marked(fill func(*inverted.Bits)) matches {
	b := &inverted.Bits{}
	fill(b)
	return constant(b)
}

// All matches every document.
func All() Query { return matchAll{} }
