package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// desks declares a class with labels in two languages and makes instances of it.
func desks(bff api, db string) {
	bff.t.Helper()
	bff.done("POST", ontology(db), object{"id": "Desk", "label": object{"en": "Desk", "ko": "책상"}, "properties": list{
		object{"name": "desk_id", "type": "string", "label": object{"en": "Id", "ko": "번호"}, "primary_key": true},
		object{"name": "name", "type": "string", "label": object{"en": "Name", "ko": "이름"}},
		object{"name": "price", "type": "decimal", "label": object{"en": "Price", "ko": "가격"}},
	}})
	r := bff.done("POST", instances(db, "Desk")+"/bulk-create", object{"instances": list{
		object{"desk_id": "d1", "name": "Oak", "price": 100}, object{"desk_id": "d2", "name": "oak, small", "price": 9.50}, object{"desk_id": "d3", "name": "참나무"}, object{"desk_id": "d4", "price": 20},
	}})
	eventually(bff.t, settleLimit, func() string {
		if list := bff.call(200, "GET", "/api/v1/databases/"+db+"/class/Desk/instances", nil); list.Text("total") != "4" {
			return r.String()
		}
		return ""
	})
}

func rowIDs(r *client.Response, path ...any) string {
	rows, _ := r.Get(path...).(list)
	var found []string
	for _, row := range rows {
		o, _ := row.(object)
		id, ok := o["instance_id"].(string)
		if !ok {
			id, _ = o["_instance_id"].(string)
		}
		found = append(found, id)
	}
	return strings.Join(found, " ")
}

func TestQuery(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	desks(bff, db)
	query := "/api/v1/databases/" + db + "/query"
	filter := func(field, operator string, value any) list {
		return list{object{"field": field, "operator": operator, "value": value}}
	}
	for name, c := range map[string]struct {
		body  object
		ids   string
		total string
	}{
		"all":              {object{"class_id": "Desk"}, "d1 d2 d3 d4", "4"},
		"labels":           {object{"class_label": "책상", "filters": filter("가격", "ge", 10), "order_by": "가격"}, "d4 d1", "2"},
		"ids":              {object{"class_id": "Desk", "filters": filter("price", ">=", "10"), "order_by": "price", "order_direction": "desc"}, "d1 d4", "2"},
		"label as an id":   {object{"class_label": "Desk", "filters": list{object{"field_label": "Name", "operator": "CONTAINS", "value": "OAK"}}}, "d1 d2", "2"},
		"order":            {object{"class_id": "Desk", "order_by": "price"}, "d2 d4 d1 d3", "4"},
		"descending":       {object{"class_id": "Desk", "order_by": "Price", "order_direction": "desc"}, "d3 d1 d4 d2", "4"},
		"null":             {object{"class_id": "Desk", "filters": filter("price", "is_null", nil)}, "d3", "1"},
		"typed":            {object{"class_id": "Desk", "filters": filter("price", "eq", "20")}, "", "0"},
		"in":               {object{"class_id": "Desk", "filters": filter("desk_id", "in", list{"d1", "d4", 7})}, "d1 d4", "2"},
		"page":             {object{"class_id": "Desk", "limit": 2, "offset": 1}, "d2 d3", "4"},
		"only the number":  {object{"class_id": "Desk", "limit": 0}, "", "4"},
		"special fields":   {object{"class_id": "Desk", "filters": filter("@id", "=", "Desk/d2")}, "d2", "1"},
		"a value is bound": {object{"class_id": "Desk", "filters": filter("name", "eq", `x" OR true`)}, "", "0"},
	} {
		r := bff.call(200, "POST", query, c.body)
		if rowIDs(r, "results") != c.ids || r.Text("total") != c.total {
			t.Errorf("%s: %s", name, r)
		}
	}
	r := bff.call(200, "POST", query, object{"class_id": "Desk", "select": list{"이름", "price"}, "filters": filter("desk_id", "eq", "d2")}, client.Lang("ko"))
	if row, _ := r.Get("results", 0).(object); len(row) != 6 || r.Text("results", 0, "price") != "9.5" || r.Text("results", 0, "@id") != "Desk/d2" || r.Text("query", "class_id") != "Desk" {
		t.Errorf("select: %s", r)
	}
	if r = bff.call(200, "POST", query+"/raw", object{"type": "count", "class_id": "Desk"}); r.Text("count") != "4" {
		t.Errorf("count: %s", r)
	}
	if r = bff.call(200, "POST", query+"/raw", object{"type": "exists", "class_id": "Desk", "filters": filter("price", "gt", 1000)}); r.Get("data", 0, "exists") != false {
		t.Errorf("exists: %s", r)
	}
	if r = bff.call(200, "POST", query+"/raw", object{"type": "select", "class_id": "Desk", "limit": 1}); rowIDs(r, "data") != "d1" || r.Text("count") != "1" {
		t.Errorf("raw select: %s", r)
	}
	if r = bff.call(200, "GET", query+"/builder", nil); r.Text("operators", "comparison", 0) != "=" {
		t.Errorf("builder: %s", r)
	}
	if r = oms.call(200, "POST", "/api/v1/database/"+db+"/ontology/query", object{"class_id": "Desk", "order_by": "price"}); rowIDs(r, "data") != "d2 d4 d1 d3" || r.Text("count") != "4" {
		t.Errorf("OMS: %s", r)
	}
	if r = oms.call(200, "POST", "/api/v1/query/"+db, object{"query": "SELECT name FROM Desk WHERE price < 50 ORDER BY price DESC"}); rowIDs(r, "data") != "d3 d4 d2" {
		// Null counts as "", which is less; in descending order it comes first.
		t.Errorf("SELECT: %s", r)
	}
	r = oms.call(200, "GET", "/api/v1/instances/"+db+"/Desk?limit=2", nil)
	if r.Text("total") != "4" || r.Text("data", 0, "_metadata", "class_id") != "Desk" {
		t.Errorf("OMS list: %s", r)
	}
}

func TestBadQueries(t *testing.T) {
	w := ownWorld(t, "QUERY_MAX_SCAN_DOCS", "3")
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	desks(bff, db)
	query := "/api/v1/databases/" + db + "/query"
	for name, c := range map[string]struct {
		status int
		body   any
		where  string
		text   string
	}{
		"no class":       {422, object{}, "class_label", ""},
		"unknown class":  {400, object{"class_label": "의자"}, "class_label", "클래스를 찾을 수 없습니다: 의자"},
		"unknown field":  {400, object{"class_id": "Desk", "filters": list{object{"field": "색", "operator": "eq", "value": 1}}}, "filters", "필드를 찾을 수 없습니다: 색"},
		"unknown select": {400, object{"class_id": "Desk", "select": list{"색"}}, "select", "SELECT 필드를 찾을 수 없습니다: 색"},
		"unknown order":  {400, object{"class_id": "Desk", "order_by": "색"}, "order_by", "ORDER BY 필드를 찾을 수 없습니다: 색"},
		"operator":       {422, object{"class_id": "Desk", "filters": list{object{"field": "name", "operator": "regex", "value": 1}}}, "filters", ""},
		"limit":          {422, object{"class_id": "Desk", "limit": 5000}, "limit", ""},
		"not JSON":       {400, `{"class_id"`, "", ""},
		"too much": {400, object{"class_id": "Desk", "filters": list{object{"field": "desk_id", "operator": "like", "value": "d"}}}, "",
			"이 쿼리는 'Desk' 클래스의 인스턴스를 3개 넘게 읽어야 합니다. 같음, 크기 비교 또는 null 조건의 필터를 추가하세요."},
	} {
		r := bff.call(c.status, "POST", query, c.body, client.Lang("ko"))
		if c.where != "" && r.Text("errors", 0, "loc", 1) != c.where || c.text != "" && r.Text("message") != c.text {
			t.Errorf("%s: %s", name, r)
		}
	}
	bff.call(404, "POST", "/api/v1/databases/nowhere-at-all/query", object{"class_id": "Desk"})
	bff.call(403, "POST", query+"/raw", object{"type": "delete", "class_id": "Desk"})
	bff.call(422, "POST", query+"/raw", object{"class_id": "Desk"})
	oms.call(400, "POST", "/api/v1/database/"+db+"/ontology/query", object{})
	if r := oms.call(400, "POST", "/api/v1/query/"+db, object{"query": "SELECT * FROM Desk WHERE"}, client.Lang("en")); r.Text("errors", 0, "loc", 1) != "query" || !strings.Contains(r.Text("message"), "character 25") {
		t.Errorf("SELECT: %s", r)
	}
	oms.call(400, "POST", "/api/v1/query/"+db, object{"query": "SELECT * FROM Nope"})
}
