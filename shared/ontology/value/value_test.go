package value

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// rule compiles a type with constraints given as JSON.
func rule(t *testing.T, typ, constraints string) *Rule {
	t.Helper()
	r, errs := compile(t, typ, constraints)
	if len(errs) > 0 {
		t.Fatalf("%s %s: %v", typ, constraints, errs)
	}
	return r
}

func compile(t *testing.T, typ, constraints string) (*Rule, problem.FieldErrors) {
	t.Helper()
	parsed, err := ParseType(typ)
	if err != nil {
		t.Fatal(err)
	}
	if constraints == "" {
		constraints = "{}"
	}
	raw, err := strictjson.Object([]byte(constraints), "constraints")
	if err != nil {
		t.Fatal(err)
	}
	return Compile(parsed, raw, []any{"constraints"})
}

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := strictjson.Decode([]byte(text), "v")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// normal is the expected result: JSON text in normal form, or "!" and the type of the
// first error.
func TestNormalForms(t *testing.T) {
	long := strings.Repeat("1234567890", 4)
	tests := []struct{ typ, constraints, in, want string }{
		{"xsd:string", "", `"C# 'x' -- <b>\u0000"`, `"C# 'x' -- <b>\u0000"`},
		{"xsd:string", "", `1`, `!string_type`},
		{"xsd:string", "", `null`, `!string_type`},
		{"text", "", `"긴 글"`, `"긴 글"`},
		{"xsd:integer", "", long, long},
		{"xsd:integer", "", `-5.0`, `-5`},
		{"xsd:integer", "", `12e3`, `12000`},
		{"xsd:integer", "", `-0`, `0`},
		{"xsd:integer", "", `1.5`, `!int_from_float`},
		{"xsd:integer", "", `1e999999999999999999999`, `!value_error`},
		{"xsd:integer", "", `true`, `!int_type`},
		{"xsd:integer", "", `"5"`, `!int_type`},
		{"xsd:unsignedInt", "", `-1`, `!greater_than_equal`},
		{"xsd:unsignedInt", "", `1`, `1`},
		{"decimal", "", `1.50`, `1.50`},
		{"decimal", "", long + "." + long, long + "." + long},
		{"number", "", `1E-400`, `1E-400`},
		{"double", "", `"1"`, `!float_type`},
		{"boolean", "", `true`, `true`},
		{"boolean", "", `1`, `!bool_type`},
		{"date", "", `"2024-02-29"`, `"2024-02-29"`},
		{"date", "", `"2024-13-01"`, `!date_parsing`},
		{"date", "", `"2023-02-29"`, `!date_parsing`},
		{"date", "", `"2024-1-2"`, `!date_parsing`},
		{"datetime", "", `"2024-01-02T03:04:05Z"`, `"2024-01-02T03:04:05Z"`},
		{"datetime", "", `"2024-01-02 03:04:05.120+0900"`, `"2024-01-02T03:04:05.12+09:00"`},
		{"datetime", "", `"2024-01-02 03:04"`, `"2024-01-02T03:04:00Z"`},
		{"datetime", "", `"2024-01-02t03:04:05-00:00"`, `"2024-01-02T03:04:05Z"`},
		{"datetime", "", `"2024-01-02T03:04:05+09"`, `"2024-01-02T03:04:05+09:00"`},
		{"datetime", "", `"2024-01-02"`, `"2024-01-02T00:00:00Z"`},
		{"datetime", "", `"2024-01-02T24:00:00Z"`, `!datetime_parsing`},
		{"datetime", "", `"2024-01-02T"`, `!datetime_parsing`},
		{"datetime", "", `1704164645`, `!string_type`},
		{"time", "", `"09:30"`, `"09:30:00"`},
		{"time", "", `"25:00"`, `!time_parsing`},
		{"xsd:duration", "", `"P1DT2H"`, `"P1DT2H"`},
		{"xsd:duration", "", `"P"`, `!value_error`},
		{"xsd:gYearMonth", "", `"2024-13"`, `!value_error`},
		{"xsd:hexBinary", "", `"0fB7"`, `"0fB7"`},
		{"xsd:base64Binary", "", `"U1BJQ0U"`, `!value_error`},
		{"xsd:anyURI", "", `"foo"`, `!url_parsing`},
		{"xsd:anyURI", "", `"urn:isbn:1"`, `"urn:isbn:1"`},
		{"uuid", "", `"6BA7B811-9DAD-11D1-80B4-00C04FD430C8"`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`},
		{"uuid", "", `"00000000-0000-0000-0000-000000000000"`, `"00000000-0000-0000-0000-000000000000"`},
		{"uuid", `{"allowNil":false}`, `"00000000-0000-0000-0000-000000000000"`, `!value_error`},
		{"uuid", `{"version":[4,7]}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `!value_error`},
		{"uuid", "", `"6ba7b8119dad11d180b400c04fd430c8"`, `!uuid_parsing`},
		{"email", "", `"A.b@Example.COM"`, `"A.b@example.com"`},
		{"email", "", `"a..b@example.com"`, `!value_error`},
		{"email", "", `"a@localhost"`, `!value_error`},
		{"email", `{"allowedDomains":["x.kr"]}`, `"a@y.kr"`, `!value_error`},
		{"url", "", `"https://docs.google.com/a-b/d/1#gid=0"`, `"https://docs.google.com/a-b/d/1#gid=0"`},
		{"url", "", `"ftp://x/y"`, `!url_parsing`},
		{"url", "", `"javascript:alert(1)"`, `!url_parsing`},
		{"url", `{"requireHttps":true}`, `"http://a.com"`, `!value_error`},
		{"url", `{"allowedDomains":["a.com"]}`, `"http://b.a.com"`, `"http://b.a.com"`},
		{"url", `{"allowedDomains":["a.com"]}`, `"http://ba.com"`, `!value_error`},
		{"ip", "", `"FE80::0001"`, `"fe80::1"`},
		{"ip", `{"version":4}`, `"::1"`, `!value_error`},
		{"ip", `{"blockedRanges":["10.0.0.0/8"]}`, `"10.1.2.3"`, `!value_error`},
		{"ip", `{"requirePrivate":true}`, `"8.8.8.8"`, `!value_error`},
		{"phone", "", `"(650) 253-0000"`, `"+16502530000"`},
		{"phone", "", `"+82 10-1234-5678"`, `"+821012345678"`},
		{"phone", `{"defaultRegion":"KR"}`, `"010-1234-5678"`, `"+821012345678"`},
		{"phone", "", `"+44 (0)20 7946 0958"`, `"+442079460958"`},
		{"phone", "", `"12345"`, `!value_error`},
		{"phone", `{"allowedRegions":["KR"]}`, `"+16502530000"`, `!value_error`},
		{"money", "", `"15,000원"`, `{"amount":15000,"currency":"KRW"}`},
		{"money", "", `"원 15000"`, `{"amount":15000,"currency":"KRW"}`},
		{"money", "", `"¥100"`, `{"amount":100,"currency":"JPY"}`},
		{"money", `{"allowedCurrencies":["CNY","USD"]}`, `"￥100"`, `{"amount":100,"currency":"CNY"}`},
		{"money", `{"defaultCurrency":"CNY"}`, `"¥100"`, `{"amount":100,"currency":"CNY"}`},
		{"money", "", `"(12.50 USD)"`, `{"amount":-12.50,"currency":"USD"}`},
		{"money", "", `"-$5"`, `{"amount":-5,"currency":"USD"}`},
		{"money", "", `"1.234,56 EUR"`, `{"amount":1234.56,"currency":"EUR"}`},
		{"money", "", `"1 234 567.89 USD"`, `{"amount":1234567.89,"currency":"USD"}`},
		{"money", "", `"₹1,00,000"`, `{"amount":100000,"currency":"INR"}`},
		{"money", "", `"150 rmb"`, `{"amount":150,"currency":"CNY"}`},
		{"money", "", `{"amount":"12.345","currency":"USD"}`, `!value_error`},
		{"money", "", `{"amount":12,"currency":"usd"}`, `!value_error`},
		{"money", `{"decimalPlaces":0}`, `{"amount":1200,"currency":"JPY"}`, `{"amount":1200,"currency":"JPY"}`},
		{"money", "", `{"amount":1,"currency":"USD","formatted":"1.00 USD","decimal_amount":"1.00"}`, `{"amount":1,"currency":"USD"}`},
		{"money", `{"minAmount":10}`, `"9.99 USD"`, `!value_error`},
		{"money", "", `"₪5"`, `!value_error`},
		{"money", "", `"12"`, `!value_error`},
		{"money", "", `"1,2,3 USD"`, `!value_error`},
		{"money", "", `"USD 1 USD"`, `!value_error`},
		{"money", "", `""`, `!value_error`},
		{"coordinate", "", `"37.5, 127.0"`, `{"latitude":37.5,"longitude":127.0}`},
		{"geopoint", "", `[0,0]`, `{"latitude":0,"longitude":0}`},
		{"location", "", `{"lat":0,"lng":-180}`, `{"latitude":0,"longitude":-180}`},
		{"coordinate", "", `"91,0"`, `!value_error`},
		{"coordinate", `{"boundingBox":[30,120,40,130]}`, `"50,125"`, `!value_error`},
		{"address", "", `"1 Main St, NY"`, `"1 Main St, NY"`},
		{"address", "", `{"country":"US","state":"DC","postalCode":"20500"}`, `{"country":"US","postalCode":"20500","state":"DC"}`},
		{"address", "", `{"country":"US","postalCode":"2050"}`, `!value_error`},
		{"address", `{"requiredFields":["city"]}`, `{"street":"x"}`, `!value_error`},
		{"image", `{"requireExtension":true}`, `"https://a.com/x.PNG"`, `"https://a.com/x.PNG"`},
		{"image", `{"requireExtension":true}`, `"https://a.com/x"`, `!value_error`},
		{"file", `{"maxSize":10}`, `{"url":"https://a.com/d/r.tar.gz","size":11}`, `!value_error`},
		{"file", "", `"https://a.com/d/r.tar.gz"`, `"https://a.com/d/r.tar.gz"`},
		{"name", `{"convention":"snake_case"}`, `"Ab"`, `!value_error`},
		{"enum", `{"enum":["a",1,null]}`, `1`, `1`},
		{"enum", `{"enum":["a",1]}`, `"b"`, `!enum`},
		{"date", `{"enum":["2024-01-01"]}`, `"2024-01-02"`, `!enum`},
		{"array", "", `[1,"a",null]`, `[1,"a",null]`},
		{"array", "", `"[1, 2]"`, `[1,2]`},
		{"array", "", `"x"`, `!list_type`},
		{"list<date>", "", `["2024-01-01","x"]`, `!date_parsing`},
		{"array", `{"itemType":"email"}`, `["a@B.COM"]`, `["a@b.com"]`},
		{"set<integer>", "", `[1,1.0,2]`, `[1,2]`},
		{"object", "", `{"a":1}`, `{"a":1}`},
		{"object", "", `"{\"a\":1}"`, `{"a":1}`},
		{"object", `{"required":["b"]}`, `{"a":1}`, `!missing`},
		{"object", `{"additionalProperties":false,"schema":{"a":{"type":"integer"}}}`, `{"a":1.0,"b":2}`, `!extra_forbidden`},
		{"object", `{"schema":{"a":{"type":"integer","constraints":{"min":2}}}}`, `{"a":1}`, `!greater_than_equal`},
		{"json", "", `[{"a":null}]`, `[{"a":null}]`},
		{"optional<date>", "", `null`, `null`},
		{"union<integer, date>", "", `"2024-01-01"`, `"2024-01-01"`},
		{"union<integer|date>", "", `"x"`, `!value_error`},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%s %s %s", tt.typ, tt.constraints, tt.in)
		out, errs := rule(t, tt.typ, tt.constraints).Normalize(decode(t, tt.in), []any{"body", "x"})
		got := "!"
		if len(errs) > 0 {
			got += errs[0].Type
			if !strings.HasPrefix(problem.Path(errs[0].Loc), "body.x") || errs[0].Msg.KO == "" || strings.ContainsAny(errs[0].Msg.EN, "{}") {
				t.Errorf("%s: error %+v", name, errs[0])
			}
		} else {
			got = string(strictjson.Canonical(out))
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s (%v)", name, got, tt.want, errs)
		}
		if len(errs) > 0 {
			continue
		}
		// A normal form is normal: doing it again changes nothing.
		again, errs := rule(t, tt.typ, tt.constraints).Normalize(out, []any{"body"})
		if len(errs) > 0 || !strictjson.Equal(out, again) {
			t.Errorf("%s: again gives %v %v", name, again, errs)
		}
	}
}

func TestConstraints(t *testing.T) {
	tests := []struct{ typ, constraints, in, want string }{
		{"decimal", `{"min":1,"max":10}`, `0.999999999999999999999999999999999999999`, "greater_than_equal"},
		{"decimal", `{"minimum":1}`, `1.000`, ""},
		{"decimal", `{"exclusiveMinimum":1}`, `1.0`, "greater_than"},
		{"decimal", `{"maximum":-1}`, `-0.5`, "less_than_equal"},
		{"decimal", `{"exclusiveMaximum":1e3}`, `1000`, "less_than"},
		{"decimal", `{"multipleOf":0.1}`, `0.3`, ""},
		{"decimal", `{"multipleOf":0.1}`, `0.35`, "multiple_of"},
		{"decimal", `{"multipleOf":7}`, `1e999999`, "multiple_of"},
		{"decimal", `{"precision":2}`, `1.230`, ""},
		{"decimal", `{"precision":2}`, `1.234`, "decimal_max_places"},
		{"string", `{"minLength":2}`, `"가"`, "string_too_short"},
		{"string", `{"maxLength":2}`, `"가나"`, ""},
		{"string", `{"maxLength":2}`, `"가나다"`, "string_too_long"},
		{"string", `{"pattern":"[A-Z]+"}`, `"ABc"`, ""},
		{"string", `{"pattern":"[A-Z]+"}`, `"aB"`, "string_pattern_mismatch"},
		{"string", `{"format":"ipv4"}`, `"::1"`, "value_error"},
		{"string", `{"format":"date-time"}`, `"2024-01-01T00:00Z"`, ""},
		{"string", `{"format":"email"}`, `"nope"`, "value_error"},
		{"string", `{"uppercase":true}`, `"Ab"`, "value_error"},
		{"string", `{"allowedChars":"abc"}`, `"abx"`, "value_error"},
		{"date", `{"min":"2024-01-01"}`, `"2023-12-31"`, "greater_than_equal"},
		{"datetime", `{"max":"2024-01-01T00:00:00Z"}`, `"2024-01-01T08:00:00+09:00"`, ""},
		{"array", `{"minItems":1}`, `[]`, "too_short"},
		{"array", `{"maxLength":1}`, `[1,2]`, "too_long"},
		{"array", `{"uniqueItems":true}`, `[{"a":1},{"a":1}]`, "value_error"},
		{"array", `{"contains":"x"}`, `["y"]`, "value_error"},
		{"array", `{"notContains":"x"}`, `["x"]`, "value_error"},
	}
	for _, tt := range tests {
		_, errs := rule(t, tt.typ, tt.constraints).Normalize(decode(t, tt.in), []any{"body"})
		got := ""
		if len(errs) > 0 {
			got = errs[0].Type
		}
		if got != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.typ, tt.constraints, tt.in, got, tt.want)
		}
	}
}

func TestConstraintsThatCannotBeUnderstood(t *testing.T) {
	for typ, constraints := range map[string]string{
		"string": `{"minLength":-1}`, "text": `{"pattern":"("}`, "name": `{"convention":"odd"}`,
		"integer": `{"min":"1"}`, "decimal": `{"min":2,"max":1}`, "double": `{"multipleOf":0}`,
		"date": `{"min":"soon"}`, "enum": `{}`, "array": `{"itemType":"odd"}`, "list<string>": `{"minItems":3,"maxItems":2}`,
		"object": `{"schema":{"a":{"type":"odd"}}}`, "ip": `{"allowedRanges":["x"]}`, "phone": `{"defaultRegion":"XX"}`,
		"money": `{"minAmount":"x"}`, "coordinate": `{"boundingBox":[1]}`, "url": `{"requireHttps":"yes"}`,
		"xsd:string": `{"format":"odd"}`, "uuid": `{"version":"four"}`, "boolean": `{"enum":[]}`,
	} {
		if _, errs := compile(t, typ, constraints); len(errs) != 1 {
			t.Errorf("%s %s: %d errors, want 1: %v", typ, constraints, len(errs), errs)
		}
	}
}

func TestUnenforcedConstraintsAreTold(t *testing.T) {
	r := rule(t, "string", `{"unique":true,"odd":true,"trim":true,"minLength":1}`)
	if got := fmt.Sprint(r.Unenforced()); got != "[odd unique]" {
		t.Errorf("Unenforced() = %s", got)
	}
}

func TestParseType(t *testing.T) {
	for in, want := range map[string]string{
		"STRING": "xsd:string", "Integer": "xsd:integer", "DATETIME": "xsd:dateTime", "xsd:datetime": "xsd:dateTime",
		" bool ": "xsd:boolean", "currency": "money", "list": "array", "LIST< date >": "array<xsd:date>",
		"optional<int>": "optional<xsd:integer>", "union<int, list<a|b>>": "", "set<list<email>>": "set<array<email>>",
		"": "", "anything": "", "xsd:anything": "", "list<>": "", "link": "", "list<list<list<list<list<list<int>>>>>>": "",
		"value_type:geo": "", "list<int": "",
	} {
		typ, err := ParseType(in)
		if got := typ.String(); got != want || (err == nil) != (want != "") {
			t.Errorf("ParseType(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestIdentifies(t *testing.T) {
	for name, want := range map[string]bool{
		"string": true, "integer": true, "decimal": true, "date": true, "uuid": true, "enum": true, "phone": true,
		"boolean": false, "double": false, "money": false, "array": false, "object": false, "optional<string>": false, "union<string,int>": false,
	} {
		typ, err := ParseType(name)
		if err != nil || typ.Identifies() != want {
			t.Errorf("%s: Identifies() = %v, %v", name, typ.Identifies(), err)
		}
	}
}

func TestFormatMoney(t *testing.T) {
	for _, tt := range []struct {
		in     string
		places int
		want   string
	}{
		{`{"amount":15000,"currency":"KRW"}`, 2, "15000.00 KRW"},
		{`{"amount":-12.5,"currency":"USD"}`, 2, "-12.50 USD"},
		{`{"amount":0.05,"currency":"USD"}`, 2, "0.05 USD"},
		{`{"amount":0,"currency":"USD"}`, 2, "0.00 USD"},
		{`{"amount":1200,"currency":"JPY"}`, 0, "1200 JPY"},
		{`{"amount":1.234,"currency":"USD"}`, 2, ""},
		{`"12 USD"`, 2, ""},
	} {
		got, ok := FormatMoney(decode(t, tt.in), tt.places)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("FormatMoney(%s) = %q, %v", tt.in, got, ok)
		}
	}
}
