package ontology

import (
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/problem"
)

// The vectors are those of the contract (bff-api Appendix B), but for HEAD, which is
// reserved here as was meant.
func TestNames(t *testing.T) {
	tests := []struct {
		check    func(string) error
		accepted []string
		refused  []string
	}{
		{CheckDatabase, []string{"abc", "a_b", "openapi_smoke_ab12", "a" + strings.Repeat("b", 49)},
			[]string{"", "ab", "Abc", "1abc", "a--b", "a_-b", "ab_", "a" + strings.Repeat("b", 50), "한글이름", "a:b"}},
		{CheckBranch, []string{"main", "feature/openapi-smoke", "refs/heads", "-x", "/x", strings.Repeat("b", 100)},
			[]string{"", "refs", "hooks", "HEAD", "head", "Info", "a b", "a..b", "a:b", strings.Repeat("b", 101)}},
		{CheckClassID, []string{"Product", "a-b", "a:b", "A" + strings.Repeat("b", 99)},
			[]string{"", "9x", "a.b", "_x", "한글", "a/b", "A" + strings.Repeat("b", 100), "a\n"}},
		{CheckName, []string{"price", "가격(원)", "a.b", "_x", "1", "C#", "it's"},
			[]string{"", " ", "a\x00", "a\u0085", strings.Repeat("b", MaxNameBytes+1)}},
	}
	for i, tt := range tests {
		for _, name := range tt.accepted {
			if err := tt.check(name); err != nil {
				t.Errorf("%d: %q refused: %v", i, name, err)
			}
		}
		for _, name := range tt.refused {
			err := tt.check(name)
			if err == nil {
				t.Errorf("%d: %q accepted", i, name)
			} else if m := problem.MessageOf(err); m.KO == m.EN {
				t.Errorf("%d: %q: no Korean message: %v", i, name, err)
			}
		}
	}
}

func TestGeneratedIDs(t *testing.T) {
	now := time.Date(2025, 1, 1, 21, 0, 0, 0, time.FixedZone("KST", 9*3600))
	for _, tt := range []struct {
		label    Localized
		class    string
		property string
	}{
		{Localize("purchase order"), "PurchaseOrder", "PurchaseOrder"},
		{Localize("3D model"), "Class3dModel", "Class3dModel"},
		{Localize("camelCase thing"), "CamelcaseThing", "CamelcaseThing"},
		{Localize("a-b_c"), "Ab_c", "Ab_c"},
		{Localize("Ünïcode Nämé"), "UnicodeName", "UnicodeName"},
		{Localize("제품"), "Product20250101120000", "Product"},
		{Localize("주문 내역"), "UnnamedClass20250101120000", "UnnamedClass"},
		{Localized{"ko": "제품", "en": "Goods"}, "Goods", "Goods"},
		{Localize("!!!"), "UnnamedClass01011200", "UnnamedClass"},
		{nil, "UnnamedClass01011200", "UnnamedClass"},
		{Localize(strings.Repeat("word ", 30)), strings.Repeat("Word", 12) + "Wo", strings.Repeat("Word", 12) + "Wo"},
	} {
		if got := GenerateClassID(tt.label, now); got != tt.class || CheckClassID(got) != nil {
			t.Errorf("class of %v: %q, want %q", tt.label, got, tt.class)
		}
		if got := GenerateName(tt.label); got != tt.property {
			t.Errorf("property of %v: %q, want %q", tt.label, got, tt.property)
		}
	}
}

func TestLocalize(t *testing.T) {
	for text, lang := range map[string]string{"제품": "ko", "Product": "en", "Product 제": "ko", "A long English text 제": "en", "": "en"} {
		if got := Localize(text); got[lang] != text || len(got) != 1 {
			t.Errorf("Localize(%q) = %v, want %s", text, got, lang)
		}
	}
}

func TestLocalizedIn(t *testing.T) {
	both := Localized{"en": "Price", "ko": "가격"}
	if both.In(problem.Korean) != "가격" || both.In(problem.English) != "Price" {
		t.Error("the language asked for comes first")
	}
	if got := (Localized{"en": "Price", "ko": " "}).In(problem.Korean); got != "Price" {
		t.Errorf("a blank text is shown: %q", got)
	}
	if got := (Localized{"ja": "価格", "fr": "Prix"}).In(problem.English); got != "Prix" {
		t.Errorf("other languages: %q", got)
	}
}

func TestParseLocalizedKeys(t *testing.T) {
	for _, tt := range []struct {
		keys   string
		strict bool
		want   string
		ok     bool
	}{
		{"en,ko", true, "en,ko", true},
		{"English,kr", true, "en,ko", true},
		{"EN-us", true, "en", true},
		{"enormous", true, "", false},
		{"fr", true, "", false},
		{"fr", false, "fr", true},
		{"en,eng", false, "", false},
	} {
		v := map[string]any{}
		for key := range strings.SplitSeq(tt.keys, ",") {
			v[key] = "text"
		}
		patch, errs := parseLocalized(v, tt.strict, []any{"body", "label"})
		if (len(errs) == 0) != tt.ok {
			t.Errorf("%s strict=%v: %v", tt.keys, tt.strict, errs)
		}
		for key := range strings.SplitSeq(tt.want, ",") {
			if tt.ok && patch[key] == nil {
				t.Errorf("%s: no %s in %v", tt.keys, key, patch)
			}
		}
	}
}
