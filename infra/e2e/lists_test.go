package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// stock makes products p0000 and so on, in bulks, and gives the position of the last.
func stock(bff api, db string, n int) string {
	bff.t.Helper()
	position := ""
	for start := 0; start < n; start += 5000 {
		rows := list{}
		for i := start; i < min(start+5000, n); i++ {
			rows = append(rows, object{"product_id": fmt.Sprintf("p%05d", i), "stock": i % 7, "price": json.Number(fmt.Sprintf("%d.50", i%11)), "name": fmt.Sprintf("=name,%d", i)})
		}
		position = bff.done("POST", instances(db, "Product")+"/bulk-create", object{"instances": rows}).Text("result", "position")
	}
	return position
}

func listPath(db string) string { return "/api/v1/databases/" + db + "/class/Product/instances" }

// ids walks a list by cursor and gives the ids.
func ids(bff api, path string) (found []string) {
	bff.t.Helper()
	for cursor := ""; ; {
		r := bff.call(200, "GET", path+cursor, nil)
		docs, _ := r.Get("instances").([]any)
		for _, d := range docs {
			found = append(found, d.(object)["instance_id"].(string))
		}
		next := r.Text("next_cursor")
		if next == "" {
			return found
		}
		cursor = "&cursor=" + next
	}
}

func TestListsAndExportsBeyondTheWindow(t *testing.T) {
	const n = 10_700
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	position := stock(bff, db, n)
	bff.call(200, "GET", listPath(db)+"?limit=1&min_position="+position, nil)
	for _, query := range []string{"?limit=1000", "?limit=1000&sort=instance_id", "?limit=997&sort=stock&order=desc", "?limit=1000&sort=price&order=asc"} {
		found := ids(bff, listPath(db)+query)
		unique := slices.Compact(slices.Sorted(slices.Values(found)))
		if len(found) != n || len(unique) != n {
			t.Errorf("%s: %d, of which %d differ", query, len(found), len(unique))
		}
	}
	bff.call(400, "GET", listPath(db)+"?limit=1000&offset=9500", nil)

	// The file is complete, and each cell is what was written.
	r := bff.call(200, "GET", listPath(db)+"/export?format=csv&min_position="+position, nil)
	records, err := csv.NewReader(strings.NewReader(string(r.Body))).ReadAll()
	if err != nil || len(records) != n+1 || !slices.Equal(records[0], []string{"product_id", "name", "price", "stock", "sizes"}) || !slices.Equal(records[1], []string{"p00000", "=name,0", "0.50", "0", ""}) {
		t.Errorf("csv: %d records, %v", len(records), err)
	}
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(r.Header.Get("Content-Disposition"), db+"-Product.csv") {
		t.Errorf("headers: %v", r.Header)
	}
	all := bff.call(200, "GET", listPath(db)+"/export", nil)
	var docs []object
	if err := json.Unmarshal(all.Body, &docs); err != nil || len(docs) != n || docs[n-1]["instance_id"] != fmt.Sprintf("p%05d", n-1) {
		t.Errorf("json: %d, %v", len(docs), err)
	}
	lines := bff.call(200, "GET", listPath(db)+"/export?format=jsonl&filter.stock=3", nil)
	if got := strings.Count(string(lines.Body), "\n"); got != 1529 || !json.Valid(lines.Body[:strings.IndexByte(string(lines.Body), '\n')]) {
		t.Errorf("jsonl: %d lines", got)
	}
}

func TestSortAndFilter(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	order(bff, db)
	bff.done("POST", instances(db, "Product")+"/bulk-create", object{"instances": list{
		object{"product_id": "a", "price": json.Number("100"), "stock": 1, "name": "x y"}, object{"product_id": "b", "price": json.Number("20.5"), "name": "한"}, object{"product_id": "c", "price": json.Number("3"), "stock": 1},
	}})
	orders := bff.done("POST", instances(db, "Order")+"/bulk-create", object{"instances": list{object{"order_id": "o1", "products": list{"Product/a", "Product/b"}}, object{"order_id": "o2", "products": list{"Product/b"}}}})
	at := "&min_position=" + orders.Text("result", "position")
	for query, want := range map[string]string{
		"sort=price": "c b a", "sort=price&order=desc": "a b c", "sort=stock&order=desc": "a c b", "sort=instance_id": "a b c", "sort=created_at&order=desc&filter.name=x y": "a",
		"filter.stock=1&sort=instance_id": "a c", "filter.price=20.50": "b", "filter.name=" + url.QueryEscape("한"): "b", "filter.stock=1&filter.price=3": "c", "filter.stock=2": "",
	} {
		if got := strings.Join(ids(bff, listPath(db)+"?limit=2&"+strings.ReplaceAll(query, " ", "+")+at), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := strings.Join(ids(bff, "/api/v1/databases/"+db+"/class/Order/instances?sort=instance_id&filter.products=Product/b"+at), " "); got != "o1 o2" {
		t.Errorf("by link: %q", got)
	}
	r := bff.call(200, "GET", "/api/v1/databases/"+db+"/class/Order/instances/export?format=csv"+at, nil)
	if string(r.Body) != "order_id,products,customer\r\no1,\"[\"\"Product/a\"\",\"\"Product/b\"\"]\",\r\no2,\"[\"\"Product/b\"\"]\",\r\n" {
		t.Errorf("links in CSV: %q", r.Body)
	}

	cursor := bff.call(200, "GET", listPath(db)+"?limit=1&sort=price", nil).Text("next_cursor")
	if cursor == "" {
		t.Fatal("no cursor")
	}
	for _, query := range []string{
		"cursor=x", "cursor=!", "sort=stock&cursor=" + cursor, "sort=price&order=desc&cursor=" + cursor, "cursor=" + cursor, "sort=price&filter.stock=1&cursor=" + cursor, "sort=price&search=x&cursor=" + cursor,
		"sort=price&offset=1&cursor=" + cursor, "sort=colour", "filter.colour=1", "filter.stock=many", "filter.=1", "min_position=x",
	} {
		bff.call(400, "GET", listPath(db)+"?"+query, nil)
	}
	bff.call(422, "GET", listPath(db)+"?order=up", nil)
	bff.call(422, "GET", listPath(db)+"/export?format=xml", nil)
	bff.call(422, "GET", listPath(db)+"/export?bom=perhaps", nil)
	bff.call(404, "GET", "/api/v1/databases/"+db+"/class/None/instances/export", nil)
}

func TestTheExportOfAnEmptyClass(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	for format, want := range map[string]string{"csv&bom=true": "\ufeffproduct_id,name,price,stock,sizes\r\n", "json": "[]\n", "jsonl": ""} {
		if r := bff.call(200, "GET", listPath(db)+"/export?format="+format, nil); string(r.Body) != want {
			t.Errorf("%s: %q", format, r.Body)
		}
	}
}

func TestOMSReadsInstances(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	order(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "same"}})
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p 1"}})
	last := bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": "same"}})
	base := "/api/v1/instance/" + db
	if r := oms.call(200, "GET", base+"/class/Product/instances?limit=1&min_position="+last.Text("result", "position"), nil); r.Text("total") != "2" || r.Text("status") != "success" || r.Text("next_cursor") == "" {
		t.Errorf("list: %s", r)
	}
	if r := oms.call(200, "GET", base+"/class/Product/count", nil); r.Text("count") != "2" || r.Text("class_id") != "Product" {
		t.Errorf("count: %s", r)
	}
	if r := oms.call(200, "GET", base+"/instance/p%201", nil); r.Text("data", "class_id") != "Product" {
		t.Errorf("one: %s", r)
	}
	if r := oms.call(200, "GET", base+"/instance/same?class_id=Customer", nil); r.Text("data", "class_id") != "Customer" {
		t.Errorf("by class: %s", r)
	}
	oms.call(400, "GET", base+"/instance/same", nil)
	oms.call(404, "GET", base+"/instance/none", nil)
	oms.call(501, "POST", base+"/sparql?query=x", nil)
}

func TestAliasesOfInstances(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := "/api/v1/databases/" + db + "/classes/Product/instances"
	bff.done("POST", path, object{"data": object{"product_id": "p1", "Name": "x"}}, client.Lang("en"))
	r := bff.done("PUT", path+"/p1?expected_seq=1", object{"data": object{"stock": 2}})
	if r := bff.call(200, "GET", path+"?min_position="+r.Text("result", "position"), nil); r.Text("total") != "1" {
		t.Errorf("list: %s", r)
	}
	if r := bff.call(200, "GET", path+"/p1?min_sequence=2", nil); r.Text("data", "data", "stock") != "2" {
		t.Errorf("one: %s", r)
	}
	bff.done("DELETE", path+"/p1?expected_seq=2", nil)
	missing := bff.call(404, "GET", path+"/p1?as_of_sequence=3", nil)
	bff.call(404, "GET", instancePath(db, "Product", "p9"), nil)
	for _, word := range []string{"elasticsearch", "terminus", "oms", "connection"} {
		if strings.Contains(strings.ToLower(string(missing.Body)), word) {
			t.Errorf("the answer tells of %s: %s", word, missing)
		}
	}
}
