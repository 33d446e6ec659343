package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
)

func TestDecodeKeepsWhatWasWritten(t *testing.T) {
	tests := []struct {
		in   string
		want any
	}{
		{`null`, nil},
		{` true `, true},
		{`[]`, []any{}},
		{`{}`, map[string]any{}},
		{`1.50`, json.Number("1.50")},
		{`-0`, json.Number("-0")},
		{`1E400`, json.Number("1E400")},
		{`1234567890123456789012345678901234567890`, json.Number("1234567890123456789012345678901234567890")},
		{`"C# it's \"a\" -- /* <b> document.cookie"`, `C# it's "a" -- /* <b> document.cookie`},
		{`"\u0000\n\ud83d\ude00\/"`, "\x00\n😀/"},
		{`{"가격(원)": [1, {"a-b.c": null}]}`, map[string]any{"가격(원)": []any{json.Number("1"), map[string]any{"a-b.c": nil}}}},
	}
	for _, tt := range tests {
		got, err := Decode([]byte(tt.in), "body")
		if err != nil {
			t.Errorf("Decode(%s): %v", tt.in, err)
		} else if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Decode(%s) = %#v, want %#v", tt.in, got, tt.want)
		}
	}
}

func TestDecodeNamesThePlace(t *testing.T) {
	tests := []struct {
		name, in string
		paths    []string
	}{
		{"duplicate", `{"a":{"b":1,"b":2},"c":[{"d":1,"d":1}]}`, []string{"body.a.b", "body.c[0].d"}},
		{"control in key", `{"a\u0000":1,"x":{"\u0085":2}}`, []string{"body.a\x00", "body.x.\u0085"}},
		{"half a pair", `["\ud800","ok","\udc00x","\ud800\u0041"]`, []string{"body[0]", "body[2]", "body[3]"}},
		{"too deep", `{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, []string{"body.a" + strings.Repeat("[0]", 31)}},
		{"too many items", `{"a":[0` + strings.Repeat(",0", 10_000) + `]}`, []string{"body.a"}},
	}
	for _, tt := range tests {
		_, err := Decode([]byte(tt.in), "body")
		var paths []string
		for _, e := range problem.FieldErrorsOf(err) {
			paths = append(paths, problem.Path(e.Loc))
		}
		if !reflect.DeepEqual(paths, tt.paths) {
			t.Errorf("%s: errors at %q, want %q (%v)", tt.name, paths, tt.paths, err)
		}
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	limits := Limits{Keys: 2, Items: 2, Depth: 2}
	for in, ok := range map[string]bool{
		`{"a":1,"b":2}`: true, `{"a":1,"b":2,"c":3}`: false,
		`[1,2]`: true, `[1,2,3]`: false,
		`[[]]`: true, `[[[]]]`: false, `[[],[]]`: true,
	} {
		if _, err := DecodeLimits([]byte(in), limits, "body"); (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted=%v", in, err, ok)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, in := range []string{
		"", "{", "[1,", `{"a"}`, `{"a":1,}`, `[1,]`, `{a:1}`, "01", "1.", "-", "1e", "+1", ".5", "NaN",
		"tru", `"\x"`, `"\u12g4"`, `"open`, "\"tab\t\"", "1 2", "{} x", "\"\xff\"", "'a'", `"a\`,
	} {
		_, err := Decode([]byte(in), "body")
		p, ok := problem.AsProblem(err)
		if !ok || p.Status != 400 || p.Code != problem.JSONDecodeError || len(p.Errors) != 1 {
			t.Errorf("Decode(%q): %v, want a JSON_DECODE_ERROR", in, err)
		}
	}
}

func TestObjectRefusesOtherValues(t *testing.T) {
	_, err := Object([]byte(`[1]`), "body")
	errs := problem.FieldErrorsOf(err)
	if len(errs) != 1 || errs[0].Type != problem.TypeDict || problem.Path(errs[0].Loc) != "body" {
		t.Fatalf("Object of a list: %v", err)
	}
}

func TestCanonical(t *testing.T) {
	v, err := Decode([]byte(`{"b": "<a&b>", "a": [1.50, null , true]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(Canonical(v)), `{"a":[1.50,null,true],"b":"<a&b>"}`; got != want {
		t.Errorf("Canonical = %s, want %s", got, want)
	}
	if Equal(json.Number("1.5"), json.Number("1.50")) {
		t.Error("numbers are compared by their text")
	}
}

// FuzzDecode compares with encoding/json: what is accepted here is accepted there with
// the same value, and its canonical form is stable.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.50,-3e+7,"x\ud83d\ude00",null,true,{}]}`, `"\ud800"`, `{"a":1,"a":2}`, `[[[]]]`, "\"\\u0000\"", `1e999`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data, "body")
		if err != nil {
			if _, ok := problem.AsProblem(err); !ok {
				t.Fatalf("an error that is no problem: %v", err)
			}
			if p, _ := problem.AsProblem(err); p.Code == problem.JSONDecodeError && json.Valid(data) && invalidUTF8(data) < 0 {
				t.Fatalf("valid JSON called malformed: %q: %v", data, err)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("accepted %q, encoding/json says %v", data, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("Decode(%q) = %#v, encoding/json gives %#v", data, got, want)
		}
		again, err := Decode(Canonical(got), "body")
		if err != nil || !Equal(got, again) {
			t.Fatalf("canonical form of %q does not read back: %v", data, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	row := `{"product_id":"prod_1","name":"연필 #3","price":1234.50,"tags":["a","b"],"active":true},`
	doc := []byte("[" + strings.Repeat(row, 999) + row[:len(row)-1] + "]")
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := Decode(doc, "body"); err != nil {
			b.Fatal(err)
		}
	}
}
