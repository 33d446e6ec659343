package funnel_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"spiceharvester/functions/funnel"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/httpapi/httpapitest"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
)

func open(t testing.TB) *funnel.Function {
	t.Helper()
	return httpapitest.Open(t, "funnel", funnel.Open)
}

func send(t testing.TB, f http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("X-Admin-Token", httpapitest.Token)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func TestEveryRouteIsGuarded(t *testing.T) {
	httpapitest.Guarded(t, open(t), "/", "/health", "/api/v1/funnel/health", "/docs", "/redoc")
}

func TestEveryRouteIsDescribed(t *testing.T) { httpapitest.Documented(t, open(t)) }

func TestService(t *testing.T) {
	f := open(t)
	const health = `{"service":"funnel","status":"healthy","version":"1.0.0"}` + "\n"
	for _, path := range []string{"/health", "/api/v1/funnel/health"} {
		if w := send(t, f, http.MethodGet, path, ""); w.Body.String() != health {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	w := send(t, f, http.MethodGet, "/", "")
	for _, part := range []string{`"name":"funnel"`, `"version":"1.0.0"`, `"POST /api/v1/funnel/analyze"`, `"POST /api/v1/funnel/suggest-schema"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("no %s in %s", part, w.Body)
		}
	}
}

const orders = `{"columns": ["Order ID", "price", "paid", "note"], "data": [
	[1, 1.50, true, null], [2, 20.00, false, {"b": 1, "a": [2]}], [3, 7, true]]}`

func TestAnalyze(t *testing.T) {
	f := open(t)
	w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", orders)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	var got struct {
		Columns []struct {
			Name     string `json:"column_name"`
			Inferred struct {
				Type   string
				Reason string
			} `json:"inferred_type"`
			Total   int      `json:"total_count"`
			Null    int      `json:"null_count"`
			Samples []string `json:"sample_values"`
		}
		Metadata struct {
			Rows    int  `json:"analyzed_rows"`
			Complex bool `json:"include_complex_types"`
		} `json:"analysis_metadata"`
		Keys      []string `json:"key_candidates"`
		Timestamp string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range got.Columns {
		lines = append(lines, fmt.Sprint(c.Name, " ", c.Inferred.Type, " ", c.Total, " ", c.Null, " ", c.Samples))
	}
	const want = `Order ID xsd:integer 3 0 [1 2 3], price xsd:decimal 3 0 [1.50 20.00 7], paid xsd:boolean 3 0 [true false], note xsd:string 3 2 [{"a":[2],"b":1}]`
	if text := strings.Join(lines, ", "); text != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	if got.Metadata.Rows != 3 || got.Metadata.Complex || !slices.Equal(got.Keys, []string{"Order ID"}) || !strings.HasSuffix(got.Timestamp, "+00:00") {
		t.Errorf("%+v", got)
	}
	if reason := got.Columns[0].Inferred.Reason; reason != "3/3 values are whole numbers (integer)" {
		t.Error(reason)
	}
	if w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze?lang=ko", orders); !strings.Contains(w.Body.String(), "값 3개 중 3개: 정수") {
		t.Error(w.Body)
	}
}

func TestAnalyzeOptions(t *testing.T) {
	f := open(t)
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `["a%d@example.com"],`, i)
	}
	table := `"columns": ["to"], "data": [` + strings.TrimSuffix(b.String(), ",") + `]`
	for options, want := range map[string][]string{
		``:                                 {`"analyzed_rows":1000`, `"type":"xsd:string"`},
		`, "include_complex_types": true`:  {`"analyzed_rows":1000`, `"type":"email"`, `"include_complex_types":true`},
		`, "sample_size": 7`:               {`"analyzed_rows":7`, `"a0@example.com","a1@example.com","a2@example.com","a3@example.com"`},
		`, "sample_size": 100000`:          {`"analyzed_rows":3000`},
		`, "sample_size": null`:            {`"analyzed_rows":1000`},
		`, "include_complex_types": false`: {`"include_complex_types":false`},
	} {
		request := "{" + table + options + "}"
		w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", request)
		for _, part := range want {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s: no %s in %d %.600s", options, part, w.Code, w.Body)
			}
		}
		if again := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", request); withoutTime(again) != withoutTime(w) {
			t.Errorf("%s: another answer to the same request", options)
		}
	}
}

func withoutTime(w *httptest.ResponseRecorder) string {
	text, _, _ := strings.Cut(w.Body.String(), `,"timestamp"`)
	return text
}

// mistakes shows status, code and the fields that an error names.
func mistakes(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Errors []struct {
			Type string
			Loc  []any
		}
		Context struct{ Code string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	lines := []string{strings.TrimSpace(fmt.Sprint(w.Code, " ", body.Context.Code))}
	for _, e := range body.Errors {
		lines = append(lines, strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Loc), " ", "."), "[]")+" "+e.Type)
	}
	return strings.Join(lines, ", ")
}

func TestAnalyzeRefuses(t *testing.T) {
	f := open(t)
	many := strings.TrimSuffix(strings.Repeat(`"a",`, 5001), ",")
	for body, want := range map[string]string{
		``:   "400, body.0 json_invalid",
		`[]`: "422, body dict_type",
		`{}`: "422, body.data missing, body.columns missing",
		`{"data": null, "columns": "a", "sample_size": 0, "include_complex_types": "no", "grid": []}`: "422, body.data missing, body.columns list_type, body.sample_size greater_than_equal, " +
			"body.include_complex_types bool_type, body.grid extra_forbidden",
		`{"data": [[1], {"a": 1}, 3], "columns": ["a", 2]}`:       "422, body.data.1 list_type, body.data.2 list_type, body.columns.1 string_type",
		`{"data": [], "columns": [], "sample_size": 1.5}`:         "422, body.sample_size int_type",
		`{"data": [], "columns": [], "sample_size": "10"}`:        "422, body.sample_size int_type",
		`{"data": [[1], [1, 2], [], [1, null]], "columns": [""]}`: "400 COLUMN_COUNT_MISMATCH, body.data.1 too_long, body.data.3 too_long",
		`{"data": [], "columns": [` + many + `]}`:                 "400 GRID_TOO_LARGE, body.columns too_long",
		`{"data": [[1, 2}], "columns": []}`:                       "400, body.15 json_invalid",
		`{"data": [["\ud800"]], "columns": ["a"]}`:                "422, body.data.0.0 value_error",
		`{"data": [], "data": [], "columns": ["a"]}`:              "422, body.data value_error",
	} {
		w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", body)
		if got := mistakes(t, w); got != want {
			t.Errorf("%.100s:\n got %s\nwant %s", body, got, want)
		}
	}
	w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", `{"data": [[1], [1, 2]], "columns": ["a"]}`)
	if !strings.Contains(w.Body.String(), "Row 2 has 2 cells, but the table has 1 columns.") {
		t.Error(w.Body)
	}
	large := `{"data": [["` + strings.Repeat("x", httpapi.MaxBody) + `"]], "columns": ["a"]}`
	if w := send(t, f, http.MethodPost, "/api/v1/funnel/analyze", large); w.Code != http.StatusRequestEntityTooLarge {
		t.Error(w.Code)
	}
}

// An answer names as many mistakes as fit into it, whatever their number.
func TestManyMistakes(t *testing.T) {
	f := open(t)
	list := strings.TrimSuffix(strings.Repeat(`[1,2],`, 1000), ",")
	for name, body := range map[string]string{
		"rows that are no rows": `{"columns": ["a"], "data": ` + strings.ReplaceAll(strings.ReplaceAll("["+list+"]", "[1,2]", "1"), " ", "") + `}`,
		"long rows":             `{"columns": ["a"], "data": [` + list + `]}`,
		"columns":               `{"data": [], "columns": [` + list + `]}`,
	} {
		if got := strings.Count(mistakes(t, send(t, f, http.MethodPost, "/api/v1/funnel/analyze", body)), ","); got != 100 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := mistakes(t, send(t, f, http.MethodPost, "/api/v1/funnel/suggest-schema", `{"columns": [`+list+`]}`)); !strings.HasPrefix(got, "422, body.columns.0 dict_type") {
		t.Error(got)
	}
}

// A table is analysed, the answer sent back as it is, and the class that is suggested can
// be declared.
func TestSuggestSchema(t *testing.T) {
	f := open(t)
	found := send(t, f, http.MethodPost, "/api/v1/funnel/analyze?lang=ko", strings.Replace(orders, `{"columns"`, `{"include_complex_types": true, "columns"`, 1))
	w := send(t, f, http.MethodPost, "/api/v1/funnel/suggest-schema?class_name=sales+order", found.Body.String())
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	object, err := strictjson.Object(w.Body.Bytes(), "body")
	if err != nil {
		t.Fatal(err)
	}
	schema, errs := ontology.Declare(object, ontology.Options{}, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := fmt.Sprint(schema.Class.ID, " ", schema.Class.Label, " ", schema.Key()); got != "SalesOrder map[en:sales order] [order_id]" {
		t.Error(got)
	}
	if w := send(t, f, http.MethodPost, "/api/v1/funnel/suggest-schema?lang=ko", found.Body.String()); !strings.Contains(w.Body.String(), `"id":"GeneratedClass2`) ||
		!strings.Contains(w.Body.String(), `"description":{"ko":"'Order ID' 열: 셀 3개 중 3개에`) {
		t.Error(w.Body)
	}
}

// An answer of the contract, which has less than ours.
const contractAnalysis = `{"columns": [{"column_name": "qty",
   "inferred_type": {"type": "xsd:integer", "confidence": 1.0, "reason": "...",
                     "metadata": {"min": 1, "max": 4, "mean": 2.5, "std": 1.291, "matched": 4, "total": 4, "semantic_label": "QTY", "unit": "pcs"}},
   "total_count": 4, "non_empty_count": 4, "sample_values": ["1", "2", "3", "4"],
   "null_count": 0, "unique_count": 4, "null_ratio": 0.0, "unique_ratio": 1.0}],
 "analysis_metadata": {"total_columns": 1, "analyzed_rows": 4, "include_complex_types": false, "analysis_version": "1.0"},
 "timestamp": "2024-01-02T03:04:05Z"}`

func TestSuggestSchemaRefuses(t *testing.T) {
	f := open(t)
	change := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(contractAnalysis) }
	for _, tt := range []struct{ body, want string }{
		{contractAnalysis, "200"},
		{change(`"..."`, `null`), "200"},
		{``, "400, body.0 json_invalid"},
		{`[]`, "422, body dict_type"},
		{`{}`, "422, body.columns missing, body.analysis_metadata missing"},
		{`{"columns": [null, {}], "analysis_metadata": {}}`, "422, body.analysis_metadata.analyzed_rows missing, body.columns.0 dict_type, body.columns.1.column_name missing, " +
			"body.columns.1.inferred_type missing, body.columns.1.total_count missing, body.columns.1.non_empty_count missing, body.columns.1.null_count missing, " +
			"body.columns.1.unique_count missing, body.columns.1.null_ratio missing, body.columns.1.unique_ratio missing"},
		{change(`"type"`, `"typ"`), "422, body.columns.0.inferred_type.typ extra_forbidden, body.columns.0.inferred_type.type missing"},
		{change(`xsd:integer`, `xsd:int`), "422, body.columns.0.inferred_type.type value_error"},
		{change(`"matched"`, `"hits"`, `"timestamp"`, `"time"`), "422, body.columns.0.inferred_type.metadata.hits extra_forbidden, body.time extra_forbidden"},
		{change(`"mean": 2.5`, `"mean": "2.5"`, `"std": 1.291`, `"std": 1e999`, `"min": 1`, `"min": "1"`),
			"422, body.columns.0.inferred_type.metadata.mean float_type, body.columns.0.inferred_type.metadata.min float_type, body.columns.0.inferred_type.metadata.std float_type"},
		{change(`"total_count": 4`, `"total_count": 4.5`, `["1", "2", "3", "4"]`, `[1, "2"]`), "422, body.columns.0.sample_values.0 string_type, body.columns.0.total_count int_type"},
		{change(`"confidence": 1.0`, `"confidence": 1.5`, `"null_count": 0`, `"null_count": -1`, `"unique_ratio": 1.0`, `"unique_ratio": -1`),
			"422, body.columns.0.inferred_type.confidence less_than_equal, body.columns.0.unique_ratio greater_than_equal, body.columns.0.null_count greater_than_equal"},
		{change(`"timestamp"`, `"key_candidates": ["qty", "id"], "timestamp"`), "422, body.key_candidates.1 value_error"},
		{change(`"unit": "pcs"`, `"null_words": {"na": true}`, `false`, `"no"`),
			"422, body.analysis_metadata.include_complex_types bool_type, body.columns.0.inferred_type.metadata.null_words.na int_type"},
	} {
		if got := mistakes(t, send(t, f, http.MethodPost, "/api/v1/funnel/suggest-schema", tt.body)); got != tt.want {
			t.Errorf("%.200s:\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
}

// No body is answered with 500.
func FuzzBodies(f *testing.F) {
	f.Add(orders)
	f.Add(contractAnalysis)
	f.Add(`{"columns": ["a"], "data": [["\u0000"], [[]], [-0]], "sample_size": 2}`)
	function := open(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/analyze", "/suggest-schema"} {
			w := send(t, function, http.MethodPost, "/api/v1/funnel"+path, body)
			if w.Code >= http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}

func TestItDoesNotStartOpen(t *testing.T) {
	httpapitest.SafeDefaults(t, "funnel", "FUNNEL", funnel.Open)
}
