package search

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// newReader indexes documents; their ids are their numbers.
func newReader(t *testing.T, name, fields string, docs ...string) *Reader {
	t.Helper()
	d, err := xcontent.Parse(fields)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := analysis.NewRegistry(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, bad := mapping.Parse(d.Root(), reg)
	if bad != nil {
		t.Fatal(bad)
	}
	s := inverted.NewStore()
	for i, doc := range docs {
		p, _, bad := m.Document(fmt.Sprint(i), doc, mapping.DefaultLimits)
		if bad != nil {
			t.Fatal(bad)
		}
		s.Add(&inverted.Record{ID: fmt.Sprint(i), Source: doc, Version: 1}, p)
	}
	return &Reader{Snapshot: s.Refresh(s.Empty(), nil), Mapping: m, Index: name, UUID: "u", Now: time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC), Window: 10000, Shards: 1}
}

// run searches and returns the response as JSON.
func run(t *testing.T, body string, readers ...*Reader) string {
	t.Helper()
	q, err := ParseRequest(body)
	if err != nil {
		return err.Error()
	}
	res, err := q.Run(readers)
	if err != nil {
		return string(xcontent.Append(nil, err.Body()))
	}
	return string(xcontent.Append(nil, q.Body(res, 0, nil)))
}

func hitIDs(t *testing.T, body string, readers ...*Reader) string {
	t.Helper()
	var got struct {
		Hits struct {
			Hits []struct {
				ID string `json:"_id"`
			}
		}
	}
	text := run(t, body, readers...)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return text
	}
	var out []string
	for _, h := range got.Hits.Hits {
		out = append(out, h.ID)
	}
	return strings.Join(out, " ")
}

const fields = `{"properties":{"k":{"type":"keyword"},"t":{"type":"text"},"l":{"type":"long"},"d":{"type":"double"},"dt":{"type":"date"},"b":{"type":"boolean"},"ip":{"type":"ip"},
"f":{"type":"flattened"},"n":{"type":"nested","properties":{"a":{"type":"keyword"},"v":{"type":"long"},"m":{"type":"nested","properties":{"x":{"type":"keyword"}}}}}}}`

var sample = []string{
	`{"k":"apple","t":"quick brown fox","l":5,"d":1.5,"dt":"2026-01-01","b":true,"ip":"10.0.0.1","f":{"a":"1","c":"x"}}`,
	`{"k":["Banana","cherry"],"t":"the quick dog","l":[1,9],"d":-2,"dt":"2026-01-05T10:00:00Z","b":false,"ip":"10.0.0.2","f":{"a":"2"}}`,
	`{"k":"date","t":"brown dog brown","l":3,"dt":"2026-01-10","ip":"192.168.0.1","n":[{"a":"x","v":1,"m":[{"x":"p"}]},{"a":"y","v":7}]}`,
	`{"t":"nothing here","n":[{"a":"x","v":9,"m":{"x":"q"}}]}`,
}

func TestQueries(t *testing.T) {
	r := newReader(t, "i", fields, sample...)
	for query, want := range map[string]string{
		`{"match_all":{}}`: "0 1 2 3", `{"match_none":{}}`: "", `{"bool":{}}`: "0 1 2 3",
		`{"term":{"k":"apple"}}`: "0", `{"term":{"k":{"value":"BANANA","case_insensitive":true}}}`: "1", `{"terms":{"k":["apple","cherry"]}}`: "0 1",
		`{"term":{"l":"9"}}`: "1", `{"term":{"l":9.0}}`: "1", `{"term":{"l":9.5}}`: "", `{"term":{"d":-2}}`: "1", `{"term":{"b":"true"}}`: "0",
		`{"term":{"dt":"2026-01-05"}}`: "1", `{"term":{"ip":"10.0.0.0/24"}}`: "0 1", `{"term":{"_id":"2"}}`: "2", `{"ids":{"values":["1","9"]}}`: "1",
		`{"term":{"_index":"i"}}`: "0 1 2 3", `{"term":{"unknown":1}}`: "",
		`{"range":{"l":{"gt":3,"lte":5}}}`: "0", `{"range":{"l":{"gte":2.5,"lt":3.5}}}`: "2", `{"range":{"l":{"gt":9}}}`: "", `{"range":{"d":{"lt":1.5}}}`: "1",
		`{"range":{"k":{"gte":"b","lt":"d"}}}`: "1", `{"range":{"k":{"gt":"apple"}}}`: "1 2", `{"range":{"dt":{"gte":"now-5d/d","lt":"now"}}}`: "1 2",
		`{"range":{"dt":{"lte":"2026-01-05"}}}`: "0 1", `{"range":{"ip":{"gte":"10.0.0.2","lte":"10.0.0.9"}}}`: "1", `{"range":{"f":{"gte":"2"}}}`: "0 1",
		`{"prefix":{"k":"ch"}}`: "1", `{"wildcard":{"k":"*an*"}}`: "1", `{"wildcard":{"k":"d?te"}}`: "2", `{"wildcard":{"k":"b*"}}`: "",
		`{"regexp":{"k":"[a-c].*"}}`: "0 1", `{"fuzzy":{"t":"quikc"}}`: "0 1", `{"fuzzy":{"t":{"value":"brawn","fuzziness":1}}}`: "0 2",
		`{"match":{"t":"quick dog"}}`: "0 1 2", `{"match":{"t":{"query":"quick dog","operator":"and"}}}`: "1", `{"match":{"t":{"query":"quick brown dog","minimum_should_match":2}}}`: "0 1 2",
		`{"match_phrase":{"t":"quick brown"}}`: "0", `{"match_phrase":{"t":"brown quick"}}`: "", `{"match_phrase":{"t":{"query":"quick fox","slop":1}}}`: "0", `{"match_phrase_prefix":{"t":"brown d"}}`: "2",
		`{"match_bool_prefix":{"t":"nothing fo"}}`: "0 3", `{"multi_match":{"query":"apple dog","fields":["k","t"]}}`: "1 2", `{"multi_match":{"query":"apple","fields":["k","t"]}}`: "0",
		`{"multi_match":{"query":"quick apple","fields":["k","t"],"type":"cross_fields","operator":"and"}}`: "0",
		`{"query_string":{"query":"t:(quick AND NOT dog) OR k:date"}}`:                                      "0 2", `{"query_string":{"query":"l:[3 TO 5]"}}`: "0 2", `{"query_string":{"query":"l:>=5"}}`: "0 1", `{"query_string":{"query":"+brown -fox"}}`: "2",
		`{"query_string":{"query":"\"quick dog\""}}`: "1", `{"query_string":{"query":"k:app* bro?n"}}`: "0 2",
		`{"simple_query_string":{"query":"fox | quick dog","fields":["t"],"default_operator":"and"}}`: "1", `{"simple_query_string":{"query":"quick dog | nothing","fields":["t"],"default_operator":"and"}}`: "1 3",
		`{"simple_query_string":{"query":"fox nothing","fields":["t"]}}`: "0 3", `{"simple_query_string":{"query":"fox nothing + here","fields":["t"]}}`: "3", `{"simple_query_string":{"query":"quick -fox","fields":["t"],"default_operator":"and"}}`: "1",
		`{"simple_query_string":{"query":"\"quick brown\" | (dog + brown)","fields":["t"]}}`: "0 2", `{"simple_query_string":{"query":"apple quick","default_operator":"and"}}`: "0",
		`{"exists":{"field":"k"}}`: "0 1 2", `{"exists":{"field":"n"}}`: "", `{"exists":{"field":"f.c"}}`: "0", `{"exists":{"field":"t"}}`: "0 1 2 3",
		`{"bool":{"should":[{"term":{"k":"apple"}},{"term":{"b":false}},{"match":{"t":"quick"}}],"minimum_should_match":2}}`: "0 1",
		`{"bool":{"filter":[{"match":{"t":"brown"}}],"must_not":[{"term":{"k":"apple"}}]}}`:                                  "2", `{"bool":{"filter":{"match_all":{}},"should":{"term":{"k":"zzz"}}}}`: "0 1 2 3",
		`{"bool":{"should":[{"term":{"k":"apple"}},{"term":{"k":"date"}}],"minimum_should_match":"-50%"}}`:       "0 2",
		`{"nested":{"path":"n","query":{"bool":{"filter":[{"term":{"n.a":"x"}},{"range":{"n.v":{"gte":5}}}]}}}}`: "3", `{"nested":{"path":"n","query":{"match_all":{}}}}`: "2 3",
		`{"nested":{"path":"n","query":{"bool":{"must_not":{"term":{"n.a":"x"}}}}}}`: "2", `{"nested":{"path":"n.m","query":{"term":{"n.m.x":"q"}}}}`: "3",
		`{"nested":{"path":"n","query":{"nested":{"path":"n.m","query":{"term":{"n.m.x":"p"}}}}}}`: "2", `{"term":{"n.a":"x"}}`: "",
		`{"constant_score":{"filter":{"term":{"k":"apple"}}}}`: "0", `{"dis_max":{"queries":[{"term":{"k":"apple"}},{"term":{"k":"date"}}]}}`: "0 2",
	} {
		if got := hitIDs(t, `{"query":`+query+`,"sort":["_doc"]}`, r); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	r := newReader(t, "i", fields, sample...)
	for query, want := range map[string]string{
		`{"term":{"l":"abc"}}`:                                              `failed to create query: For input string: \"abc\"`,
		`{"term":{"b":"maybe"}}`:                                            "Can't parse boolean value [maybe], expected [true] or [false]",
		`{"range":{"dt":{"gte":"someday"}}}`:                                "failed to parse date field [someday]",
		`{"prefix":{"l":"1"}}`:                                              "Can only use prefix queries on keyword, text and wildcard fields - not on [l] which is of type [long]",
		`{"regexp":{"k":"[a"}}`:                                             "expected ']' at position 2",
		`{"nested":{"path":"k","query":{"match_all":{}}}}`:                  "failed to find nested object under path [k]",
		`{"wildcard":{"f.a":"*"}}`:                                          "not currently supported on keyed [flattened] fields",
		`{"bool":{"should":[{"match_all":{}}],"minimum_should_match":"x"}}`: `For input string: \"x\"`,
		`{"query_string":{"query":"k:(a"}}`:                                 "Failed to parse query [k:(a]",
	} {
		if got := run(t, `{"query":`+query+`}`, r); !strings.Contains(got, want) {
			t.Errorf("%s: %.300s", query, got)
		}
	}
}

func TestSorts(t *testing.T) {
	r := newReader(t, "i", fields, sample...)
	for sort, want := range map[string]string{
		`[{"l":"asc"}]`: "1 2 0 3", `[{"l":"desc"}]`: "1 0 2 3", `[{"l":{"order":"asc","mode":"max"}}]`: "2 0 1 3", `[{"l":{"order":"asc","missing":"_first"}}]`: "3 1 2 0",
		`[{"l":{"order":"desc","missing":"_first"}}]`: "3 1 0 2", `[{"l":{"order":"asc","missing":4}}]`: "1 2 3 0", `[{"l":{"order":"asc","mode":"sum"}}]`: "2 0 1 3",
		`["k"]`: "1 0 2 3", `[{"k":"desc"}]`: "2 1 0 3", `[{"k":{"order":"desc","missing":"_first"}}]`: "3 2 1 0", `[{"d":"desc"}]`: "0 1 2 3", `[{"b":"desc"},"_doc"]`: "0 1 2 3",
		`[{"f.a":"desc"},{"k":"asc"}]`: "1 0 2 3", `[{"ip":"desc"}]`: "2 1 0 3", `[{"zzz":{"unmapped_type":"long"}},{"_doc":"desc"}]`: "3 2 1 0",
		`[{"n.v":{"order":"desc","nested":{"path":"n","filter":{"term":{"n.a":"x"}}}}}]`: "3 2 0 1",
	} {
		if got := hitIDs(t, `{"sort":`+sort+`}`, r); got != want {
			t.Errorf("%s: %s, want %s", sort, got, want)
		}
	}
}

// TestSearchAfterPagesThroughAll pages by one through every kind of sort and
// compares with one large page.
func TestSearchAfterPagesThroughAll(t *testing.T) {
	a := newReader(t, "a", fields, sample...)
	b := newReader(t, "b", fields, sample...)
	for _, sort := range []string{
		`[{"l":"asc"},{"_index_":{"unmapped_type":"long"}},"k"]`, `[{"d":"desc"},"k",{"dt":"asc"}]`, `[{"k":"desc"},"l"]`, `[{"b":"asc"},{"ip":"desc"},"k"]`,
	} {
		whole := hitIDs(t, `{"sort":`+sort+`,"size":100}`, a)
		after, paged := "", []string{}
		for range 20 {
			text := run(t, `{"sort":`+sort+`,"size":1,"_source":false`+after+`}`, a)
			var page struct {
				Hits struct {
					Hits []struct {
						ID   string `json:"_id"`
						Sort json.RawMessage
					}
				}
			}
			if err := json.Unmarshal([]byte(text), &page); err != nil {
				t.Fatal(text)
			}
			if len(page.Hits.Hits) == 0 {
				break
			}
			paged = append(paged, page.Hits.Hits[0].ID)
			after = `,"search_after":` + string(page.Hits.Hits[0].Sort)
		}
		if got := strings.Join(paged, " "); got != whole {
			t.Errorf("%s: %s, want %s", sort, got, whole)
		}
	}
	if got := hitIDs(t, `{"sort":["l"],"from":1,"size":3}`, a, b); got != "1 2 2" {
		t.Errorf("two indices: %s", got)
	}
}

func TestFloatKeysKeepTheOrder(t *testing.T) {
	list := []float64{-1e300, -2.5, -1e-300, 0, 1e-300, 1, 2.5, 1e300}
	var keys []int64
	for _, f := range list {
		keys = append(keys, floatKey(f))
		if keyFloat(floatKey(f)) != f {
			t.Errorf("%g comes back as %g", f, keyFloat(floatKey(f)))
		}
	}
	if !slices.IsSorted(keys) {
		t.Errorf("%v", keys)
	}
}

// TestAggregationsOverIndices merges buckets of two indices.
func TestAggregationsOverIndices(t *testing.T) {
	a := newReader(t, "a", fields, sample[:2]...)
	b := newReader(t, "b", fields, sample...)
	for aggs, want := range map[string]string{
		`{"x":{"terms":{"field":"k","size":2}}}`:                                                                       `"sum_other_doc_count":3,"buckets":[{"key":"Banana","doc_count":2},{"key":"apple","doc_count":2}]`,
		`{"x":{"terms":{"field":"l"},"aggs":{"s":{"sum":{"field":"d"}}}}}`:                                             `{"key":1,"doc_count":2,"s":{"value":-4.0}}`,
		`{"x":{"avg":{"field":"d"}}}`:                                                                                  `"x":{"value":-0.25}`,
		`{"x":{"cardinality":{"field":"k"}}}`:                                                                          `"x":{"value":4}`,
		`{"x":{"terms":{"field":"f.a"}}}`:                                                                              `{"key":"1","doc_count":2},{"key":"2","doc_count":2}`,
		`{"x":{"date_histogram":{"field":"dt","calendar_interval":"day","min_doc_count":1}}}`:                          `{"key_as_string":"2026-01-05T00:00:00.000Z","key":1767571200000,"doc_count":2}`,
		`{"x":{"missing":{"field":"d"}}}`:                                                                              `"x":{"doc_count":2}`,
		`{"x":{"nested":{"path":"n"},"aggs":{"v":{"max":{"field":"n.v"}}}}}`:                                           `"x":{"doc_count":3,"v":{"value":9.0}}`,
		`{"x":{"composite":{"size":1,"sources":[{"k":{"terms":{"field":"k","order":"desc"}}}],"after":{"k":"date"}}}}`: `"after_key":{"k":"cherry"},"buckets":[{"key":{"k":"cherry"},"doc_count":2}]`,
		`{"x":{"percentiles":{"field":"l","percents":[50]}}}`:                                                          `"x":{"values":{"50.0":5.0}}`,
	} {
		if got := run(t, `{"size":0,"aggs":`+aggs+`}`, a, b); !strings.Contains(got, want) {
			t.Errorf("%s: %s", aggs, got)
		}
	}
}

func TestMinimumShouldMatch(t *testing.T) {
	for text, want := range map[string]int{"2": 2, "-1": 3, "75%": 3, "-25%": 3, "100%": 4, "2<75%": 3, "5<75%": 4, "0": 0} {
		if got, err := minimumOf(text, 4); err != nil || got != want {
			t.Errorf("%s of 4: %d %v, want %d", text, got, err, want)
		}
	}
}

func TestSourceFilter(t *testing.T) {
	source := `{"a":{"b":1,"c":[{"d":1,"e":2}]},"f":3}`
	for _, c := range []struct {
		f    SourceFilter
		want string
	}{
		{SourceFilter{}, source}, {SourceFilter{Includes: []string{"a.b"}}, `{"a":{"b":1}}`}, {SourceFilter{Includes: []string{"a"}, Excludes: []string{"a.b"}}, `{"a":{"c":[{"d":1,"e":2}]}}`},
		{SourceFilter{Includes: []string{"a.c.*"}, Excludes: []string{"*.d"}}, `{"a":{"c":[{"e":2}]}}`}, {SourceFilter{Excludes: []string{"a"}}, `{"f":3}`}, {SourceFilter{Includes: []string{"z"}}, `{}`},
	} {
		if got := string(xcontent.Append(nil, c.f.Apply(source))); got != c.want {
			t.Errorf("%+v: %s, want %s", c.f, got, c.want)
		}
	}
}
