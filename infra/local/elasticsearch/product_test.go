package elasticsearch_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spiceharvester/infra/local/elasticsearch"
)

// found is the part of a search response that these tests look at.
type found struct {
	PIT  string `json:"pit_id"`
	Hits struct {
		Total struct{ Value int }
		Hits  []struct {
			ID   string          `json:"_id"`
			Sort json.RawMessage `json:"sort"`
		}
	}
}

func (f found) ids() []string {
	var out []string
	for _, h := range f.Hits.Hits {
		out = append(out, h.ID)
	}
	return out
}

func newProductServer(t *testing.T) *elasticsearch.Handler {
	t.Helper()
	h, err := elasticsearch.NewHandler(elasticsearch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	call(t, h, "PUT", "/shop_instances_v1", instanceMapping)
	return h
}

func find(t *testing.T, h *elasticsearch.Handler, path, body string) found {
	t.Helper()
	var f found
	if err := json.Unmarshal(call(t, h, "POST", path, body), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestQueriesOnIdx covers what the read model asks of its flattened field.
func TestQueriesOnIdx(t *testing.T) {
	h := newProductServer(t)
	var lines strings.Builder
	for i, idx := range []string{
		`{"name":"사과","price":"0000000010","tags":["a","b"]}`, `{"name":"사과 주스","price":"0000000020","tags":["b"]}`,
		`{"name":"Apple","price":"0000000030"}`, `{"price":"0000000040","deep":{"er":"x"}}`, `{}`,
	} {
		fmt.Fprintf(&lines, `{"index":{"_index":"shop_instances","_id":"%d","version":1,"version_type":"external_gte","require_alias":true}}`+"\n"+`{"instance_id":"%d","idx":%s}`+"\n", i, i, idx)
	}
	call(t, h, "POST", "/_bulk?refresh=true", lines.String())
	for _, c := range []struct {
		query string
		want  []string
	}{
		{`{"term":{"idx.name":"사과"}}`, []string{"0"}},
		{`{"term":{"idx.tags":"b"}}`, []string{"0", "1"}},
		{`{"term":{"idx":"Apple"}}`, []string{"2"}},
		{`{"terms":{"idx.name":["사과","Apple","none"]}}`, []string{"0", "2"}},
		{`{"range":{"idx.price":{"gte":"0000000020","lt":"0000000040"}}}`, []string{"1", "2"}},
		{`{"range":{"idx.price":{"gt":"0000000020","lte":"0000000040"}}}`, []string{"2", "3"}},
		{`{"exists":{"field":"idx.name"}}`, []string{"0", "1", "2"}},
		{`{"exists":{"field":"idx.deep.er"}}`, []string{"3"}},
		{`{"exists":{"field":"idx"}}`, []string{"0", "1", "2", "3"}},
		{`{"prefix":{"idx.name":"사과"}}`, []string{"0", "1"}},
		{`{"bool":{"must_not":{"exists":{"field":"idx.name"}}}}`, []string{"3", "4"}},
		{`{"term":{"idx.nothing":"x"}}`, nil},
	} {
		if got := find(t, h, "/shop_instances/_search", `{"query":`+c.query+`,"sort":["instance_id"]}`).ids(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.query, got, c.want)
		}
	}
	if got := find(t, h, "/shop_instances/_search", `{"sort":[{"idx.price":"desc"},"instance_id"]}`).ids(); !slices.Equal(got, []string{"3", "2", "1", "0", "4"}) {
		t.Errorf("sorted: %v", got)
	}
	// A key's range needs both ends on the real server.
	if status, answer := do(h, "POST", "/shop_instances/_search", `{"query":{"range":{"idx.price":{"gte":"1"}}}}`); status != 400 || !strings.Contains(string(answer), "must include both an upper and a lower bound") {
		t.Errorf("open range: %d %s", status, answer)
	}
}

// TestWords covers the search over text and its bigrams.
func TestWords(t *testing.T) {
	h := newProductServer(t)
	var lines strings.Builder
	for i, text := range []string{"서울특별시 강남구의 사과를 샀다", "사과 주스 Quick", "풋사과", "apple-pie foo_bar"} {
		fmt.Fprintf(&lines, `{"index":{"_index":"shop_instances","_id":"%d"}}`+"\n"+`{"instance_id":"%d","text":%q}`+"\n", i, i, text)
	}
	call(t, h, "POST", "/_bulk?refresh=true", lines.String())
	for _, c := range []struct {
		text string
		want []string
	}{
		{"사과", []string{"0", "1", "2"}}, {"사과 quick", []string{"1"}}, {"강남구", []string{"0"}}, {"pie", []string{"3"}},
		{"bar", nil}, {"foo_bar", []string{"3"}}, {"app*", []string{"3"}}, {"-사과", []string{"3"}}, {`"사과 주스"`, []string{"1"}},
		{"quick | pie", []string{"1", "3"}}, {`"unclosed (`, nil}, {"(사과 + quick) | pie", []string{"1", "3"}},
	} {
		body := `{"query":{"simple_query_string":{"query":` + string(quote(c.text)) + `,"fields":["text","text.cjk"],"default_operator":"and"}},"sort":["instance_id"]}`
		if got := find(t, h, "/shop_instances/_search", body).ids(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.text, got, c.want)
		}
	}
}

func quote(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}

// TestExport pages through everything with a point in time while the index
// changes.
func TestExport(t *testing.T) {
	h := newProductServer(t)
	call(t, h, "POST", "/_bulk?refresh=true", bulkBody(0, 1000, 1))
	var pit struct{ ID string }
	if err := json.Unmarshal(call(t, h, "POST", "/shop_instances/_pit?keep_alive=1m", ""), &pit); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	after := ""
	for page := 0; ; page++ {
		f := find(t, h, "/_search", fmt.Sprintf(`{"pit":{"id":%q,"keep_alive":"1m"},"sort":[{"event_timestamp":"asc"},{"instance_id":"asc"}],"size":150,"_source":false%s}`, pit.ID, after))
		if len(f.Hits.Hits) == 0 {
			break
		}
		for _, id := range f.ids() {
			if seen[id] {
				t.Errorf("%s came twice", id)
			}
			seen[id] = true
		}
		after = `,"search_after":` + string(f.Hits.Hits[len(f.Hits.Hits)-1].Sort)
		call(t, h, "POST", "/_bulk?refresh=true", bulkBody(page*100, 200, 2+page))
	}
	if len(seen) != 1000 {
		t.Errorf("%d documents", len(seen))
	}
}

// TestRefusesWhatItDoesNotKnow keeps mistakes from passing unnoticed.
func TestRefusesWhatItDoesNotKnow(t *testing.T) {
	h := newProductServer(t)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/shop_instances/_search?sise=3", ``},
		{"POST", "/shop_instances/_search", `{"suggest":{}}`},
		{"POST", "/shop_instances/_search", `{"query":{"script_score":{}}}`},
		{"POST", "/shop_instances/_search", `{"query":{"term":{"class_id":{"value":"x","fuzzy":1}}}}`},
		{"POST", "/shop_instances/_search", `{"query":{"range":{"event_sequence":{"above":1}}}}`},
		{"POST", "/shop_instances/_search", `{"sort":[{"instance_id":{"order":"asc","weird":1}}]}`},
		{"POST", "/shop_instances/_search", `{"aggs":{"a":{"terms":{"field":"class_id","weird":1}}}}`},
		{"POST", "/shop_instances/_search", `{"aggs":{"a":{"moving_fn":{}}}}`},
		{"PUT", "/other", `{"mappings":{"properties":{"a":{"type":"dense_vector"}}}}`},
		{"PUT", "/other", `{"mappings":{"properties":{"a":{"type":"keyword","weird":1}}}}`},
		{"PUT", "/other", `{"settings":{"weird":1}}`},
		{"PUT", "/_cluster/settings", `{"persistent":{"weird":1}}`},
		{"PUT", "/shop_instances/_doc/1", `{"weird":1}`},
		{"POST", "/shop_instances/_delete_by_query", `{"query":{"match_all":{}}}`},
	} {
		if status, answer := do(h, c.method, c.path, c.body); status != 400 {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, answer)
		}
	}
}
