package labelquery_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"spiceharvester/shared/labelquery"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

func parse(t *testing.T, text string) (*labelquery.Request, error) {
	t.Helper()
	body, err := strictjson.Object([]byte(text), "body")
	if err != nil {
		t.Fatal(err)
	}
	return labelquery.Parse(body)
}

func TestBadRequestsNameTheField(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`{"field": "a", "operator": "eq", "value": 1},`, 101), ",")
	for text, want := range map[string]string{
		`{}`: "body.class_label", `{"class_id": 7}`: "body.class_id", `{"class_id": "C", "filters": {}}`: "body.filters", `{"class_id": "C", "filters": [7]}`: "body.filters[0]",
		`{"class_id": "C", "filters": [{"operator": "eq", "value": 1}]}`: "body.filters[0].field", `{"class_id": "C", "filters": [{"field": "a", "value": 1}]}`: "body.filters[0].operator",
		`{"class_id": "C", "filters": [{"field": "a", "operator": "~", "value": 1}]}`: "body.filters[0].operator", `{"class_id": "C", "filters": [{"field": "a", "operator": "eq"}]}`: "body.filters[0].value",
		`{"class_id": "C", "filters": [{"field": "a", "operator": "in", "value": 1}]}`: "body.filters[0].value", `{"class_id": "C", "filters": [{"field": "a", "operator": "gt", "value": {}}]}`: "body.filters[0].value",
		`{"class_id": "C", "filters": [{"field": "a", "operator": "like", "value": null}]}`: "body.filters[0].value", `{"class_id": "C", "filters": [{"field": "a", "operator": "eq", "value": 1, "x": 1}]}`: "body.filters[0].x",
		`{"class_id": "C", "filters": [` + many + `]}`: "body.filters", `{"class_id": "C", "limit": -1}`: "body.limit", `{"class_id": "C", "limit": 1001}`: "body.limit", `{"class_id": "C", "limit": 1.5}`: "body.limit",
		`{"class_id": "C", "offset": "1"}`: "body.offset", `{"class_id": "C", "order_direction": "up"}`: "body.order_direction", `{"class_id": "C", "select": [1]}`: "body.select[0]",
		`{"class_id": "C", "select": "a"}`: "body.select", `{"class_id": "C", "group_by": "a"}`: "body.group_by",
	} {
		_, err := parse(t, text)
		if errs := problem.FieldErrorsOf(err); len(errs) != 1 || problem.Path(errs[0].Loc) != want {
			t.Errorf("%.100s: %v, want %s", text, err, want)
		}
	}
}

func TestLabelsAndIDs(t *testing.T) {
	class := ontology.Class{ID: "Product"}
	names := map[string]string{"이름": "name", "name": "name", "price": "price"}
	r, err := parse(t, `{"class_label": "제품", "filters": [{"field_label": "이름", "operator": "=", "value": "x"}, {"field": "http://x/#price", "operator": ">", "value_labels": 5}], "select": ["price", "@id"],
		"order_by": "이름", "order_direction": "DESC"}`)
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.Resolve(class, names)
	if err != nil || q.Filters[0].Property != "name" || q.Filters[1].Property != "price" || q.Filters[1].Value != json.Number("5") || q.OrderBy != "name" || !q.Descending || !slices.Equal(q.Select, []string{"price", "@id"}) || q.Limit != 50 {
		t.Errorf("%+v, %v", q, err)
	}
	for text, want := range map[string]string{
		`{"class_id": "C", "filters": [{"field": "색", "operator": "eq", "value": 1}]}`: "필드를 찾을 수 없습니다: 색", `{"class_id": "C", "select": ["색"]}`: "SELECT 필드를 찾을 수 없습니다: 색",
		`{"class_id": "C", "order_by": "색"}`: "ORDER BY 필드를 찾을 수 없습니다: 색",
	} {
		r, err := parse(t, text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Resolve(class, names)
		if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusBadRequest || p.Message.KO != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSelect(t *testing.T) {
	show := func(q *labelquery.Request) string {
		text := fmt.Sprintf("%s %q", q.ClassID, q.Select)
		for _, f := range q.Filters {
			text += fmt.Sprintf(" [%s %s %#v]", f.Field, f.Op, f.Value)
		}
		return text + fmt.Sprintf(" %q %t %d %d", q.OrderBy, q.Descending, q.Limit, q.Offset)
	}
	for text, want := range map[string]string{
		`SELECT * FROM Product`:                                                                `Product [] "" false 100 0`,
		`select name, price from Product where price > 10.50;`:                                 `Product ["name" "price"] [price gt "10.50"] "" false 100 0`,
		`SELECT name FROM Product WHERE name = 'O''Brien' AND new=true`:                        `Product ["name"] [name eq "O'Brien"] [new eq true] "" false 100 0`,
		`SELECT * FROM Product WHERE a IN (1, 'b', NULL) ORDER BY a DESC LIMIT 5 OFFSET 2`:     `Product [] [a in []interface {}{"1", "b", interface {}(nil)}] "a" true 5 2`,
		"SELECT `단가 (원)` FROM Product WHERE 이름 NOT LIKE \"x\" AND a IS NOT NULL AND b is null": `Product ["단가 (원)"] [이름 not_like "x"] [a is_not_null <nil>] [b is_null <nil>] "" false 100 0`,
		`SELECT * FROM a-b WHERE n<=-5`:                                                        `a-b [] [n le "-5"] "" false 100 0`,
	} {
		q, err := labelquery.ParseSelect(text)
		if err != nil || show(q) != want {
			t.Errorf("%s: %v, %v\nwant %s", text, q, err, want)
		}
	}
	for text, at := range map[string]string{
		``: "character 1:", `DELETE FROM x`: "character 1:", `SELECT FROM`: "character 12:", `SELECT * FROM Product WHERE`: "character 28:", `SELECT * FROM Product WHERE a`: "character 30:",
		`SELECT * FROM Product WHERE a = `: "character 33:", `SELECT * FROM Product WHERE a = 'x`: "character 33:", `SELECT * FROM Product LIMIT 101`: "character 29:", `SELECT * FROM A, B`: "character 16:",
		`SELECT * FROM Product; DROP TABLE x`: "character 24:", `SELECT * FROM 'x'`: "character 15:", `SELECT * FROM Product WHERE a IN 5`: "character 34:", `SELECT * FROM Product WHERE 가 ? 1`: "character 31:",
		`SELECT * FROM Product WHERE a > null`: "takes a text",
	} {
		if q, err := labelquery.ParseSelect(text); err == nil || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %v, %v, want %s", text, q, err, at)
		}
	}
}

// A class whose property had another type holds values of both; what is decided by
// keys of one kind would be wrong.
func TestAPropertyThatHadAnotherTypeIsReadNotPushed(t *testing.T) {
	w := newWorld(t)
	w.put(t, map[string]any{"number": "5"}, map[string]any{"number": json.Number("7")}, map[string]any{"number": json.Number("3")})
	s := &labelquery.Service{Search: w.client, Kinds: w.kinds, MaxScan: 2}
	q := &labelquery.Query{Class: "Item", Filters: []labelquery.Filter{{Property: "number", Op: "ge", Value: json.Number("4")}}, Limit: 10}
	if r, err := s.Run(t.Context(), shop, w.definition(t, "Item"), q); err != nil || r.Total != 1 {
		t.Errorf("as it is declared: %+v, %v", r, err)
	}
	w.ChangeClass(shop, strings.Replace(itemClass, "decimal", "string", 1))
	w.ChangeClass(shop, itemClass)
	if _, err := s.Run(t.Context(), shop, w.definition(t, "Item"), q); problem.From(err).Status != http.StatusBadRequest {
		t.Errorf("after the type was changed: %v", err)
	}
	s.MaxScan = 3
	if r, err := s.Run(t.Context(), shop, w.definition(t, "Item"), q); err != nil || r.Total != 2 {
		t.Errorf("after the type was changed: %+v, %v", r, err)
	}
	q.Filters[0] = labelquery.Filter{Property: "text", Op: "is_null"}
	s.MaxScan = 1
	if r, err := s.Run(t.Context(), shop, w.definition(t, "Item"), q); err != nil || r.Total != 3 {
		t.Errorf("a property that never changed: %+v, %v", r, err)
	}
}
