package instance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

const (
	ones    = "11111111-1111-1111-1111-111111111111"
	product = `{"id":"Product","label":"Product","properties":[
	 {"name":"product_id","type":"string","label":"x","primary_key":true},
	 {"name":"name","type":"string","label":"x","required":true,"constraints":{"maxLength":20}},
	 {"name":"price","type":"decimal","label":"x","constraints":{"minimum":0}},
	 {"name":"size","type":"string","label":"x","constraints":{"enum":["S","M"]},"default":"M"},
	 {"name":"made","type":"datetime","label":"x"},
	 {"name":"extra","type":"object","label":"x"},
	 {"name":"가격(원)","type":"money","label":"x"},
	 {"name":"branch","type":"string","label":"x"}],
	 "relationships":[
	 {"predicate":"maker","target":"Company","label":"x","cardinality":"n:1"},
	 {"predicate":"parts","target":"Part","label":"x","cardinality":"1:n"}]}`
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	obj, err := strictjson.Object([]byte(text), "body")
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func schema(t *testing.T, text string) *ontology.Schema {
	t.Helper()
	s, errs := ontology.Declare(object(t, text), ontology.Options{}, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func summary(errs problem.FieldErrors) string {
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = problem.Path(e.Loc) + " " + e.Type
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

func TestCreate(t *testing.T) {
	s := schema(t, product)
	sent := object(t, `{"product_id":"C# 'x' 한/글","name":"a\u0000 -- #","price":1234567890123456789012345678901234567890.50,
		"made":"2024-01-02 03:04","extra":null,"가격(원)":"15,000원","branch":"mine","maker":["Company/a/b"],"parts":["Part/1","Part/2","Part/1"]}`)
	before := string(strictjson.Canonical(sent))
	inst, errs := Create(s, sent, ones, 0, "body", "data")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if string(strictjson.Canonical(sent)) != before {
		t.Error("the payload was changed")
	}
	want := `{"branch":"mine","made":"2024-01-02T03:04:00Z","maker":"Company/a/b","name":"a\u0000 -- #","parts":["Part/1","Part/2"],` +
		`"price":1234567890123456789012345678901234567890.50,"product_id":"C# 'x' 한/글","size":"M","가격(원)":{"amount":15000,"currency":"KRW"}}`
	if got := string(strictjson.Canonical(inst.Data)); got != want {
		t.Errorf("data %s\nwant %s", got, want)
	}
	if inst.ID != "C# 'x' 한/글" {
		t.Errorf("id %q", inst.ID)
	}
	links := []Link{{"maker", "Company", "a/b"}, {"parts", "Part", "1"}, {"parts", "Part", "2"}}
	if !slices.Equal(inst.Links, links) || links[0].Ref() != "Company/a/b" {
		t.Errorf("links %v", inst.Links)
	}
}

func TestCreateNamesEveryMistake(t *testing.T) {
	s := schema(t, product)
	tests := []struct{ body, want string }{
		{`{}`, "body.data.name missing, body.data.product_id missing"},
		{`{"product_id":"a","name":null}`, "body.data.name missing"},
		{`{"product_id":"a","name":"b","colour":"red"}`, "body.data.colour extra_forbidden"},
		{`{"product_id":1,"price":"12","size":"XL","made":"soon","extra":[]}`,
			"body.data.extra dict_type, body.data.made datetime_parsing, body.data.name missing, body.data.price float_type, body.data.product_id string_type, body.data.size enum"},
		{`{"product_id":"a","name":"a name that is far too long","price":-1}`, "body.data.name string_too_long, body.data.price greater_than_equal"},
		{`{"product_id":"a\n","name":"b"}`, "body.data.product_id value_error"},
		{`{"product_id":"","name":"b"}`, "body.data.product_id value_error"},
		{`{"product_id":"` + strings.Repeat("x", 513) + `","name":"b"}`, "body.data.product_id value_error"},
		{`{"product_id":"a","name":"b","maker":"a"}`, "body.data.maker value_error"},
		{`{"product_id":"a","name":"b","maker":"Other/a"}`, "body.data.maker value_error"},
		{`{"product_id":"a","name":"b","maker":"Company/"}`, "body.data.maker value_error"},
		{`{"product_id":"a","name":"b","maker":["Company/a","Company/b"]}`, "body.data.maker value_error"},
		{`{"product_id":"a","name":"b","parts":["Part/1",2,"x","Part/\u0000"]}`, "body.data.parts[1] value_error, body.data.parts[2] value_error, body.data.parts[3] value_error"},
	}
	for _, tt := range tests {
		_, errs := Create(s, object(t, tt.body), ones, 0, "body", "data")
		if got := summary(errs); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.body, got, tt.want)
		}
		for _, e := range errs {
			if e.Msg.KO == "" || e.Msg.KO == e.Msg.EN || strings.ContainsAny(e.Msg.EN, "{}") {
				t.Errorf("%s: message %+v", tt.body, e.Msg)
			}
		}
	}
	abstract := schema(t, `{"id":"Thing","label":"x","abstract":true}`)
	if _, errs := Create(abstract, map[string]any{}, ones, 0, "body", "data"); summary(errs) != "body.data value_error" {
		t.Errorf("an abstract class: %v", errs)
	}
}

func TestLinksMayBeLeftOut(t *testing.T) {
	s := schema(t, product)
	for _, links := range []string{`"maker":null,"parts":null`, `"maker":[],"parts":[]`} {
		inst, errs := Create(s, object(t, `{"product_id":"a","name":"b",`+links+`}`), ones, 0, "body")
		if len(errs) > 0 || len(inst.Links) != 0 || inst.Data["maker"] != nil || inst.Data["parts"] != nil {
			t.Errorf("%s: %+v %v", links, inst, errs)
		}
	}
	if inst, errs := Create(s, object(t, `{"product_id":"a","name":"b","parts":"Part/1"}`), ones, 0, "body"); len(errs) > 0 || len(inst.Links) != 1 {
		t.Errorf("one reference for many: %+v %v", inst, errs)
	}
}

func TestRequiredLinks(t *testing.T) {
	s := schema(t, `{"id":"Part","label":"x","properties":[{"name":"of","type":"link","target":"Product","label":"x","required":true}]}`)
	if _, errs := Create(s, object(t, `{"of":[]}`), ones, 0, "body"); summary(errs) != "body.of missing" {
		t.Errorf("left out: %v", errs)
	}
	if _, _, errs := Update(s, "p", object(t, `{"of":"Product/1"}`), object(t, `{"of":null}`), "body"); summary(errs) != "body.of missing" {
		t.Errorf("removed: %v", errs)
	}
}

func TestIdentity(t *testing.T) {
	composite := `{"id":"Seat","label":"x","properties":[{"name":"row","type":"integer","label":"x","primary_key":true},{"name":"hall","type":"string","label":"x","primary_key":true}]}`
	implicit := `{"id":"Order","label":"x","properties":[{"name":"order_id","type":"string","label":"x"},{"name":"customer_id","type":"string","label":"x"}]}`
	number := `{"id":"Order","label":"x","properties":[{"name":"order_id","type":"integer","label":"x"}]}`
	foreign := `{"id":"Order","label":"x","properties":[{"name":"customer_id","type":"string","label":"x"}]}`
	tests := []struct{ name, class, body, id string }{
		{"composite", composite, `{"hall":"a:b%","row":7.0}`, "7:a%3Ab%25"},
		{"composite, part missing", composite, `{"row":7}`, "!body.hall missing"},
		{"implicit", implicit, `{"order_id":"o:1","customer_id":"c"}`, "o:1"},
		{"implicit, left out", implicit, `{"customer_id":"c"}`, "order_8f0802db05b6"},
		{"implicit number", number, `{"order_id":12345678901234567890}`, "12345678901234567890"},
		{"implicit number, left out", number, `{}`, "!body.order_id missing"},
		{"never a foreign key", foreign, `{"customer_id":"c"}`, "order_8f0802db05b6"},
	}
	for _, tt := range tests {
		inst, errs := Create(schema(t, tt.class), object(t, tt.body), ones, 0, "body")
		got := inst.ID
		if len(errs) > 0 {
			got = "!" + summary(errs)
		}
		if got != tt.id {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.id)
		}
	}
	inst, _ := Create(schema(t, implicit), object(t, `{}`), ones, 0, "body")
	if inst.Data["order_id"] != "order_8f0802db05b6" {
		t.Errorf("the implicit key is not filled in: %v", inst.Data)
	}
	if a, b := GeneratedID("A", ones, 0), GeneratedID("A", ones, 1); a == b || a != GeneratedID("A", ones, 0) {
		t.Errorf("generated ids %s, %s", a, b)
	}
}

// Keys that differ give ids that differ, whatever they hold.
func TestCompositeKeysDiffer(t *testing.T) {
	part := rapid.StringMatching(`[ab:%]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		a := map[string]any{"x": part.Draw(t, "ax"), "y": part.Draw(t, "ay")}
		b := map[string]any{"x": part.Draw(t, "bx"), "y": part.Draw(t, "by")}
		idA, errA := KeyID([]string{"x", "y"}, a)
		idB, errB := KeyID([]string{"x", "y"}, b)
		if len(errA)+len(errB) > 0 || (idA == idB) != Equal(a, b) {
			t.Fatalf("%v and %v: %s and %s", a, b, idA, idB)
		}
	})
}

func TestCreateRows(t *testing.T) {
	rows, err := strictjson.Decode([]byte(`[{"product_id":"a","name":"x"},{"product_id":"b"},7,{"product_id":"a","name":"y"},{"product_id":"b","name":"z"}]`), "body")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range CreateRows(schema(t, product), rows.([]any), ones, "body", "instances") {
		got = append(got, row.Instance.ID+summary(row.Errors))
	}
	want := "[a body.instances[1].name missing body.instances[2] dict_type body.instances[3] value_error b]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func TestUpdate(t *testing.T) {
	s := schema(t, product)
	state := object(t, `{"product_id":"a","name":"b","price":1.50,"extra":{"x":1,"y":{"z":2}},"maker":"Company/a","old":"from an older class"}`)
	image := string(strictjson.Canonical(state))
	tests := []struct {
		name, patch, want string
		changed           bool
	}{
		{"nothing", `{}`, image, false},
		{"the same", `{"name":"b","price":1.50,"maker":["Company/a"],"product_id":"a"}`, image, false},
		{"another text of a number", `{"price":1.5}`, `{"extra":{"x":1,"y":{"z":2}},"maker":"Company/a","name":"b","old":"from an older class","price":1.5,"product_id":"a"}`, true},
		{"null removes", `{"price":null,"maker":null,"old":null,"extra":null}`, `{"name":"b","product_id":"a"}`, true},
		{"null of what is absent", `{"made":null}`, image, false},
		{"objects are merged", `{"extra":{"x":null,"y":{"w":3}}}`, `{"extra":{"y":{"w":3,"z":2}},"maker":"Company/a","name":"b","old":"from an older class","price":1.50,"product_id":"a"}`, true},
		{"links are replaced", `{"maker":"Company/b"}`, `{"extra":{"x":1,"y":{"z":2}},"maker":"Company/b","name":"b","old":"from an older class","price":1.50,"product_id":"a"}`, true},
	}
	for _, tt := range tests {
		inst, changed, errs := Update(s, "a", state, object(t, tt.patch), "body", "data")
		if len(errs) > 0 {
			t.Errorf("%s: %v", tt.name, errs)
			continue
		}
		if got := string(strictjson.Canonical(inst.Data)); got != tt.want || changed != tt.changed || inst.ID != "a" {
			t.Errorf("%s: changed=%v\n got %s\nwant %s", tt.name, changed, got, tt.want)
		}
		if maker, ok := inst.Data["maker"]; ok != (len(inst.Links) == 1) || ok && maker != inst.Links[0].Ref() {
			t.Errorf("%s: links %v", tt.name, inst.Links)
		}
		if string(strictjson.Canonical(state)) != image {
			t.Fatalf("%s: the state was changed", tt.name)
		}
	}
}

// An instance whose id was generated has no frozen field.
func TestUpdateWithoutKey(t *testing.T) {
	s := schema(t, `{"id":"Order","label":"x","properties":[{"name":"customer_id","type":"string","label":"x"}]}`)
	inst, changed, errs := Update(s, "order_1", nil, object(t, `{"customer_id":"c"}`), "body")
	if len(errs) > 0 || !changed || inst.ID != "order_1" || inst.Data["customer_id"] != "c" {
		t.Errorf("%+v changed=%v %v", inst, changed, errs)
	}
	if _, changed, errs := Update(s, "order_1", nil, object(t, `{"customer_id":null}`), "body"); changed || len(errs) > 0 {
		t.Errorf("changed=%v %v", changed, errs)
	}
}

func TestUpdateRefuses(t *testing.T) {
	s := schema(t, product)
	state := object(t, `{"product_id":"a","name":"b"}`)
	for patch, want := range map[string]string{
		`{"product_id":"c"}`:               "body.product_id frozen_field",
		`{"product_id":null}`:              "body.product_id frozen_field",
		`{"product_id":5}`:                 "body.product_id string_type",
		`{"name":null}`:                    "body.name missing",
		`{"price":"x","colour":1}`:         "body.colour extra_forbidden, body.price float_type",
		`{"colour":null}`:                  "body.colour extra_forbidden",
		`{"maker":"Part/1","size":"huge"}`: "body.maker value_error, body.size enum",
	} {
		if _, _, errs := Update(s, "a", state, object(t, patch), "body"); summary(errs) != want {
			t.Errorf("%s: %s, want %s", patch, summary(errs), want)
		}
	}
}

func TestFactKeepsHeaderAndPayloadApart(t *testing.T) {
	s := schema(t, product)
	inst, errs := Create(s, object(t, `{"product_id":"<a>","name":"b","branch":"not main","price":10000000000000000000.10}`), ones, 0, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	fact := NewFact(Ref{Database: "shop", Branch: "main", Class: "Product"}, inst)
	raw, err := fact.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"db_name":"shop","branch":"main","class_id":"Product","instance_id":"<a>",` +
		`"data":{"branch":"not main","name":"b","price":10000000000000000000.10,"product_id":"<a>","size":"M"},"links":[]}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	back, err := DecodeFact(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || string(again) != want || back.AggregateID() != "shop:main:Product:<a>" {
		t.Errorf("read back: %s, %v", again, err)
	}
	deleted, err := Fact{Ref: fact.Ref}.Encode()
	if err != nil || string(deleted) != `{"db_name":"shop","branch":"main","class_id":"Product","instance_id":"<a>"}` {
		t.Errorf("deleted: %s, %v", deleted, err)
	}
	if _, err := DecodeFact([]byte(`[]`)); err == nil {
		t.Error("a list is no fact")
	}
}

// FuzzCreate looks for payloads that are accepted but do not hold what the rest relies
// on: the state is normal, the id is an id, an update with the state changes nothing.
func FuzzCreate(f *testing.F) {
	f.Add([]byte(`{"product_id":"a","name":"b","price":1e5,"extra":"{\"a\":[1]}","maker":["Company/x"],"가격(원)":"$1"}`))
	f.Add([]byte(`{"product_id":"a:%","name":"","made":"2024-01-01","parts":["Part/1","Part//"]}`))
	f.Add([]byte(`{"note":"x","row":1.0,"hall":"a"}`))
	var schemas []*ontology.Schema
	for _, class := range []string{product,
		`{"id":"Seat","label":"x","properties":[{"name":"row","type":"integer","label":"x","primary_key":true},{"name":"hall","type":"string","label":"x","primary_key":true}]}`,
		`{"id":"Note","label":"x","properties":[{"name":"note","type":"union<integer,list<date>,string>","label":"x"}]}`,
	} {
		obj, err := strictjson.Object([]byte(class), "body")
		if err != nil {
			f.Fatal(err)
		}
		s, errs := ontology.Declare(obj, ontology.Options{}, "body")
		if len(errs) > 0 {
			f.Fatal(errs)
		}
		schemas = append(schemas, s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		payload, err := strictjson.Object(data, "body")
		if err != nil {
			return
		}
		for _, s := range schemas {
			inst, errs := Create(s, payload, ones, 0, "body")
			if len(errs) > 0 {
				continue
			}
			if CheckID(inst.ID) != nil {
				t.Fatalf("id %q", inst.ID)
			}
			again, changed, errs := Update(s, inst.ID, inst.Data, inst.Data, "body")
			if len(errs) > 0 || changed || !slices.Equal(again.Links, inst.Links) {
				t.Fatalf("%s: changed=%v %v", strictjson.Canonical(inst.Data), changed, errs)
			}
			fact, err := NewFact(Ref{Database: "d", Branch: "b", Class: s.Class.ID}, inst).Encode()
			if err != nil || !json.Valid(fact) {
				t.Fatalf("%s: %v", fact, err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	obj, err := strictjson.Object([]byte(product), "body")
	if err != nil {
		b.Fatal(err)
	}
	s, _ := ontology.Declare(obj, ontology.Options{}, "body")
	payload, err := strictjson.Object([]byte(`{"product_id":"a","name":"b","price":12.50,"made":"2024-01-02T03:04:05Z","maker":"Company/a"}`), "body")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, errs := Create(s, payload, ones, 0, "body"); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
