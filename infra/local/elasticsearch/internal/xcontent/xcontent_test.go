package xcontent

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	d, err := Parse(" {\"a\" : [1, -2.5e3, \"x\\u00e9\\n\\ud83d\\ude42\", true, null], \"b\":{}} ")
	if err != nil {
		t.Fatal(err)
	}
	a := d.Root().Get("a")
	var kinds []Kind
	for v := range a.Members() {
		kinds = append(kinds, v.Kind())
	}
	if !slices.Equal(kinds, []Kind{Int, Float, String, Bool, Null}) {
		t.Errorf("kinds %v", kinds)
	}
	if got := slices.Collect(a.Members())[2].Text(); got != "xé\n🙂" {
		t.Errorf("text %q", got)
	}
	if a.Raw() != `[1, -2.5e3, "x\u00e9\n\ud83d\ude42", true, null]` || !d.Root().Get("b").Empty() || a.Start() != (Pos{1, 9}) {
		t.Errorf("raw %s at %v", a.Raw(), a.Start())
	}
	if !d.Root().Get("none").IsZero() {
		t.Error("an absent member is there")
	}
}

// TestSyntaxErrors checks places and wording against the recorded ones.
func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		text, msg string
		at, last  Pos
		eof       bool
	}{
		{`{"settings":{`, "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (byte[])\"{\"settings\":{\"; line: 1, column: 13])", Pos{1, 14}, Pos{1, 13}, true},
		{`{"k": "a",}`, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", Pos{1, 11}, Pos{1, 7}, false},
		{`{"d": NaN}`, "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", Pos{1, 10}, Pos{1, 2}, false},
		{`{"dup":1,"dup":2}`, "Duplicate field 'dup'", Pos{1, 15}, Pos{1, 8}, false},
		{`{"n":`, "Unexpected end-of-input within/between Object entries", Pos{1, 6}, Pos{1, 2}, true},
		{`{"query": }`, "Unexpected character ('}' (code 125)): expected a value", Pos{1, 11}, Pos{1, 2}, false},
		{"{\n\"a\": 01}", "Invalid numeric value: Leading zeroes not allowed", Pos{2, 7}, Pos{2, 1}, false},
	} {
		_, err := Parse(c.text)
		e, ok := err.(*SyntaxError)
		if !ok {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if e.Msg != c.msg || e.At != c.at || e.Last != c.last || e.EOF != c.eof {
			t.Errorf("%s: %+v", c.text, e)
		}
	}
	for _, text := range []string{``, `[1`, `{"a"}`, `{"a" 1}`, `tru`, `"\x"`, `"a`, "\"\x01\"", `-`, `1.`, `1e`, `{} x`, "\"\xff\"", `{"a":1 "b":2}`, `[1 2]`, strings.Repeat("[", 1001)} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.20s is accepted", text)
		}
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 50 {
		b.WriteString(`"k` + strings.Repeat("x", i) + `":1,`)
	}
	if _, err := Parse("{" + b.String() + `"z":1}`); err != nil {
		t.Error(err)
	}
	if _, err := Parse("{" + b.String() + `"kxxx":1}`); err == nil {
		t.Error("a duplicate among many was not found")
	}
}

func TestParsePrefix(t *testing.T) {
	for _, text := range []string{`{"index":{"_id":"1"}`, `{"index":{"_id":"1"}}`, `{"index":{"_id":"1"}} junk`} {
		d, err := ParsePrefix(text)
		if err != nil || d.Root().Get("index").Get("_id").Text() != "1" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ParsePrefix(`{"index":`); err == nil {
		t.Error("half an action is accepted")
	}
}

func TestNumbersAsJavaWritesThem(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 10: "10.0", 1.5: "1.5", -2.25: "-2.25", 0.001: "0.001", 0.0001: "1.0E-4", 9999999: "9999999.0", 1e7: "1.0E7",
		1.8014398509481984e16: "1.8014398509481984E16", 1.25e-9: "1.25E-9",
	} {
		if got := FormatDouble(f); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
	if got := FormatFloat(1.7375394); got != "1.7375394" {
		t.Errorf("float: %s", got)
	}
}

func TestAppend(t *testing.T) {
	o := Obj{{"a", []any{1, int64(2), 2.5, true, nil, Raw(`{"x":1}`)}}, {"b\"\n\x01", "ü\xff"}, {"c", []string{"x"}}, {"d", []Obj{{}}}}
	want := `{"a":[1,2,2.5,true,null,{"x":1}],"b\"\n\u0001":"ü` + "\uFFFD" + `","c":["x"],"d":[{}]}`
	if got := string(Append(nil, o)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestFilterPath(t *testing.T) {
	body := Obj{{"errors", true}, {"took", 3}, {"items", []Obj{{{"index", Obj{{"_id", "1"}, {"status", 200}}}}, {{"create", Raw(`{"status":409,"error":{"type":"x"}}`)}}}}}
	for paths, want := range map[string]string{
		"errors,items.*.status,items.*.error": `{"errors":true,"items":[{"index":{"status":200}},{"create":{"status":409,"error":{"type":"x"}}}]}`,
		"took":                                `{"took":3}`,
		"**.status":                           `{"items":[{"index":{"status":200}},{"create":{"status":409}}]}`,
		"-items":                              `{"errors":true,"took":3}`,
	} {
		if got := string(Append(nil, FilterPath(body, strings.Split(paths, ",")))); got != want {
			t.Errorf("%s: %s", paths, got)
		}
	}
	if FilterPath(body, []string{"nothing"}) != nil {
		t.Error("something is left of nothing")
	}
}

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "ac", true}, {"a*b*c", "a1b2c", true},
		{"a*b*c", "a1c2b", false}, {"abc", "abcd", false}, {"a**d", "abcd", true}, {"*b*", "abc", true}, {"*ab", "aab", true},
	} {
		if got := Wildcard(c.pattern, c.name); got != c.want {
			t.Errorf("%s against %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	if got := Suggest("musty", []string{"must", "must_not", "mustNot", "should"}); got != " did you mean any of [must, mustNot]?" {
		t.Error(got)
	}
	if got := Suggest("mach", []string{"match", "term"}); got != " did you mean [match]?" {
		t.Error(got)
	}
	if got := Suggest("nosuch", []string{"match"}); got != "" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",true,null]}`, `{"a":`, `"\ud800"`, `[[[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(string(Append(nil, d.Root().Tree())))
		if err != nil {
			t.Fatalf("%q was read but its copy was not: %v", text, err)
		}
		if again.Root().Kind() != d.Root().Kind() {
			t.Fatal("the copy differs")
		}
	})
}
