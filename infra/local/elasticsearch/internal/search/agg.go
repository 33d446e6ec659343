package search

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// maxBuckets is search.max_buckets.
const maxBuckets = 65536

// docset are documents of several indices, each list ascending.
type docset []part

type part struct {
	r    *Reader
	ords []uint32
}

func (d docset) count() int {
	n := 0
	for _, p := range d {
		n += len(p.ords)
	}
	return n
}

// add puts a document behind those of its index; the documents of an index
// come one after the other.
func (d *docset) add(r *Reader, ord uint32) {
	if n := len(*d); n == 0 || (*d)[n-1].r != r {
		*d = append(*d, part{r: r})
	}
	p := &(*d)[len(*d)-1]
	p.ords = append(p.ords, ord)
}

// aggregation is a named aggregation with those inside it.
type aggregation struct {
	name string
	kind string
	do   aggregator
	subs []*aggregation
}

// aggregator computes one kind of aggregation. run returns the members of its
// result; c counts buckets and runs what is inside.
type aggregator interface {
	check(r *Reader) *eserr.Error
	run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error)
}

// collector is one run of all aggregations.
type collector struct {
	buckets int
	typed   bool
	all     docset // every document, for global
}

type aggParser func(v xcontent.Value, name string) (aggregator, *eserr.Error)

// aggParsers holds every aggregation type; filled in init because filters
// contain queries.
var aggParsers map[string]aggParser

func init() {
	aggParsers = map[string]aggParser{
		"terms": parseTermsAgg, "cardinality": metricParser("cardinality"), "min": metricParser("min"), "max": metricParser("max"),
		"avg": metricParser("avg"), "sum": metricParser("sum"), "value_count": metricParser("value_count"), "stats": metricParser("stats"),
		"extended_stats": metricParser("extended_stats"), "percentiles": parsePercentiles, "date_histogram": parseDateHistogram,
		"histogram": parseHistogram, "range": parseRangeAgg, "date_range": parseDateRangeAgg, "filter": parseFilterAgg,
		"filters": parseFiltersAgg, "missing": parseMissingAgg, "global": parseGlobalAgg, "nested": parseNestedAgg,
		"reverse_nested": parseReverseNestedAgg, "composite": parseComposite, "top_hits": parseTopHits,
	}
}

func parseAggs(v xcontent.Value) ([]*aggregation, *eserr.Error) {
	if v.Kind() != xcontent.Object {
		return nil, eserr.Parsing(v.Start(), "Found [%s] under [aggs], expected an object", v.Token())
	}
	var out []*aggregation
	for m := range v.Members() {
		if strings.ContainsAny(m.Key(), "[]>") {
			return nil, eserr.Parsing(m.KeyPos(), "Invalid aggregation name [%s]. Aggregation names can contain any character except '[', ']', and '>'", m.Key())
		}
		if m.Kind() != xcontent.Object {
			return nil, eserr.Parsing(m.Start(), "Aggregation definition for [%s] starts with a [%s], expected a [START_OBJECT].", m.Key(), m.Token())
		}
		a, err := parseAgg(m)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func parseAgg(v xcontent.Value) (*aggregation, *eserr.Error) {
	a := &aggregation{name: v.Key()}
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "aggs", "aggregations":
			a.subs, err = parseAggs(m)
		case "meta":
		default:
			if a.do != nil {
				return nil, eserr.Parsing(m.Start(), "Found two aggregation type definitions in [%s]: [%s] and [%s]", a.name, a.kind, m.Key())
			}
			parse, ok := aggParsers[m.Key()]
			if !ok {
				at := m.Start()
				return nil, eserr.Parsing(at, "Unknown aggregation type [%s]%s", m.Key(), xcontent.Suggest(m.Key(), aggNames())).
					By(eserr.New(400, "named_object_not_found_exception", "[%d:%d] unknown field [%s]", at.Line, at.Col, m.Key()))
			}
			a.kind = m.Key()
			a.do, err = parse(m, a.name)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.do == nil {
		return nil, eserr.Parsing(v.End(), "Missing definition for aggregation [%s]", a.name)
	}
	if _, leaf := a.do.(*metric); leaf && len(a.subs) > 0 {
		return nil, eserr.New(400, "aggregation_initialization_exception", "Aggregator [%s] of type [%s] cannot accept sub-aggregations", a.name, a.kind)
	}
	return a, nil
}

func aggNames() []string {
	var out []string
	for n := range aggParsers {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (a *aggregation) check(r *Reader) *eserr.Error {
	if err := a.do.check(r); err != nil {
		return err
	}
	for _, s := range a.subs {
		if err := s.check(r); err != nil {
			return err
		}
	}
	return nil
}

// aggregate runs the aggregations of a request.
func (q *Request) aggregate(res *Result, sets []found) *eserr.Error {
	if len(q.Aggs) == 0 || len(sets) == 0 {
		return nil
	}
	c := &collector{typed: q.TypedKeys}
	var docs docset
	for _, s := range sets {
		docs = append(docs, part{s.r, s.m.bits.List()})
		c.all = append(c.all, part{s.r, nil})
	}
	out, err := c.inside(q.Aggs, docs)
	if err == nil {
		res.Aggs = out
		return nil
	}
	if err.Type == "too_many_buckets_exception" {
		e := eserr.New(400, "search_phase_execution_exception", "")
		e.Roots, e.Cause = []*eserr.Error{}, err
		e.Meta = xcontent.Obj{{Key: "phase", Val: "fetch"}, {Key: "grouped", Val: true}, {Key: "failed_shards", Val: []any{}}}
		return e
	}
	return AllFailed("query", []Failure{{docs[0].r.Index, err}})
}

// inside runs a list of aggregations over one set of documents.
func (c *collector) inside(list []*aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	out := xcontent.Obj{}
	for _, a := range list {
		o, err := a.do.run(c, a, docs)
		if err != nil {
			return nil, err
		}
		name := a.name
		if c.typed {
			name = a.typed(docs) + "#" + name
		}
		out = out.Add(name, o)
	}
	return out, nil
}

// typed is the type name of typed_keys.
func (a *aggregation) typed(docs docset) string {
	if a.kind != "terms" {
		return a.kind
	}
	t := a.do.(*termsAgg)
	for _, p := range docs {
		f, _ := p.r.Mapping.Field(t.field)
		switch {
		case f == nil:
		case f.Class == mapping.Double:
			return "dterms"
		case f.Numeric():
			return "lterms"
		default:
			return "sterms"
		}
	}
	return "umterms"
}

// bucket adds the number of documents and the inner results to a bucket.
func (c *collector) bucket(head xcontent.Obj, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	if c.buckets++; c.buckets > maxBuckets {
		e := eserr.New(400, "too_many_buckets_exception", "Trying to create too many buckets. Must be less than or equal to: [%d] but this number of buckets was exceeded. This limit can be set by changing the [search.max_buckets] cluster level setting.", maxBuckets)
		e.Meta = xcontent.Obj{{Key: "max_buckets", Val: maxBuckets}}
		return nil, e
	}
	head = head.Add("doc_count", docs.count())
	if len(a.subs) == 0 {
		return head, nil
	}
	sub, err := c.inside(a.subs, docs)
	return append(head, sub...), err
}

// filtered keeps the documents of a set.
func filtered(docs docset, set func(r *Reader) (*inverted.Bits, *eserr.Error)) (docset, *eserr.Error) {
	var out docset
	for _, p := range docs {
		b, err := set(p.r)
		if err != nil {
			return nil, err
		}
		kept := make([]uint32, 0, len(p.ords))
		for _, ord := range p.ords {
			if b.Has(ord) {
				kept = append(kept, ord)
			}
		}
		out = append(out, part{p.r, kept})
	}
	return out, nil
}

// unknownAggField is the error for a parameter that an aggregation lacks.
func unknownAggField(kind string, m xcontent.Value, known string) *eserr.Error {
	return eserr.XContent(m.KeyPos(), "[%s] unknown field [%s]%s", kind, m.Key(), xcontent.Suggest(m.Key(), strings.Fields(known)))
}
