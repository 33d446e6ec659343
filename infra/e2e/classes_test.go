package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestAClassIsReadInBothLanguages(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	if r := product(bff, db); r.Text("result", "sequence") != "1" || r.Text("result", "class_id") != "Product" {
		t.Errorf("created: %s", r)
	}
	path := ontology(db) + "/Product"
	for _, c := range []struct{ lang, label, property string }{{"en", "Product", "Price"}, {"ko", "제품", "가격"}} {
		r := bff.call(200, "GET", path, nil, client.Lang(c.lang))
		if r.Text("label") != c.label || r.Text("properties", 2, "label") != c.property || r.Text("version") != "1" ||
			r.Text("metadata", "branch") != "main" || r.Get("properties", 0, "primaryKey") != true {
			t.Errorf("%s: %s", c.lang, r)
		}
	}
	if r := bff.call(200, "GET", path+"?lang=en", nil, client.Lang("ko")); r.Text("label") != "Product" {
		t.Errorf("?lang wins: %s", r)
	}

	bffDocument := bff.call(200, "GET", "/api/v1/databases/"+db+"/classes/Product", nil)
	omsDocument := w.asOMS(t).call(200, "GET", "/api/v1/database/"+db+"/ontology/Product", nil)
	for api, r := range map[string]*client.Response{"bff": bffDocument, "oms": omsDocument} {
		if r.Text("data", "label", "ko") != "제품" || r.Get("data", "properties", 0, "primary_key") != true || r.Text("data", "branch") != "main" ||
			r.Text("data", "index_status", "event_sequence") != "1" || r.Text("data", "properties", 2, "constraints", "min") != "0" {
			t.Errorf("%s document: %s", api, r)
		}
	}
	bff.call(404, "GET", ontology(db)+"/Nothing", nil)
	bff.call(404, "GET", path+"?branch=other", nil)
	bff.call(400, "GET", path+"?branch=a%20b", nil)
	bff.call(404, "GET", ontology("no-such-database")+"/Product", nil)
	if r := bff.call(400, "GET", ontology(db)+"/1st", nil, client.Lang("en")); r.Text("message") != "Class ID contains invalid characters" {
		t.Errorf("class id: %s", r)
	}
}

func TestSchemaFormats(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := ontology(db) + "/Product/schema"
	if r := bff.call(200, "GET", path, nil); r.Text("id") != "Product" || r.Text("label", "en") != "Product" {
		t.Errorf("json: %s", r)
	}
	if r := bff.call(200, "GET", path+"?format=jsonld", nil); r.Text("@id") != "Product" || r.Text("@type") != "owl:Class" || r.Get("@comment") != nil {
		t.Errorf("jsonld: %s", r)
	}
	if r := bff.call(200, "GET", path+"?format=owl", nil); r.Text("@owl:versionInfo") != "1.0" || r.Text("@comment") != "what is sold" {
		t.Errorf("owl: %s", r)
	}
	if r := bff.call(400, "GET", path+"?format=xml", nil); r.Text("errors", 0, "loc", 1) != "format" {
		t.Errorf("xml: %s", r)
	}
}

func TestAClassWithoutAnIDGetsOne(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	properties := list{object{"name": "order_id", "type": "string", "label": "Id", "primary_key": true}}
	r := bff.done("POST", ontology(db), object{"label": "purchase order", "properties": properties})
	if !strings.HasPrefix(r.Text("result", "class_id"), "PurchaseOrder") {
		t.Errorf("id made of the label: %s", r)
	}
	oms := w.asOMS(t)
	if r := oms.call(400, "POST", "/api/v1/database/"+db+"/ontology", object{"label": "purchase order", "properties": properties}, client.Lang("en")); r.Text("message") != "Ontology ID is required" {
		t.Errorf("OMS makes no id: %s", r)
	}
	old := bff.call(200, "POST", "/api/v1/databases/"+db+"/classes", object{"@id": "Older", "label": "Older", "properties": properties})
	if old.Text("@id") != "Older" || old.Text("data", "command_id") == "" {
		t.Errorf("older shape: %s", old)
	}
	bff.call(200, "GET", "/api/v1/commands/"+old.Command()+"/status", nil, client.Wait(waitSeconds))
	bff.call(200, "GET", ontology(db)+"/Older", nil)
	bff.call(422, "POST", "/api/v1/databases/"+db+"/classes", object{"label": "Older"})
}

func TestAClassIsChangedAndDeleted(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path := ontology(db) + "/Product"
	admin := client.Header("X-Change-Reason", "a test says so")

	if r := bff.done("PUT", path+"?expected_seq=1", object{"label": object{"en": "Article"}}); r.Text("result", "sequence") != "2" {
		t.Errorf("changed: %s", r)
	}
	if r := bff.call(200, "GET", path, nil); r.Text("label") != "제품" || r.Text("version") != "2" {
		t.Errorf("the other language stays: %s", r)
	}
	same := bff.done("PUT", path+"?expected_seq=2", object{"label": object{"en": "Article"}})
	if same.Get("result", "unchanged") != true || same.Text("result", "sequence") != "2" {
		t.Errorf("unchanged: %s", same)
	}
	conflict := bff.call(409, "PUT", path+"?expected_seq=1", object{"label": "Late"})
	if conflict.Text("context", "detail", "actual_seq") != "2" || conflict.Text("context", "detail", "aggregate_id") != db+":main:Product" {
		t.Errorf("conflict: %s", conflict)
	}
	bff.call(422, "PUT", path, object{"label": "x"})
	bff.call(422, "PUT", path+"?expected_seq=x", object{"label": "x"})
	bff.call(404, "PUT", ontology(db)+"/Nothing?expected_seq=1", object{"label": "x"})
	if r := bff.call(422, "PUT", path+"?expected_seq=2", object{"label": object{"fr": "produit"}}); r.Text("errors", 0, "loc", 1) != "label" {
		t.Errorf("language: %s", r)
	}

	if r := bff.call(400, "DELETE", path+"?expected_seq=2", nil); r.Text("errors", 0, "loc", 1) != "X-Change-Reason" {
		t.Errorf("main is protected: %s", r)
	}
	bff.call(409, "DELETE", path+"?expected_seq=1", nil, admin)
	if r := bff.done("DELETE", path+"?expected_seq=2", nil, admin); r.Text("result", "sequence") != "3" {
		t.Errorf("deleted: %s", r)
	}
	bff.call(404, "GET", path, nil)
	bff.call(404, "DELETE", path+"?expected_seq=3", nil, admin)
	if r := product(bff, db); r.Text("result", "sequence") != "4" {
		t.Errorf("sequences go on: %s", r)
	}
	if r := bff.call(409, "POST", ontology(db), object{"id": "Product", "label": "x", "properties": list{object{"name": "x_id", "type": "string", "label": "x"}}}); r.Text("context", "detail", "actual_seq") != "4" {
		t.Errorf("exists: %s", r)
	}
}

func TestRefusedDeclarations(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	key := object{"name": "thing_id", "type": "string", "label": "Id", "primary_key": true}
	for name, c := range map[string]struct {
		body object
		loc  string // of the first error, below body
	}{
		"no label":          {object{"id": "Thing", "properties": list{key}}, "label"},
		"unknown field":     {object{"id": "Thing", "label": "x", "colour": 1, "properties": list{key}}, "colour"},
		"id":                {object{"id": "1st", "label": "x", "properties": list{key}}, "id"},
		"unknown type":      {object{"id": "Thing", "label": "x", "properties": list{key, object{"name": "a", "type": "quux", "label": "a"}}}, "properties"},
		"twice":             {object{"id": "Thing", "label": "x", "properties": list{key, key}}, "properties"},
		"cardinality":       {object{"id": "Thing", "label": "x", "properties": list{key}, "relationships": list{object{"predicate": "p", "target": "Thing", "label": "p", "cardinality": "2:3"}}}, "relationships"},
		"default of a type": {object{"id": "Thing", "label": "x", "properties": list{key, object{"name": "a", "type": "integer", "label": "a", "default": "many"}}}, "properties"},
	} {
		for lang, message := range map[string]string{"en": "Request validation failed", "ko": "입력값 검증에 실패했습니다."} {
			r := bff.call(422, "POST", ontology(db), c.body, client.Lang(lang))
			if r.Text("errors", 0, "loc", 1) != c.loc || r.Text("message") != message || r.Text("errors", 0, "msg") == "" {
				t.Errorf("%s: %s", name, r)
			}
		}
		w.asOMS(t).call(400, "POST", "/api/v1/database/"+db+"/ontology", c.body)
	}
	r := bff.call(400, "POST", ontology(db), object{"id": "Thing", "label": "x"})
	if r.Text("context", "lint_report", "errors", 0, "rule_id") != "ONT001" {
		t.Errorf("lint: %s", r)
	}
	bff.call(404, "POST", ontology("no-such-database"), object{"id": "Thing", "label": "x", "properties": list{key}})
}

func TestValidateWritesNothing(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	for _, path := range []string{ontology(db), "/api/v1/database/" + db + "/ontology"} {
		a := bff
		if !strings.Contains(path, "databases") {
			a = w.asOMS(t)
		}
		r := a.call(200, "POST", path+"/validate", object{"label": "purchase order"})
		if r.Get("data", "id_generated") != true || r.Get("data", "lint_report", "ok") != false || r.Text("data", "lint_report", "errors", 0, "rule_id") != "ONT001" {
			t.Errorf("%s: %s", path, r)
		}
	}
	product(bff, db)
	bff.call(404, "GET", ontology(db)+"/PurchaseOrder", nil)
	change := object{"properties": list{object{"name": "product_id", "type": "string", "label": "id", "primary_key": true}}}
	r := bff.call(200, "POST", ontology(db)+"/Product/validate", change)
	if r.Get("data", "protected_branch") != true || r.Get("data", "requires_proof") != true || r.Text("data", "lint_report_diff", "warnings", 0, "rule_id") != "ONT901" {
		t.Errorf("change: %s", r)
	}
	if r := bff.call(200, "GET", ontology(db)+"/Product", nil); r.Text("version") != "1" {
		t.Errorf("validation has changed the class: %s", r)
	}
	bff.call(404, "POST", ontology(db)+"/Nothing/validate", change)

	// A change that removes properties on a protected branch needs a reason.
	bff.call(400, "PUT", ontology(db)+"/Product?expected_seq=1", change)
	bff.done("PUT", ontology(db)+"/Product?expected_seq=1", change, client.Header("X-Change-Reason", "no longer used"))
}

func TestAClassInheritsFromItsParent(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", ontology(db), object{"id": "Book", "label": "Book", "parent_class": "Product", "properties": list{
		object{"name": "book_id", "type": "string", "label": "Id"}, object{"name": "pages", "type": "integer", "label": "Pages", "required": true},
	}})
	create := instances(db, "Book") + "/create"
	r := bff.call(422, "POST", create, object{"data": object{"product_id": "b1"}})
	if r.Text("errors", 0, "loc", 2) != "pages" {
		t.Errorf("its own property: %s", r)
	}
	if r := bff.done("POST", create, object{"data": object{"product_id": "b1", "pages": 3, "price": 9.5}}); r.Text("result", "instance_id") != "b1" {
		t.Errorf("the parent's key: %s", r)
	}
	missing := bff.call(422, "POST", ontology(db), object{"id": "Orphan", "label": "x", "parent_class": "Gone", "properties": list{object{"name": "orphan_id", "type": "string", "label": "x"}}})
	if missing.Text("errors", 0, "loc", 1) != "parent_class" {
		t.Errorf("a parent that does not exist: %s", missing)
	}
}
