package ontology

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

const product = `{"id":"Product","label":{"en":"Product","ko":"제품"},"description":"things we sell",
 "parent_class":null,"abstract":false,
 "properties":[
  {"name":"product_id","type":"STRING","label":"Product id","required":true,"primaryKey":true},
  {"name":"price","type":"DECIMAL","label":{"ko":"가격"},"constraints":{"minimum":0,"maximum":12345678901234567890.50},"default":1.50},
  {"name":"tags","type":"array","items":{"type":"string"},"label":"Tags"},
  {"name":"maker","type":"link","linkTarget":"Company","label":"Maker","required":true},
  {"name":"parts","type":"array","items":{"type":"link","target":"Part"},"label":"Parts"},
  {"name":"shelf","type":"string","target":"Shelf","cardinality":"n:n","label":"Shelf"}],
 "relationships":[{"predicate":"seen_by","target":"a:b","label":"Seen by","inverse_predicate":"saw","inverse_label":{"ko":"봄"}}],
 "metadata":{"source":"test"}}`

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	obj, err := strictjson.Object([]byte(text), "body")
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func declare(t *testing.T, text string) *Schema {
	t.Helper()
	s, errs := Declare(object(t, text), Options{}, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func TestDeclare(t *testing.T) {
	c := declare(t, product).Class
	got := ""
	for _, p := range c.Properties {
		got += fmt.Sprintf("%s %s key=%v; ", p.Name, p.Type, p.PrimaryKey)
	}
	for _, r := range c.Relationships {
		got += fmt.Sprintf("%s->%s %s required=%v; ", r.Predicate, r.Target, r.Cardinality, r.Required)
	}
	want := "product_id xsd:string key=true; price xsd:decimal key=false; tags array<xsd:string> key=false; " +
		"seen_by->a:b 1:n required=false; maker->Company n:1 required=true; parts->Part 1:n required=false; shelf->Shelf n:m required=false; "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if c.Description["en"] != "things we sell" || c.Label["ko"] != "제품" {
		t.Errorf("texts: %v %v", c.Label, c.Description)
	}
}

// What is written can be read back and declared again, with every digit.
func TestClassSurvivesJSON(t *testing.T) {
	c := declare(t, product).Class
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"maximum":12345678901234567890.50`, `"default":1.50`, `"primary_key":true`, `"inverse_predicate":null`, `"parent_class":null`} {
		if !strings.Contains(string(raw), part) {
			t.Errorf("no %s in %s", part, raw)
		}
	}
	var stored Class
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, stored) {
		t.Errorf("stored %+v\nread   %+v", c, stored)
	}
	again := declare(t, string(raw)).Class
	second, _ := json.Marshal(again)
	if string(raw) != string(second) {
		t.Errorf("declared again: %s\nwas: %s", second, raw)
	}
}

func TestDeclareNamesEveryMistake(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"empty", `{}`, "body.id value_error, body.label missing"},
		{"unknown fields", `{"id":"A","label":"A","colour":1,"properties":[{"name":"a","type":"string","label":"a","x":1}],"relationships":[{"predicate":"p","target":"B","label":"p","y":1}]}`,
			"body.colour extra_forbidden, body.properties[0].x extra_forbidden, body.relationships[0].y extra_forbidden"},
		{"ill typed", `{"id":1,"label":"A","abstract":"no","properties":{},"relationships":[1],"metadata":[]}`,
			"body.abstract bool_type, body.id string_type, body.metadata dict_type, body.properties list_type, body.relationships[0] dict_type"},
		{"blank label", `{"id":"A","label":{"en":" "}}`, "body.label value_error"},
		{"label language", `{"id":"A","label":{"fr":"A"},"properties":[{"name":"a","type":"string","label":{"fr":"a"}}]}`, "body.properties[0].label.fr value_error"},
		{"missing members", `{"id":"A","label":"A","properties":[{}],"relationships":[{}]}`,
			"body.properties[0].label missing, body.properties[0].name missing, body.properties[0].type missing, " +
				"body.relationships[0].label missing, body.relationships[0].predicate missing, body.relationships[0].target missing"},
		{"duplicates", `{"id":"A","label":"A","properties":[{"name":"a","type":"string","label":"a"},{"name":"l","type":"link","target":"B","label":"l"},{"name":"a","type":"date","label":"a"}],
			"relationships":[{"predicate":"p","target":"B","label":"p"},{"predicate":"p","target":"C","label":"p"},{"predicate":"a","target":"C","label":"p"}]}`,
			"body.properties[2].name value_error, body.relationships[1].predicate value_error, body.relationships[2].predicate value_error"},
		{"unknown type", `{"id":"A","label":"A","properties":[{"name":"a","type":"strng","label":"a"},{"name":"b","type":"array","items":{"type":"odd"},"label":"b"}]}`,
			"body.properties[0].type value_error, body.properties[1].type value_error"},
		{"links", `{"id":"A","label":"A","properties":[{"name":"a","type":"link","label":"a"},{"name":"b","type":"link","target":"B","primary_key":true,"label":"b"},
			{"name":"c","type":"string","cardinality":"1:n","label":"c"},{"name":"d","type":"link","target":"9","cardinality":"2:3","label":"d"},{"name":"e","type":"string","items":{"type":"string"},"label":"e"}]}`,
			"body.properties[0].target value_error, body.properties[1].primary_key value_error, body.properties[2].cardinality value_error, " +
				"body.properties[3].cardinality value_error, body.properties[3].target value_error, body.properties[4].items value_error"},
		{"link with the rules of a value", `{"id":"A","label":"A","properties":[{"name":"a","type":"link","target":"B","label":"a","default":"B/1","constraints":{"min":1}}]}`,
			"body.properties[0].constraints value_error, body.properties[0].default value_error"},
		{"key", `{"id":"A","label":"A","properties":[{"name":"a","type":"json","primary_key":true,"label":"a"},{"name":"b","type":"string","primary_key":true,"default":"x","label":"b"}]}`,
			"body.properties[0].type value_error, body.properties[1].default value_error"},
		{"default and constraints", `{"id":"A","label":"A","properties":[{"name":"a","type":"integer","default":"x","label":"a"},{"name":"b","type":"integer","constraints":{"min":"x"},"label":"b"},{"name":"c","type":"integer","constraints":{"min":5},"default":4,"label":"c"}]}`,
			"body.properties[0].default int_type, body.properties[1].constraints.min float_type, body.properties[2].default greater_than_equal"},
		{"ids", `{"id":"9","label":"A","parent_class":"b.c","relationships":[{"predicate":"p","target":"한글","label":"p"}]}`,
			"body.id value_error, body.parent_class value_error, body.relationships[0].target value_error"},
		{"own parent", `{"id":"A","label":"A","parent_class":"A"}`, "body.parent_class value_error"},
	}
	for _, tt := range tests {
		_, errs := Declare(object(t, tt.body), Options{}, "body")
		if got := summary(errs); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		for _, e := range errs {
			if e.Msg.KO == "" || e.Msg.KO == e.Msg.EN {
				t.Errorf("%s: %s has no Korean text", tt.name, e)
			}
		}
	}
}

func summary(errs problem.FieldErrors) string {
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = problem.Path(e.Loc) + " " + e.Type
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

func TestOptions(t *testing.T) {
	opt := Options{
		GenerateID: func(l Localized) string { return GenerateClassID(l, time.Time{}) },
		IsClass:    func(id string) bool { return id == "Customer" },
	}
	s, errs := Declare(object(t, `{"label":"purchase order","properties":[{"label":"Sold to","type":"Customer"}]}`), opt, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if r, ok := s.Relationship("SoldTo"); s.Class.ID != "PurchaseOrder" || !ok || r.Target != "Customer" || r.Cardinality != OneToMany {
		t.Errorf("%+v", s.Class)
	}
	if s, errs := Declare(object(t, `{"@id":"A","@type":"Class","label":"x","version":3}`), opt, "body"); len(errs) > 0 || s.Class.ID != "A" {
		t.Errorf("@id: %+v %v", s.Class, errs)
	}
}

func TestSchemaKey(t *testing.T) {
	for _, tt := range []struct{ properties, want string }{
		{`{"name":"a","type":"string","label":"a","primary_key":true},{"name":"order_id","type":"string","label":"o"},{"name":"b","type":"date","label":"b","primaryKey":true}`, "[a b]"},
		{`{"name":"order_id","type":"integer","label":"o"},{"name":"customer_id","type":"string","label":"c"}`, "[order_id]"},
		{`{"name":"customer_id","type":"string","label":"c"}`, "[]"},
		{`{"name":"order_id","type":"json","label":"o"}`, "[]"},
	} {
		s := declare(t, `{"id":"Order","label":"x","properties":[`+tt.properties+`]}`)
		if got := fmt.Sprint(s.Key()); got != tt.want {
			t.Errorf("%s: key %s, want %s", tt.properties, got, tt.want)
		}
	}
}

func TestInherit(t *testing.T) {
	parent := declare(t, `{"id":"Thing","label":"x","properties":[{"name":"id","type":"string","label":"i","primary_key":true},{"name":"note","type":"string","label":"n"}],
		"relationships":[{"predicate":"near","target":"Thing","label":"n"}]}`).Class
	child := declare(t, `{"id":"Car","label":"x","properties":[{"name":"note","type":"integer","label":"n"}]}`).Class
	got := child.Inherit(parent)
	if note, _ := got.Property("note"); len(got.Properties) != 2 || note.Type != "xsd:integer" || fmt.Sprint(got.PrimaryKey()) != "[id]" || len(got.Relationships) != 1 {
		t.Errorf("%+v", got)
	}
	child.Properties[0].PrimaryKey = true
	if got := child.Inherit(parent); fmt.Sprint(got.PrimaryKey()) != "[note]" {
		t.Errorf("the child's key: %v", got.PrimaryKey())
	}
	if len(child.Properties) != 1 || !parent.Properties[0].PrimaryKey {
		t.Error("Inherit changed what it was given")
	}
}

func TestResponse(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	raw, err := json.Marshal(declare(t, product).Class.Response(problem.Korean, Stamp{Branch: "main", Version: 2, CreatedAt: at, UpdatedAt: at}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"label":"제품"`, `"description":"things we sell"`, `"primaryKey":true`, `"version":2`, `"created_at":"2025-01-02T03:04:05+00:00"`, `"branch":"main"`, `"source":"test"`, `"inverse_label":"봄"`} {
		if !strings.Contains(string(raw), part) {
			t.Errorf("no %s in %s", part, raw)
		}
	}
}

func TestAggregateID(t *testing.T) {
	if got := AggregateID("shop", "feature/x", "a:b"); got != "shop:feature/x:a:b" {
		t.Error(got)
	}
}

func FuzzDeclare(f *testing.F) {
	f.Add([]byte(product))
	f.Add([]byte(`{"id":"A","label":"A","properties":[{"name":"a","type":"union<int,list<x>>","label":"a","constraints":{"enum":[{}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, err := strictjson.Object(data, "body")
		if err != nil {
			return
		}
		s, errs := Declare(obj, Options{}, "body")
		if len(errs) > 0 {
			return
		}
		raw, err := json.Marshal(s.Class)
		if err != nil {
			t.Fatal(err)
		}
		obj, err = strictjson.Object(raw, "body")
		if err != nil {
			t.Skip("deeper than what may be sent")
		}
		again, errs := Declare(obj, Options{}, "body")
		if len(errs) > 0 {
			t.Fatalf("%s is not accepted again: %v", raw, errs)
		}
		if second, _ := json.Marshal(again.Class); string(second) != string(raw) {
			t.Fatalf("declared again: %s\nwas: %s", second, raw)
		}
	})
}
