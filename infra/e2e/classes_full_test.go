package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// property is a declaration, with more fields as pairs.
func property(name, typ string, more ...any) object {
	p := object{"name": name, "type": typ, "label": object{"en": name, "ko": "한 " + name}}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}

func keyed(id string, more ...object) object {
	properties := list{property("code", "string", "primary_key", true)}
	for _, p := range more {
		properties = append(properties, p)
	}
	return object{"id": id, "label": object{"en": id + " thing", "ko": "한글 " + id}, "properties": properties}
}

func with(declaration object, pairs ...any) object {
	for i := 0; i < len(pairs); i += 2 {
		declaration[pairs[i].(string)] = pairs[i+1]
	}
	return declaration
}

func relationship(predicate, target string, more ...any) object {
	l := object{"predicate": predicate, "target": target, "label": predicate}
	for i := 0; i < len(more); i += 2 {
		l[more[i].(string)] = more[i+1]
	}
	return l
}

func TestEveryTypeIsStoredInItsNormalForm(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	sheet := "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjK"
	values := []struct {
		typ         string
		constraints object
		good        any
		want        string
		bad         any
	}{
		{"google_sheets_url", object{"requireWorksheet": true}, "https://docs.google.com/spreadsheets/u/1/d/1AbCdEfGhIjK/edit#gid=0", sheet + "/edit#gid=0", sheet},
		{"name", object{"convention": "camelCase"}, "orderLine", "orderLine", "order_line"},
		{"identifier", nil, "_x1", "_x1", "1x"},
		{"string", object{"format": "isbn"}, "0-306-40615-2", "0-306-40615-2", "0-306-40615-3"},
		{"string", object{"format": "credit-card"}, "4111111111111111", "4111111111111111", "4111111111111112"},
		{"string", object{"trim": true, "toUpperCase": true}, " ab ", "AB", 7},
		{"uuid", object{"format": "nodashes"}, "6BA7B811-9DAD-11D1-80B4-00C04FD430C8", "6ba7b8119dad11d180b400c04fd430c8", "x"},
		{"phone", object{"defaultRegion": "KR"}, "010-1234-5678", "+821012345678", "12"},
		{"email", nil, "A@B.KR", "A@b.kr", "a"},
		{"integer", object{"exclusiveMaximum": 10}, 9, "9", 10},
	}
	declaration := keyed("Typed")
	for i, v := range values {
		p := property(fmt.Sprintf("f%d", i), v.typ)
		if v.constraints != nil {
			p["constraints"] = v.constraints
		}
		declaration["properties"] = append(declaration["properties"].(list), p)
	}
	bff.done("POST", ontology(db), declaration)
	data := object{"code": "t1"}
	for i, v := range values {
		data[fmt.Sprintf("f%d", i)] = v.good
		field := fmt.Sprintf("f%d", i)
		if r := bff.call(422, "POST", instances(db, "Typed")+"/create", object{"data": object{"code": "no", field: v.bad}}); r.Text("errors", 0, "loc", 2) != field {
			t.Errorf("%s %v: %s", v.typ, v.bad, r)
		}
	}
	bff.done("POST", instances(db, "Typed")+"/create", object{"data": data})
	r := bff.call(200, "GET", "/api/v1/databases/"+db+"/class/Typed/instance/t1?min_sequence=1", nil)
	for i, v := range values {
		if got := r.Text("data", "data", fmt.Sprintf("f%d", i)); got != v.want {
			t.Errorf("%s: %s, want %s", v.typ, got, v.want)
		}
	}
}

func TestClassesInheritAndAbstractOnesHaveNoInstances(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bff.done("POST", ontology(db), with(keyed("Place", property("size", "integer", "required", true, "constraints", object{"min": 1})), "abstract", true))
	bff.done("POST", ontology(db), object{"id": "City", "label": "City", "parent_class": "Place", "properties": list{property("mayor", "string", "default", "nobody")},
		"relationships": list{relationship("twin", "City", "cardinality", "n:m")}})
	bff.done("POST", ontology(db), object{"id": "Capital", "label": "Capital", "parent_class": "City", "properties": list{}})
	if r := bff.call(422, "POST", instances(db, "Place")+"/create", object{"data": object{"code": "p", "size": 3}}, client.Lang("en")); !strings.Contains(r.String(), "abstract") {
		t.Errorf("abstract: %s", r)
	}
	for _, bad := range []struct {
		data  object
		field string
	}{{object{"code": "c", "size": 0}, "size"}, {object{"code": "c"}, "size"}, {object{"size": 1}, "code"}} {
		if r := bff.call(422, "POST", instances(db, "Capital")+"/create", object{"data": bad.data}); r.Text("errors", 0, "loc", 2) != bad.field {
			t.Errorf("%v: %s", bad.data, r)
		}
	}
	bff.done("POST", instances(db, "City")+"/create", object{"data": object{"code": "bonn", "size": 2}})
	bff.done("POST", instances(db, "Capital")+"/create", object{"data": object{"code": "berlin", "size": 9, "twin": list{"City/bonn"}}})
	if r := bff.call(200, "GET", "/api/v1/databases/"+db+"/class/Capital/instance/berlin?min_sequence=1", nil); r.Text("data", "data", "mayor") != "nobody" || r.Text("data", "data", "twin", 0) != "City/bonn" {
		t.Errorf("inherited default and link: %s", r)
	}
	if r := bff.call(200, "GET", ontology(db)+"/Capital/schema", nil); r.Text("properties", 0, "name") != "code" || r.Text("inherited_properties", 2) != "mayor" || r.Text("inherited_relationships", 0) != "twin" {
		t.Errorf("schema: %s", r)
	}
	if r := bff.call(200, "GET", ontology(db)+"/Capital/schema?format=owl", nil); r.Text("owl:hasKey", "@list", 0, "@id") != "code" || r.Text("properties", 1, "owl:minCardinality") != "1" || r.Text("properties", 1, "rdfs:range", "@id") != "xsd:integer" {
		t.Errorf("schema: %s", r)
	}
	schema := bff.call(200, "GET", ontology(db)+"/Capital/schema?format=jsonld", nil)
	for _, name := range []string{"code", "size", "mayor", "twin"} {
		if !strings.Contains(schema.String(), `"@id":"`+name+`"`) {
			t.Errorf("schema without %s: %s", name, schema)
		}
	}
	// A link leads to the target class and to what inherits from it, in every kind of write.
	bff.done("POST", ontology(db), with(keyed("Trip"), "relationships", list{relationship("to", "Place", "cardinality", "n:1"), relationship("via", "Capital", "cardinality", "n:m")}))
	bff.done("POST", instances(db, "Trip")+"/create", object{"data": object{"code": "t1", "to": "City/bonn", "via": list{"Capital/berlin"}}})
	bff.done("PUT", instances(db, "Trip")+"/t1/update?expected_seq=1", object{"data": object{"to": "Capital/berlin"}})
	bulk := bff.done("POST", instances(db, "Trip")+"/bulk-create", object{"instances": list{object{"code": "t2", "to": "City/bonn"}, object{"code": "t3", "via": list{"City/bonn"}}, object{"code": "t4", "to": "City/gone"}}})
	if bulk.Text("result", "created") != "1" || bulk.Text("result", "refused") != "2" {
		t.Errorf("bulk: %s", bulk)
	}
	if r := bff.call(422, "POST", instances(db, "Trip")+"/create", object{"data": object{"code": "no", "via": list{"City/bonn"}}}); r.Text("errors", 0, "loc", 2) != "via" {
		t.Errorf("a link to an ancestor: %s", r)
	}
	for i, trip := range []string{"t1", "t2"} {
		bff.done("DELETE", instances(db, "Trip")+"/"+trip+"/delete?expected_seq="+fmt.Sprint(2-i), nil)
	}
	bff.done("DELETE", ontology(db)+"/Trip?expected_seq=1", nil, client.Header("X-Change-Reason", "test"))
	// A circle of parents, and a parent that does not exist.
	for _, parent := range []string{"Capital", "Nowhere"} {
		if r := bff.call(422, "PUT", ontology(db)+"/Place?expected_seq=1", object{"parent_class": parent}); r.Text("errors", 0, "loc", 1) != "parent_class" {
			t.Errorf("parent %s: %s", parent, r)
		}
	}
	reason := client.Header("X-Change-Reason", "test")
	r := bff.call(409, "DELETE", ontology(db)+"/City?expected_seq=1", nil, reason)
	if r.Text("context", "detail", "instances") != "1" || r.Text("context", "detail", "references", 0, "class_id") != "Capital" || r.Text("context", "detail", "references", 0, "kind") != "parent_class" {
		t.Errorf("in use: %s", r)
	}
	bff.done("DELETE", instances(db, "Capital")+"/berlin/delete?expected_seq=1", nil)
	bff.done("DELETE", ontology(db)+"/Capital?expected_seq=1", nil, reason)
	bff.done("DELETE", instances(db, "City")+"/bonn/delete?expected_seq=1", nil)
	bff.done("DELETE", ontology(db)+"/City?expected_seq=1", nil, reason)
}

func TestChangesThatBreakStoredInstancesAreRefused(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	mood := func(values ...any) object { return property("mood", "enum", "constraints", object{"enum": values}) }
	bff.done("POST", ontology(db), keyed("Pet", property("age", "integer"), mood("good", "bad")))
	var rows list
	for i := range 30 {
		row := object{"code": fmt.Sprint("p", i), "age": i, "mood": "good"}
		if i < 3 {
			row["mood"] = "bad"
		}
		if i >= 25 {
			delete(row, "age")
		}
		rows = append(rows, row)
	}
	bff.done("POST", instances(db, "Pet")+"/bulk-create", object{"instances": rows})
	path, reason := ontology(db)+"/Pet?expected_seq=1", client.Header("X-Change-Reason", "test")
	for _, c := range []struct {
		properties            list
		field, why, instances string
	}{
		{list{property("code", "string", "primary_key", true), property("age", "integer", "required", true), mood("good", "bad")}, "age", "required", "5"},
		{list{property("code", "string", "primary_key", true), property("age", "integer", "constraints", object{"max": 19}), mood("good", "bad")}, "age", "invalid", "5"},
		{list{property("code", "string", "primary_key", true), property("age", "string"), mood("good", "bad")}, "age", "invalid", "25"},
		{list{property("code", "string", "primary_key", true), property("age", "integer"), mood("good")}, "mood", "invalid", "3"},
		{list{property("code", "string", "primary_key", true), mood("good", "bad")}, "age", "removed", "25"},
		{list{property("code", "string", "primary_key", true), property("age", "integer"), mood("good", "bad"), property("tag", "string", "required", true)}, "tag", "required", "30"},
	} {
		r := bff.call(409, "PUT", path, object{"properties": c.properties}, reason)
		if r.Text("context", "detail", "error") != "stored_instances_break" || r.Text("context", "detail", "fields", 0, "field") != c.field ||
			r.Text("context", "detail", "fields", 0, "reason") != c.why || r.Text("context", "detail", "fields", 0, "instances") != c.instances || r.Text("errors", 0, "loc", 2) != c.field {
			t.Errorf("%s %s: %s", c.field, c.why, r)
		}
	}
	// A look beforehand tells the same and writes nothing.
	look := bff.call(200, "POST", ontology(db)+"/Pet/validate", object{"properties": list{property("code", "string", "primary_key", true), mood("good")}})
	if look.Text("data", "stored_instances", "instances") != "25" || look.Text("data", "stored_instances", "fields", 0, "reason") != "removed" || look.Text("data", "stored_instances", "fields", 1, "instances") != "3" {
		t.Errorf("validate: %s", look)
	}
	if look := bff.call(200, "POST", ontology(db)+"/Pet/validate", object{"label": "x"}); look.Text("data", "stored_instances", "instances") != "0" {
		t.Errorf("validate: %s", look)
	}
	// What fits all of them is accepted, and holds from then on.
	bff.done("PUT", path, object{"properties": list{property("code", "string", "primary_key", true), property("age", "decimal", "constraints", object{"max": 29}),
		mood("good", "bad", "odd"), property("tag", "string", "required", true, "default", "none")}}, reason)
	bff.call(422, "POST", instances(db, "Pet")+"/create", object{"data": object{"code": "new", "age": 30}})
	bff.done("POST", instances(db, "Pet")+"/create", object{"data": object{"code": "new", "age": 29, "mood": "odd"}})
}

func TestSequencesStandInETags(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bff.done("POST", ontology(db), keyed("Thing"))
	bff.done("POST", instances(db, "Thing")+"/create", object{"data": object{"code": "t1"}})
	class, one := ontology(db)+"/Thing", "/api/v1/databases/"+db+"/class/Thing/instance/t1"
	bff.call(200, "GET", one+"?min_sequence=1", nil)
	for _, path := range []string{class, "/api/v1/databases/" + db + "/classes/Thing", one, "/api/v1/databases/" + db} {
		r := bff.call(200, "GET", path, nil)
		if r.Header.Get("ETag") != `"1"` {
			t.Errorf("%s: ETag %q", path, r.Header.Get("ETag"))
		}
		if r := bff.call(304, "GET", path, nil, client.Header("If-None-Match", `"7", W/"1"`)); len(r.Body) > 0 || r.Header.Get("ETag") != `"1"` {
			t.Errorf("%s: %s", path, r)
		}
		bff.call(200, "GET", path, nil, client.Header("If-None-Match", `"2"`))
	}
	for path, want := range map[string]string{class: "1", ontology(db) + "/Nothing": "0", one: "1", "/api/v1/databases/" + db + "/class/Thing/instance/none": "0"} {
		if r := bff.call(200, "GET", path+"/expected-seq", nil); r.Text("data", "expected_seq") != want {
			t.Errorf("%s: %s", path, r)
		}
	}
	w.asOMS(t).call(304, "GET", "/api/v1/database/"+db+"/ontology/Thing", nil, client.Header("If-None-Match", `"1"`))

	match := func(tag string) client.Option { return client.Header("If-Match", tag) }
	for _, bad := range []string{`1`, `"x"`, `W/"1"`, `*`} {
		if r := bff.call(422, "PUT", class, object{"label": "Object"}, match(bad)); r.Text("errors", 0, "loc", 1) != "If-Match" {
			t.Errorf("If-Match %s: %s", bad, r)
		}
	}
	bff.call(422, "PUT", class+"?expected_seq=2", object{"label": "Object"}, match(`"1"`))
	if r := bff.call(409, "PUT", class, object{"label": "Object"}, match(`"5"`)); r.Text("context", "detail", "actual_seq") != "1" {
		t.Errorf("%s", r)
	}
	bff.done("PUT", class, object{"label": "Object"}, match(`"1"`))
	bff.done("PUT", instances(db, "Thing")+"/t1/update", object{"data": object{}}, match(`"1"`))
	bff.call(409, "DELETE", instances(db, "Thing")+"/t1/delete", nil, match(`"0"`))
	bff.done("DELETE", instances(db, "Thing")+"/t1/delete", nil, match(`"1"`))
	bff.call(422, "DELETE", class, nil) // neither way
	bff.done("DELETE", class, nil, match(`"2"`), client.Header("X-Change-Reason", "test"))
	bff.call(409, "DELETE", "/api/v1/databases/"+db, nil, match(`"9"`))
}

func TestAClassIsFoundByItsLabels(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bff.done("POST", ontology(db), with(keyed("Dog"), "label", object{"en": "A good dog", "ko": "좋은 개"}, "description", object{"en": "barks", "ko": "짖는다"}))
	bff.done("POST", ontology(db), with(keyed("Cat"), "label", object{"en": "Dog", "ko": "고양이"}))
	at := func(label string) string { return ontology(db) + "/" + url.PathEscape(label) }
	for label, id := range map[string]string{"A good dog": "Dog", "좋은 개": "Dog", "고양이": "Cat", "Dog": "Dog", "Cat": "Cat"} {
		for _, lang := range []string{"en", "ko"} {
			if r := bff.call(200, "GET", at(label), nil, client.Lang(lang)); r.Text("id") != id {
				t.Errorf("%s in %s: %s", label, lang, r)
			}
		}
	}
	if r := bff.call(200, "GET", at("좋은 개"), nil, client.Lang("en")); r.Text("label") != "A good dog" || r.Text("label_i18n", "ko") != "좋은 개" ||
		r.Text("description_i18n", "en") != "barks" || r.Text("properties", 0, "label_i18n", "ko") != "한 code" || r.Text("properties", 0, "display_label") != "code" {
		t.Errorf("texts: %s", r)
	}
	bff.done("PUT", at("고양이")+"?expected_seq=1", object{"description": object{"ko": "운다"}})
	if r := bff.call(200, "GET", at("고양이"), nil, client.Lang("ko")); r.Text("description") != "운다" || r.Text("version") != "2" {
		t.Errorf("changed by label: %s", r)
	}
	bff.call(404, "GET", ontology(db)+"/Bird", nil)
	dogs := instances(db, url.PathEscape("좋은 개"))
	bff.done("POST", dogs+"/create", object{"data": object{"한 code": "d1"}})
	bff.done("DELETE", dogs+"/d1/delete?expected_seq=1", nil)
	bff.done("DELETE", at("고양이")+"?expected_seq=2", nil, client.Header("X-Change-Reason", "test"))
	bff.call(404, "GET", ontology(db)+"/Cat", nil)
	eventually(t, 60*time.Second, func() string {
		r := bff.call(200, "GET", ontology(db)+"/list", nil, client.Lang("ko"))
		if r.Text("total") != "1" || r.Text("ontologies", 0, "label") != "좋은 개" || r.Text("ontologies", 0, "label_i18n", "en") != "A good dog" || r.Text("ontologies", 0, "properties", 0, "label") != "한 code" {
			return r.String()
		}
		return ""
	})
}

func TestRelationshipsAreAnalysed(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	base, internal := "/api/v1/databases/"+db, "/api/v1/database/"+db+"/ontology"
	bff.done("POST", ontology(db), keyed("Customer"))
	bff.done("POST", base+"/ontology-advanced", with(keyed("Order"), "relationships", list{relationship("orderedBy", "Customer thing", "cardinality", "n:1", "inverse_predicate", "orders")}))
	bff.done("POST", ontology(db), with(keyed("Line"), "relationships", list{relationship("partOf", "Order", "cardinality", "n:1")}))

	draft := with(keyed("Shop"), "relationships", list{relationship("type", "Gone", "cardinality", "n:1"), relationship("type", "Gone")})
	for _, r := range []*client.Response{
		bff.call(200, "POST", base+"/validate-relationships", draft), oms.call(200, "POST", internal+"/validate-relationships", draft),
	} {
		if r.Get("data", "ok") != false || r.Text("data", "summary", "errors") != "3" || r.Text("data", "errors", 0, "code") != "INVALID_PREDICATE_FORMAT" || r.Text("data", "class_id") != "Shop" {
			t.Errorf("validator: %s", r)
		}
	}
	bff.call(404, "POST", "/api/v1/databases/no-such-database/validate-relationships", draft)
	bff.call(422, "POST", base+"/validate-relationships", object{"label": "x", "relationships": list{object{"predicate": "x"}}})

	for _, r := range []*client.Response{
		bff.call(200, "POST", base+"/check-circular-references", "null"), bff.call(200, "POST", base+"/check-circular-references", nil),
		oms.call(200, "POST", internal+"/detect-circular-references", nil),
	} {
		if r.Text("data", "summary", "total_cycles") != "1" || r.Text("data", "cycles", 0, "cycle_type") != "direct" || r.Text("data", "cycles", 0, "severity") != "warning" || r.Text("data", "summary", "max_cycle_depth") != "10" {
			t.Errorf("cycles: %s", r)
		}
	}
	selfish := with(keyed("Loop"), "relationships", list{relationship("eats", "Loop")})
	if r := bff.call(200, "POST", base+"/check-circular-references", selfish); r.Text("data", "summary", "critical_cycles") != "1" {
		t.Errorf("a draft's cycle: %s", r)
	}
	for _, refused := range []object{selfish, draft} {
		r := bff.call(400, "POST", base+"/ontology-advanced", refused)
		if r.Text("context", "detail", "error") != "relationships_refused" {
			t.Errorf("advanced: %s", r)
		}
		oms.call(400, "POST", internal+"/create-advanced", refused)
	}
	bff.call(404, "GET", ontology(db)+"/Loop", nil)
	bff.call(501, "POST", base+"/ontology-advanced?auto_generate_inverse=true", selfish)
	bff.call(422, "POST", base+"/ontology-advanced?validate_relationships=perhaps", selfish)
	if r := bff.call(202, "POST", base+"/ontology-advanced?check_circular_references=false", selfish); r.Get("data", "advanced_options", "check_circular_references") != false || r.Get("data", "advanced_options", "validate_relationships") != true {
		t.Errorf("switched off: %s", r)
	}
	eventually(t, 60*time.Second, func() string {
		r := bff.call(200, "GET", base+"/relationship-network/analyze", nil, client.Lang("en"))
		if r.Text("statistics", "total_ontologies") != "4" {
			return r.String()
		}
		if r.Text("quality_metrics", "critical_cycles") != "1" || r.Text("network_health", "score") != "85" || r.Text("network_health", "grade") != "Good" ||
			r.Text("quality_metrics", "inverse_coverage") != "1/3 (33.3%)" || r.Text("recommendations", 0, "priority") != "high" {
			t.Errorf("network: %s", r)
		}
		return ""
	})
	if r := oms.call(200, "GET", internal+"/analyze-network", nil); r.Text("data", "ontology_count") != "4" || r.Text("data", "cycle_analysis", "critical_cycles") != "1" || r.Text("data", "graph_structure", "total_relationships") != "3" {
		t.Errorf("network: %s", r)
	}

	r := bff.call(200, "GET", base+"/relationship-paths?start_entity=Line&end_entity="+url.QueryEscape("Customer thing"), nil, client.Lang("en"))
	if r.Text("paths", 0, "path") != "Line thing → Order thing → Customer thing" || r.Text("paths", 0, "length") != "2" || r.Text("metadata", "end_id") != "Customer" || r.Text("statistics", "total_paths_found") != "1" {
		t.Errorf("paths: %s", r)
	}
	for _, kind := range []string{"all", "weighted", "semantic"} {
		bff.call(200, "GET", base+"/relationship-paths?start_entity=Line&path_type="+kind, nil)
	}
	bff.call(400, "GET", base+"/relationship-paths?start_entity=Line&path_type=odd", nil)
	bff.call(422, "GET", base+"/relationship-paths", nil)
	bff.call(422, "GET", base+"/relationship-paths?start_entity=Line&max_depth=6", nil)
	bff.call(404, "GET", base+"/relationship-paths?start_entity=Nothing", nil)
	if r := oms.call(200, "GET", internal+"/relationship-paths/Line?end_entity=Customer", nil); r.Text("data", "paths", 0, "entities", 2) != "Customer" || r.Text("data", "paths", 0, "predicates", 0) != "partOf" {
		t.Errorf("paths: %s", r)
	}
	if r := oms.call(200, "GET", internal+"/reachable-entities/Line", nil); r.Text("data", "total_reachable") != "2" {
		t.Errorf("reachable: %s", r)
	}
	oms.call(400, "GET", internal+"/reachable-entities/Line?max_depth=6", nil)
}

func TestMappingsAreNotedInTheClass(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	bff.done("POST", ontology(db), with(keyed("Thing"), "metadata", object{"source": "test"}))
	path := ontology(db) + "/Thing/mapping-metadata"
	for i := range 12 {
		r := bff.call(200, "POST", path, object{"sourceFile": fmt.Sprintf("f%d.csv", i%2), "mappingsCount": 3, "averageConfidence": 0.75, "note": "x"}, client.Wait(waitSeconds))
		if r.Text("data", "total_history_entries") != fmt.Sprint(min(i+1, 10)) || r.Text("data", "update", "status") != "COMPLETED" || r.Text("data", "mapping_entry", "average_confidence") != "0.75" {
			t.Fatalf("%d: %s", i, r)
		}
	}
	r := bff.call(200, "GET", ontology(db)+"/Thing", nil)
	if r.Text("metadata", "total_mappings") != "36" || r.Text("metadata", "source") != "test" || r.Text("metadata", "mapping_sources", 1) != "f1.csv" || r.Get("metadata", "mapping_sources", 2) != nil || r.Get("metadata", "mapping_history", 10) != nil {
		t.Errorf("%s", r)
	}
	if r := bff.call(200, "POST", path, object{"source": "x"}); r.Text("data", "mapping_entry", "source_file") != "unknown" || r.Text("data", "update", "command_id") == "" {
		t.Errorf("%s", r)
	}
	once := client.Key("once")
	first, again := bff.call(200, "POST", path, object{}, once, client.Wait(waitSeconds)), bff.call(200, "POST", path, object{}, once, client.Wait(waitSeconds))
	if first.Text("data", "update", "command_id") != again.Text("data", "update", "command_id") {
		t.Errorf("a repeated note: %s\n%s", first, again)
	}
	bff.call(404, "POST", ontology(db)+"/Nothing/mapping-metadata", object{})
	bff.call(422, "POST", path, object{"mappingsCount": "many"})
}

func TestLargeAndOddClasses(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	wide, data := keyed("Wide"), object{"code": "w1"}
	for i := range 300 {
		name := fmt.Sprintf("속성 %d", i)
		wide["properties"] = append(wide["properties"].(list), property(name, "string", "constraints", object{"maxLength": 40}))
		data[name] = fmt.Sprint("value ", i)
	}
	bff.done("POST", ontology(db), wide)
	bff.done("POST", instances(db, "Wide")+"/create", object{"data": data})
	if r := bff.call(200, "GET", "/api/v1/databases/"+db+"/class/Wide/instance/w1?min_sequence=1", nil); r.Text("data", "data", "속성 299") != "value 299" {
		t.Errorf("%s", r)
	}
	if r := bff.call(200, "GET", ontology(db)+"/Wide", nil); r.Text("properties", 300, "name") != "속성 299" {
		t.Errorf("%.300s", r)
	}
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	for name, body := range map[string]any{
		"deep metadata":    `{"id":"Deep","label":"x","metadata":` + deep + `}`,
		"deep constraints": `{"id":"Deep","label":"x","properties":[{"name":"a","type":"string","label":"a","constraints":` + deep + `}]}`,
		"too many keys":    object{"id": "Keys", "label": "x", "metadata": manyKeys(1001)},
		"control in a key": object{"id": "Odd", "label": "x", "properties": list{property("a\x01b", "string")}},
		"a twice":          `{"id":"Twice","label":"x","label":"y"}`,
		"no text":          `{"id":7,"label":"x"}`,
		"not json":         `{"id":`,
		"a list":           `[]`,
		"a lone surrogate": `{"id":"Lone","label":"\ud800"}`,
		"long id":          object{"id": strings.Repeat("x", 101), "label": "x"},
		"long name":        with(keyed("Long"), "properties", list{property(strings.Repeat("x", 513), "string")}),
		"slow pattern":     with(keyed("Slow"), "properties", list{property("a", "string", "constraints", object{"pattern": "("})}),
		"odd type":         with(keyed("Odd"), "properties", list{property("a", strings.Repeat("list<", 50)+"string"+strings.Repeat(">", 50))}),
	} {
		began := time.Now()
		r, err := bff.Do(t.Context(), "POST", ontology(db), body)
		if err != nil || r.Status < 400 || r.Status >= 500 {
			t.Errorf("%s: %v, %.300s", name, err, r)
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%s took %s", name, d)
		}
	}
}

func manyKeys(n int) object {
	o := object{}
	for i := range n {
		o[fmt.Sprint("k", i)] = i
	}
	return o
}
