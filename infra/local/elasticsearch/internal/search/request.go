package search

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// exactTotal asks for the exact number of hits.
const exactTotal = math.MaxInt

// Request is a parsed search.
type Request struct {
	Query          Query
	PostFilter     Query
	From, Size     int
	Sorts          []sortField
	After          []xcontent.Value
	Aggs           []*aggregation
	TrackTotal     int // count up to this number; 0: no total
	Source         SourceFilter
	Fields         []fieldPattern
	DocValues      []fieldPattern
	Version        bool
	SeqNo          bool
	MinScore       *float64
	TerminateAfter int
	Collapse       string
	PIT            string
	KeepAlive      string
	TypedKeys      bool
	TotalAsInt     bool
	Scroll         bool
	Page           bool // a later page of a scroll
}

// fieldPattern is an entry of fields or docvalue_fields.
type fieldPattern struct {
	pattern string
	format  string
}

// ParseRequest reads the body of a search; an absent body searches all.
func ParseRequest(body string) (*Request, *eserr.Error) {
	q := &Request{Query: matchAll{}, Size: 10, TrackTotal: 10000}
	if body == "" {
		return q, nil
	}
	doc, err := xcontent.Parse(body)
	if err != nil {
		return nil, eserr.Syntax(err)
	}
	root := doc.Root()
	if root.Kind() != xcontent.Object {
		return nil, eserr.Parsing(root.Start(), "Expected [START_OBJECT] but found [%s]", root.Token())
	}
	for m := range root.Members() {
		if err := q.member(m); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *Request) member(m xcontent.Value) (err *eserr.Error) {
	switch m.Key() {
	case "query":
		q.Query, err = ParseQuery(m)
	case "post_filter":
		q.PostFilter, err = ParseQuery(m)
	case "from":
		if q.From, err = integer(m); err == nil && q.From < 0 {
			err = eserr.IllegalArgument("[from] parameter cannot be negative but was [%d]", q.From)
		}
	case "size":
		if q.Size, err = integer(m); err == nil && q.Size < 0 {
			err = eserr.IllegalArgument("[size] parameter cannot be negative, found [%d]", q.Size)
		}
	case "sort":
		q.Sorts, err = parseSorts(m)
	case "search_after":
		err = q.searchAfter(m)
	case "aggs", "aggregations":
		q.Aggs, err = parseAggs(m)
	case "track_total_hits":
		q.TrackTotal, err = trackTotal(m.Text())
	case "_source":
		q.Source, err = ParseSource(m)
	case "fields":
		q.Fields, err = parsePatterns(m)
	case "docvalue_fields":
		q.DocValues, err = parsePatterns(m)
	case "version":
		q.Version = m.Text() == "true"
	case "seq_no_primary_term":
		q.SeqNo = m.Text() == "true"
	case "min_score":
		f, bad := strconv.ParseFloat(m.Text(), 64)
		if bad != nil {
			return eserr.NumberFormat(m.Text())
		}
		q.MinScore = &f
	case "terminate_after":
		q.TerminateAfter, err = integer(m)
	case "timeout": // a search here never takes that long
	case "track_scores", "explain", "profile":
		if m.Text() == "true" {
			err = eserr.IllegalArgument("[%s] is not supported by this stand-in", m.Key())
		}
	case "collapse":
		for c := range m.Members() {
			if c.Key() != "field" {
				return eserr.XContent(c.KeyPos(), "[collapse] unknown field [%s]", c.Key())
			}
			q.Collapse = c.Text()
		}
	case "pit":
		for p := range m.Members() {
			switch p.Key() {
			case "id":
				q.PIT = p.Text()
			case "keep_alive":
				q.KeepAlive = p.Text()
			default:
				return eserr.XContent(p.KeyPos(), "[pit] unknown field [%s]", p.Key())
			}
		}
	default:
		return eserr.Parsing(m.Start(), "Unknown key for a %s in [%s].", m.Token(), m.Key())
	}
	return err
}

func (q *Request) searchAfter(v xcontent.Value) *eserr.Error {
	if v.Kind() != xcontent.Array {
		return eserr.Parsing(v.Start(), "Expected [START_ARRAY] in [search_after] but found [%s]", v.Token())
	}
	q.After = []xcontent.Value{}
	for m := range v.Members() {
		if m.Kind() >= xcontent.Object {
			return eserr.Parsing(m.Start(), "Expected [VALUE_STRING] or [VALUE_NUMBER] or [VALUE_BOOLEAN] or [VALUE_NULL] but found [%s] inside search_after.", m.Token())
		}
		q.After = append(q.After, m)
	}
	if len(q.After) == 0 {
		return eserr.IllegalArgument("Values must contains at least one value.")
	}
	return nil
}

func trackTotal(text string) (int, *eserr.Error) {
	switch text {
	case "true", "":
		return exactTotal, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 {
		return 0, eserr.IllegalArgument("[track_total_hits] parameter must be positive or equals to -1, got %s", text)
	}
	if n == -1 {
		return exactTotal, nil
	}
	return n, nil
}

func parsePatterns(v xcontent.Value) ([]fieldPattern, *eserr.Error) {
	if v.Kind() != xcontent.Array {
		return nil, eserr.Parsing(v.Start(), "Expected [START_ARRAY] in [%s] but found [%s]", v.Key(), v.Token())
	}
	var out []fieldPattern
	for m := range v.Members() {
		p := fieldPattern{pattern: m.Text()}
		if m.Kind() == xcontent.Object {
			for o := range m.Members() {
				switch o.Key() {
				case "field":
					p.pattern = o.Text()
				case "format":
					p.format = o.Text()
				default:
					return nil, eserr.XContent(o.KeyPos(), "[fields] unknown field [%s]", o.Key())
				}
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// Parameters are the URL parameters that a search takes.
const Parameters = "q default_operator from size sort track_total_hits _source _source_includes _source_excludes version seq_no_primary_term " +
	"typed_keys rest_total_hits_as_int terminate_after timeout routing preference request_cache ignore_unavailable allow_no_indices " +
	"expand_wildcards scroll search_type batched_reduce_size pre_filter_shard_size max_concurrent_shard_requests allow_partial_search_results"

// Apply adds the URL parameters to a request.
func (q *Request) Apply(p url.Values) (err *eserr.Error) {
	number := func(name string, to *int) {
		if text := p.Get(name); text != "" && err == nil {
			n, bad := strconv.Atoi(text)
			if bad != nil {
				err = eserr.IllegalArgument("Failed to parse int parameter [%s] with value [%s]", name, text).By(eserr.NumberFormat(text))
				return
			}
			if n < 0 {
				err = eserr.IllegalArgument("[%s] parameter cannot be negative, found [%d]", name, n)
			}
			*to = n
		}
	}
	number("from", &q.From)
	number("size", &q.Size)
	number("terminate_after", &q.TerminateAfter)
	if text := p.Get("q"); text != "" {
		q.Query = FromURL(text, strings.EqualFold(p.Get("default_operator"), "and"))
	}
	if text := p.Get("sort"); text != "" && err == nil {
		q.Sorts, err = sortsFromURL(text)
	}
	if p.Has("track_total_hits") && err == nil {
		q.TrackTotal, err = trackTotal(p.Get("track_total_hits"))
	}
	q.Source = q.Source.Override(p)
	q.Version = q.Version || flag(p, "version")
	q.SeqNo = q.SeqNo || flag(p, "seq_no_primary_term")
	q.TypedKeys = flag(p, "typed_keys")
	if q.TotalAsInt = flag(p, "rest_total_hits_as_int"); q.TotalAsInt {
		q.TrackTotal = exactTotal
	}
	q.Scroll = p.Get("scroll") != ""
	return err
}

func flag(p url.Values, name string) bool {
	return p.Has(name) && p.Get(name) != "false"
}

// Check refuses contradictions that need no index.
func (q *Request) Check() *eserr.Error {
	if len(q.After) > 0 && q.From > 0 {
		return eserr.Validation("[from] parameter must be set to 0 when [search_after] is used")
	}
	if q.Scroll && q.From > 0 && !q.Page {
		return eserr.Validation("using [from] is not allowed in a scroll context")
	}
	return nil
}
