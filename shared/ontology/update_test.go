package ontology

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
)

func update(t *testing.T, c Class, body string) (Class, Update) {
	t.Helper()
	u, errs := ParseUpdate(object(t, body), c.ID, Options{}, "body")
	if len(errs) > 0 {
		t.Fatalf("%s: %v", body, errs)
	}
	return u.Apply(c), u
}

func TestUpdate(t *testing.T) {
	before := declare(t, product).Class
	image, _ := json.Marshal(before)

	after, u := update(t, before, `{"description":{"ko":"파는 것"},"label":{"en":"Goods"}}`)
	if fmt.Sprint(u.Fields) != "[description label]" {
		t.Errorf("fields %v", u.Fields)
	}
	if after.Label["en"] != "Goods" || after.Label["ko"] != "제품" || after.Description["en"] != "things we sell" || after.Description["ko"] != "파는 것" {
		t.Errorf("texts are merged by language: %v %v", after.Label, after.Description)
	}
	if len(after.Properties) != len(before.Properties) || len(after.Relationships) != len(before.Relationships) {
		t.Error("what was not sent changed")
	}

	after, _ = update(t, before, `{"description":null,"label":{"ko":null},"parent_class":"Thing","abstract":true,"metadata":{"a":1}}`)
	if after.Description != nil || after.Label["ko"] != "" || *after.ParentClass != "Thing" || !after.Abstract || len(after.Metadata) != 1 {
		t.Errorf("%+v", after)
	}
	if after, _ = update(t, after, `{"parent_class":null,"abstract":false}`); after.ParentClass != nil || after.Abstract {
		t.Errorf("%+v", after)
	}

	after, _ = update(t, before, `{"properties":[{"name":"product_id","type":"string","label":"x","primary_key":true},{"name":"maker","type":"link","target":"Person","label":"m"}]}`)
	r, _ := mustCompile(t, after).Relationship("maker")
	if len(after.Properties) != 1 || r.Target != "Person" || len(after.Relationships) != len(before.Relationships) {
		t.Errorf("a link declared again replaces the old one: %+v", after.Relationships)
	}
	if after, _ = update(t, before, `{"relationships":[]}`); len(after.Relationships) != 0 {
		t.Errorf("%+v", after.Relationships)
	}
	if after, _ := update(t, before, `{}`); !sameJSON(t, after, before) {
		t.Error("an empty update changes the class")
	}
	// The whole document, as it was read, changes nothing.
	if after, _ := update(t, before, string(image)); !sameJSON(t, after, before) {
		t.Error("the document sent back changes the class")
	}
	if now, _ := json.Marshal(before); string(now) != string(image) {
		t.Error("Apply changed the class it started from")
	}
}

func mustCompile(t *testing.T, c Class) *Schema {
	t.Helper()
	s, errs := Compile(c, "body")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

func TestUpdateRefuses(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"Other"}`:         "body.id value_error",
		`{"label":null}`:         "body.label value_error",
		`{"label":{"fr":"x"}}`:   "body.label.fr value_error",
		`{"label":{"enx":"x"}}`:  "body.label.enx value_error",
		`{"label":1}`:            "body.label string_type",
		`{"properties":null}`:    "body.properties value_error",
		`{"colour":"red"}`:       "body.colour extra_forbidden",
		`{"abstract":"yes"}`:     "body.abstract bool_type",
		`{"relationships":[{}]}`: "body.relationships[0].label missing, body.relationships[0].predicate missing, body.relationships[0].target missing",
	} {
		if _, errs := ParseUpdate(object(t, body), "Product", Options{}, "body"); summary(errs) != want {
			t.Errorf("%s: %s, want %s", body, summary(errs), want)
		}
	}
	after, _ := update(t, declare(t, product).Class, `{"label":{"en":null,"ko":null}}`)
	if _, errs := Compile(after, "body"); summary(errs) != "body.label value_error" {
		t.Errorf("a class without label: %v", errs)
	}
}

// The samples are those of the contract (control-plane 4.5), which were run there.
func TestLint(t *testing.T) {
	all := LintOptions{RequirePrimaryKey: true, AllowImplicitPrimaryKey: true}
	strict := LintOptions{RequirePrimaryKey: true}
	snake := LintOptions{RequirePrimaryKey: true, AllowImplicitPrimaryKey: true, EnforceSnakeCase: true}
	block := LintOptions{BlockEventLike: true}
	key := `{"name":"order_id","type":"string","label":"x","primary_key":true}`
	implicit := `{"name":"order_id","type":"string","label":"x"},{"name":"customer_id","type":"string","label":"x"}`
	tests := []struct {
		name, id, rest string
		opt            LintOptions
		rules          string
		ok             bool
		score          int
		level          string
	}{
		{"explicit key", "order", `"properties":[` + key + `]`, all, "", true, 0, "low"},
		{"implicit keys", "Order", `"properties":[` + implicit + `]`, all, "ONT002 ONT003 ONT010", true, 30, "medium"},
		{"no key", "order", `"properties":[]`, all, "ONT001", false, 30, "medium"},
		{"implicit forbidden", "order", `"properties":[` + implicit + `]`, strict, "ONT001", false, 30, "medium"},
		{"key not required", "order", `"properties":[]`, LintOptions{}, "", true, 0, "low"},
		{"abstract", "order", `"abstract":true`, all, "", true, 0, "low"},
		{"event", "order_status", `"properties":[` + key + `]`, all, "ONT020", true, 10, "low"},
		{"event blocked", "order_status", `"properties":[]`, block, "ONT020", false, 30, "medium"},
		{"Korean event", "order", `"label":{"ko":"주문 취소됨"},"properties":[` + key + `]`, all, "ONT020", true, 10, "low"},
		{"snake case", "order", `"properties":[` + key + `,{"name":"orderId","type":"string","label":"x"}],"relationships":[{"predicate":"ownedBy","target":"A","label":"x"}]`,
			snake, "ONT030 ONT031", true, 20, "low"},
		{"constraint without effect", "order", `"properties":[{"name":"order_id","type":"string","label":"x","primary_key":true,"constraints":{"unique":true}}]`, all, "ONT040", true, 2, "low"},
	}
	for _, tt := range tests {
		body := `{"id":"` + tt.id + `","label":"thing",` + tt.rest + `}`
		if strings.Contains(tt.rest, `"label":{"ko"`) {
			body = `{"id":"` + tt.id + `",` + tt.rest + `}`
		}
		class := declare(t, body).Class
		report := Lint(class, class, tt.opt)
		if report.rules() != tt.rules || report.OK != tt.ok || report.RiskScore != tt.score || report.RiskLevel != tt.level {
			t.Errorf("%s: %s ok=%v %d %s", tt.name, report.rules(), report.OK, report.RiskScore, report.RiskLevel)
		}
	}
}

func (r LintReport) rules() string {
	var ids []string
	for _, list := range [][]Issue{r.Errors, r.Warnings, r.Infos} {
		for _, i := range list {
			ids = append(ids, i.RuleID)
		}
	}
	return strings.Join(ids, " ")
}

func TestLintUpdate(t *testing.T) {
	before := declare(t, `{"id":"order","label":"x","properties":[{"name":"order_id","type":"string","label":"x","primary_key":true},
		{"name":"a","type":"string","label":"x"},{"name":"b","type":"string","label":"x"}]}`).Class
	after, _ := update(t, before, `{"properties":[{"name":"b","type":"integer","label":"x","required":true}]}`)
	report := LintUpdate(before, after, LintOptions{AllowImplicitPrimaryKey: true})
	if report.rules() != "ONT920 ONT901 ONT902 ONT903" || report.OK || report.RiskScore != 60 || report.RiskLevel != "high" || !report.IsHighRisk() {
		t.Errorf("%s ok=%v %d %s", report.rules(), report.OK, report.RiskScore, report.RiskLevel)
	}
	body, err := json.Marshal(report.In(problem.Korean))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"removed_properties":["order_id","a"]`, `"type_changes":[{"from":"xsd:string","name":"b","to":"xsd:integer"}]`,
		`"required_changes":[{"from":false,"name":"b","to":true}]`, `"infos":[]`, `업데이트가 속성을 제거합니다: order_id, a`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
	joined := report.Join(LintUpdate(before, before, LintOptions{}), Lint(before, before, LintOptions{}))
	if joined.RiskScore != 60 || len(joined.In(problem.English).Texts()) != 1 {
		t.Errorf("joined: %+v", joined)
	}
	implicit := declare(t, `{"id":"order","label":"x","properties":[{"name":"order_id","type":"string","label":"x"}]}`).Class
	if report := LintUpdate(implicit, implicit, LintOptions{}); report.RiskScore != 0 {
		t.Errorf("an implicit key kept: %s", report.rules())
	}
}
