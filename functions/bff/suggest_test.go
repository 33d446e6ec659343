package bff

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
)

// suggest asks for the schema of a table. The core has no more than a clock.
func suggest(t *testing.T, database, body string) *httptest.ResponseRecorder {
	t.Helper()
	f := &Function{
		API:  httpapi.New("bff", httpapi.Auth{Disabled: true}, slog.New(slog.DiscardHandler)),
		core: &core.Core{Now: func() time.Time { return time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC) }},
	}
	f.Handle("POST /api/v1/databases/{db_name}/suggest-schema-from-data", f.suggestSchema)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/databases/"+database+"/suggest-schema-from-data", strings.NewReader(body))
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func TestSuggestSchema(t *testing.T) {
	w := suggest(t, "test_db", `{"class_name": "sales order", "include_complex_types": true, "columns": ["order_id", "mail", "day"],
		"data": [[1, "a@example.com", "2024-01-02"], [2, "b@example.com", "01/02/2024"], [3, "c@example.com", "soon"]]}`)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	object, err := strictjson.Object(w.Body.Bytes(), "body")
	if err != nil {
		t.Fatal(err)
	}
	if object["status"] != "success" || object["message"] != "A schema was suggested from 3 columns." {
		t.Error(object["status"], object["message"])
	}
	const summary = `{"average_confidence":0.89,"detected_types":["email","xsd:integer","xsd:string"],"high_confidence_columns":2,"total_columns":3}`
	if got := string(strictjson.Canonical(object["analysis_summary"])); got != summary {
		t.Error(got)
	}
	detailed, _ := object["detailed_analysis"].(map[string]any)
	if columns, _ := detailed["columns"].([]any); len(columns) != 3 || detailed["timestamp"] != "2024-01-02T03:04:05+00:00" {
		t.Error(detailed)
	}
	suggested, _ := object["suggested_schema"].(map[string]any)
	schema, errs := ontology.Declare(suggested, ontology.Options{}, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := fmt.Sprint(schema.Class.ID, " ", schema.Class.Label, " ", schema.Key()); got != "SalesOrder map[en:sales order] [order_id]" {
		t.Error(got)
	}
}

func TestSuggestSchemaOfNothing(t *testing.T) {
	w := suggest(t, "test_db", `{"class_name": null, "columns": [], "data": []}`)
	for _, part := range []string{
		`"id":"GeneratedClass20240102030405"`, `"analysis_summary":{"total_columns":0,"high_confidence_columns":0,"average_confidence":0,"detected_types":[]}`,
	} {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), part) {
			t.Errorf("no %s in %d %s", part, w.Code, w.Body)
		}
	}
}

func TestSuggestSchemaRefuses(t *testing.T) {
	for _, tt := range []struct {
		database, body string
		status         int
		field          string
	}{
		{"test_db", `{"data": [{"a": 1}], "columns": ["a"]}`, 422, "[body data 0]"},
		{"test_db", `{"data": [[1, 2]], "columns": ["a"]}`, 400, "[body data 0]"},
		{"test_db", `{"data": [], "columns": ["a"], "class_name": 1}`, 422, "[body class_name]"},
		{"test_db", `{"data": [], "columns": ["a"], "model": "x"}`, 422, "[body model]"},
		{"NoName", `{"data": [], "columns": ["a"]}`, 400, "[path db_name]"},
	} {
		w := suggest(t, tt.database, tt.body)
		var body struct{ Errors []struct{ Loc []any } }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 {
			t.Fatal(err, w.Body)
		}
		if got := fmt.Sprint(body.Errors[0].Loc); w.Code != tt.status || got != tt.field {
			t.Errorf("%s: %d %s", tt.body, w.Code, got)
		}
	}
}
