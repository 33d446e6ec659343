package elasticsearch_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/infra/local/elasticsearch"
)

// instanceMapping is the shape of the product's read model.
const instanceMapping = `{"settings":{"number_of_shards":1,"number_of_replicas":0,"refresh_interval":"1s","gc_deletes":"1h"},
"mappings":{"dynamic":"strict","properties":{
 "instance_id":{"type":"keyword"},"class_id":{"type":"keyword"},"branch":{"type":"keyword"},"deleted":{"type":"boolean"},
 "event_sequence":{"type":"long"},"event_timestamp":{"type":"date"},
 "data":{"type":"object","enabled":false},"idx":{"type":"flattened","ignore_above":8191},"links":{"type":"keyword"},
 "text":{"type":"text","fields":{"cjk":{"type":"text","analyzer":"cjk"}}}}},
"aliases":{"shop_instances":{}}}`

// instanceLines are the two lines of a bulk request for one instance.
func instanceLines(b *strings.Builder, n, version int) {
	class := []string{"Product", "Order", "Customer", "Store", "Invoice", "Payment", "Shipment", "Review", "Supplier", "Employee"}[n%10]
	id := fmt.Sprintf("%s/%06d", class, n)
	fmt.Fprintf(b, `{"index":{"_index":"shop_instances","_id":%q,"version":%d,"version_type":"external_gte","require_alias":true}}`+"\n", id, version)
	fmt.Fprintf(b, `{"instance_id":"%06d","class_id":%q,"branch":"main","deleted":false,"event_sequence":%d,"event_timestamp":"2026-%02d-%02dT%02d:%02d:00Z",`+
		`"data":{"name":"item %d","price":%d.5,"note":"사과 상자 %d"},`+
		`"idx":{"name":"item %d","price":"%012d","colour":"c%d","city":"city %d","created":"2026-01-%02d","flag":"true","code":"X%05d","rank":"%06d"},`+
		`"links":["customer>Customer/%06d","store>Store/%06d"],"text":"item %d quick brown 사과 상자 city %d colour c%d"}`+"\n",
		n, class, version, 1+n%12, 1+n%28, n%24, n%60, n, n%1000, n, n, n%100000, n%7, n%50, 1+n%28, n, n%1000, (n*7)%100000, n%40, n, n%50, n%7)
}

func newBenchServer(b *testing.B, docs int) *elasticsearch.Handler {
	b.Helper()
	h, err := elasticsearch.NewHandler(elasticsearch.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	call(b, h, "PUT", "/shop_instances_v1", instanceMapping)
	for from := 0; from < docs; from += 1000 {
		call(b, h, "POST", "/_bulk", bulkBody(from, 1000, 1))
	}
	call(b, h, "POST", "/shop_instances/_refresh", "")
	return h
}

func bulkBody(from, n, version int) string {
	var body strings.Builder
	for i := range n {
		instanceLines(&body, from+i, version)
	}
	return body.String()
}

// call sends a request and fails unless the status is 2xx and no item failed.
func call(t testing.TB, h http.Handler, method, path, body string) []byte {
	t.Helper()
	status, answer := do(h, method, path, body)
	if status/100 != 2 || strings.HasPrefix(string(answer), `{"errors":true`) {
		t.Fatalf("%s %s: %d %.300s", method, path, status, answer)
	}
	return answer
}

func do(h http.Handler, method, path, body string) (int, []byte) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

func BenchmarkBulk1000(b *testing.B) {
	h := newBenchServer(b, 0)
	next := 0
	for b.Loop() {
		b.StopTimer()
		body := bulkBody(next, 1000, 1)
		b.StartTimer()
		call(b, h, "POST", "/_bulk", body)
		next += 1000
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkBulk1000Replaced(b *testing.B) {
	h := newBenchServer(b, 20000)
	round := 0
	for b.Loop() {
		b.StopTimer()
		round++
		body := bulkBody(round*1000%20000, 1000, 1+round)
		b.StartTimer()
		call(b, h, "POST", "/_bulk", body)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkSearch50k(b *testing.B) {
	h := newBenchServer(b, 50000)
	ids := make([]string, 500)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"%s/%06d"`, []string{"Product", "Order", "Customer", "Store", "Invoice", "Payment", "Shipment", "Review", "Supplier", "Employee"}[i*97%10], i*97)
	}
	list := "[" + strings.Join(ids, ",") + "]"
	for _, c := range []struct{ name, path, body string }{
		{"class list sorted 20", "/shop_instances/_search", `{"query":{"bool":{"filter":[{"term":{"class_id":"Product"}}],"must_not":[{"term":{"deleted":true}}]}},"sort":[{"event_timestamp":"desc"},{"instance_id":"asc"}],"size":20}`},
		{"sort on idx key", "/shop_instances/_search", `{"query":{"bool":{"filter":[{"term":{"class_id":"Product"}}]}},"sort":[{"idx.price":"asc"},{"instance_id":"asc"}],"size":20}`},
		{"range 10 percent", "/shop_instances/_search", `{"query":{"range":{"idx.price":{"gte":"000000010000","lt":"000000015000"}}},"sort":["instance_id"],"size":20}`},
		{"range date", "/shop_instances/_search", `{"query":{"range":{"event_timestamp":{"gte":"2026-03-01","lt":"2026-04-01"}}},"size":20}`},
		{"bool of 4", "/shop_instances/_search", `{"query":{"bool":{"filter":[{"term":{"class_id":"Order"}},{"term":{"idx.colour":"c3"}},{"exists":{"field":"idx.name"}},{"prefix":{"idx.city":"city 1"}}]}},"size":20}`},
		{"words", "/shop_instances/_search", `{"query":{"simple_query_string":{"query":"quick 사과","fields":["text","text.cjk"],"default_operator":"and"}},"size":20}`},
		{"rare word", "/shop_instances/_search", `{"query":{"simple_query_string":{"query":"4321","fields":["text","text.cjk"],"default_operator":"and"}},"size":20}`},
		{"ids 500", "/shop_instances/_search", `{"query":{"ids":{"values":` + list + `}},"size":500}`},
		{"mget 500", "/shop_instances/_mget?_source=false", `{"ids":` + list + `}`},
		{"terms of 500 links", "/shop_instances/_search", `{"query":{"terms":{"links":["customer>Customer/000007","store>Store/000003"]}},"size":20}`},
		{"counts by class", "/shop_instances/_search", `{"size":0,"aggs":{"c":{"terms":{"field":"class_id","size":1000}}}}`},
		{"terms and max", "/shop_instances/_search", `{"size":0,"aggs":{"c":{"terms":{"field":"class_id"},"aggs":{"m":{"max":{"field":"event_sequence"}}}}}}`},
		{"search_after 1000", "/shop_instances/_search", `{"sort":[{"event_timestamp":"desc"},{"instance_id":"asc"}],"search_after":["2026-06-15T00:00:00Z","000000"],"size":1000,"_source":false}`},
		{"count", "/shop_instances/_count", `{"query":{"term":{"class_id":"Product"}}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			answer := call(b, h, "POST", c.path, c.body)
			if !json.Valid(answer) {
				b.Fatalf("not JSON: %.200s", answer)
			}
			for b.Loop() {
				call(b, h, "POST", c.path, c.body)
			}
		})
	}
}
