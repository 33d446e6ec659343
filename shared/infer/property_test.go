package infer

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

// reader is a type and format with the evidence that stands for it. Exact says that the
// parser accepts nothing else; the others are wider than what inference relies on.
type reader struct {
	typ    string
	format Format
	bits   evidence
	unless evidence
	exact  bool
}

func readers() []reader {
	list := []reader{
		{TypeBoolean, Format{Kind: KindBoolean}, evBool | evZeroOne, 0, true},
		{TypeDecimal, Format{Kind: KindDecimal, DecimalMark: "."}, evDecDot, 0, true},
		{TypeDecimal, Format{Kind: KindDecimal, DecimalMark: ","}, evDecComma, 0, true},
		{TypeInteger, Format{Kind: KindInteger, DecimalMark: "."}, evIntDot, 0, false}, // 5.0 is read too
		{TypeInteger, Format{Kind: KindInteger, DecimalMark: ","}, evIntComma, 0, false},
		{TypeDecimal, Format{Kind: KindPercent, DecimalMark: "."}, evPercentDot, 0, true},
		{TypeDecimal, Format{Kind: KindPercent, DecimalMark: ","}, evPercentComma, 0, true},
		{TypeMoney, Format{Kind: KindMoney, DecimalMark: "."}, evMoneyDot, 0, false},
		{TypeMoney, Format{Kind: KindMoney, DecimalMark: ",", Yen: "CNY"}, evMoneyComma, 0, false},
		{TypeTime, Format{Kind: KindTime}, evTime, 0, true},
		{TypeEmail, Format{}, evEmail, 0, true},
		{TypeURI, Format{}, evURI, 0, false},
		{TypeUUID, Format{}, evUUID, 0, false},
		{TypeIP, Format{}, evIP, 0, false},
		{TypeArray, Format{}, evArray, 0, true},
		{TypeObject, Format{}, evObject, 0, true},
		{TypeCoordinate, Format{}, evCoordinate, 0, false},
		{TypePhone, Format{Kind: KindPhone}, evPhoneAbroad, 0, false},
		{TypePhone, Format{Kind: KindPhone, Region: "KR"}, evPhoneAbroad | evPhoneKR, 0, false},
		{TypePhone, Format{Kind: KindPhone, Region: "US"}, evPhoneAbroad | evPhoneUS, 0, false},
	}
	for l, name := range layoutNames {
		list = append(list,
			reader{TypeDate, Format{Kind: KindDate, Layout: name}, evLayout(layout(l)), evTimed, true},
			reader{TypeDateTime, Format{Kind: KindDateTime, Layout: name}, evLayout(layout(l)), 0, true})
	}
	return list
}

// cells draws texts that look like something.
func cells() *rapid.Generator[string] {
	forms := []string{
		`[-+(]?\d{1,4}([,. _']\d{2,3}){0,3}([.,]\d{0,4})?\)?([eE][+-]?\d{1,3})? ?%?`,
		`[-+]?\d{1,18}`, `0\d{1,5}`, `[-+]?\d{0,3}\.\d{0,3}`,
		`\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d{1,10})?)?( ?[aApP][mM])?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?`,
		`(19|20)\d{6}`, `\d{4}년 ?\d{1,2}월 ?\d{1,2}일`, `\d{4}年\d{1,2}月\d{1,2}日`, `(令和|平成|昭和)(\d{1,2}|元)年\d{1,2}月\d{1,2}日`,
		`(Jan|feb|MARCH|Sept\.|May) \d{1,2},? \d{4}`, `\d{1,2}[ -](Jan|december|Jun)[ -]\d{4}`,
		`\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)? ?([aApP][mM]|Z|[+-]\d{2}:?\d{2})?`,
		`-?[$€¥₩]? ?\(?\d{1,3}([,.]\d{3}){0,2}([.,]\d{1,3})?\)? ?(USD|krw|원|円|RMB)?`,
		`(true|FALSE|Yes|n|on|참|아니오|はい|0|1)`,
		`[a-zA-Z0-9.+-]{1,6}@[a-z0-9-]{1,5}(\.[a-z-]{1,3}){0,2}`, `[a한.]{1,4}@[a-z가]{1,64}\.[a-z]{2}`, `(https?|ftp|x)://[a-z0-9.]{1,8}(/[a-z%?]{0,4})?`,
		`[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-g]{12}`, `\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`, `[0-9a-f]{0,4}:{1,2}[0-9a-f]{0,4}(::)?[0-9a-f]{0,2}`,
		`[-+]?\d{1,3}(\.\d{0,5})?, ?[-+]?\d{1,3}(\.\d{1,5})?`, `(\+82|\+1|\+44|0|1)?[- (]?\d{2,3}[-) .]{0,2}\d{3,4}[- .]?\d{4}`,
		`\[(1|"a"|null)?(,2)?\]`, `\{("a":1)?(,"b":\[\])?\}`,
	}
	list := make([]*rapid.Generator[string], 0, len(forms)+1)
	for _, form := range forms {
		list = append(list, rapid.StringMatching(form))
	}
	list = append(list, rapid.StringOf(rapid.RuneFrom([]rune("0129.,-+/:() %$€eETZ월年あab@[]{}\"−％\u00a0"))))
	return rapid.OneOf(list...)
}

// checkCell holds evidence, parser and package value together: a parser accepts what the
// evidence says, and what it accepts is in the normal form of its type.
func checkCell(t interface{ Fatalf(string, ...any) }, cell string, parsers []*Parser, list []reader, rules []*value.Rule) {
	s := trim(cell)
	if s == "" {
		return
	}
	r := read(s, look{complex: true, address: true})
	for i, want := range list {
		bit := r.evidence&want.bits != 0 && r.evidence&want.unless == 0
		v, err := parsers[i].Parse(cell)
		if bit && err != nil {
			t.Fatalf("%q counts as %s %+v, the parser says: %v", cell, want.typ, want.format, err)
		}
		if !bit && err == nil && want.exact && len(s) <= 64 {
			t.Fatalf("%q does not count as %s %+v, the parser reads %v", cell, want.typ, want.format, v)
		}
		if err != nil {
			if m := problem.MessageOf(err); m.Key == "" || m.KO == "" || m.Key == "problem.as_is" {
				t.Fatalf("%q: %#v is no message", cell, err)
			}
			continue
		}
		normal, errs := rules[i].Normalize(v, nil)
		if len(errs) > 0 || text(normal) != text(v) {
			t.Fatalf("%q as %s is %s; its normal form %s %v", cell, want.typ, text(v), text(normal), errs)
		}
	}
}

func prepare() (parsers []*Parser, list []reader, rules []*value.Rule) {
	list = readers()
	for _, r := range list {
		p, err := NewParser(r.typ, r.format)
		if err != nil {
			panic(err)
		}
		var constraints map[string]any
		if r.typ == TypeMoney { // suggested for columns that have more places
			constraints = map[string]any{"decimalPlaces": json.Number("99")}
		}
		parsers, rules = append(parsers, p), append(rules, rule(r.typ, constraints))
	}
	return parsers, list, rules
}

func TestEvidenceAndParserAgree(t *testing.T) {
	parsers, list, rules := prepare()
	cell := cells()
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkCell(t, cell.Draw(t, "cell"), parsers, list, rules)
		}
	})
}

func FuzzCell(f *testing.F) {
	for _, seed := range []string{"1,234.50", "(5)", "12 %", "2024-01-02T03:04:05.10+0900", "13/02/2024", "Jan 2, 2024", "2024년 1월 2일", "令和元年5月1日", "3:04 PM",
		"₩15,000", "a@b.co", "::1", "[1]", "37.5,127", "010-1234-5678", "참", "https://x.org", "0x", "1e5", "−5"} {
		f.Add(seed)
	}
	parsers, list, rules := prepare()
	f.Fuzz(func(t *testing.T, cell string) { checkCell(t, cell, parsers, list, rules) })
}

// Whatever a column holds: every value that is not reported as a mismatch is read by the
// parser of the result, and its value is accepted for the inferred type.
func TestInferredColumnsAreRead(t *testing.T) {
	cell := cells()
	rapid.Check(t, func(t *rapid.T) {
		var values []string
		common := cell.Draw(t, "common")
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			v := common
			if rapid.IntRange(0, 4).Draw(t, "other") == 0 {
				v = rapid.OneOf(cell, rapid.Just(""), rapid.Just("n/a")).Draw(t, "cell")
			}
			values = append(values, v)
		}
		name := rapid.SampledFrom([]string{"v", "phone", "date", "좌표", "is_ok", "zip", "address", "status", "가격"}).Draw(t, "name")
		c := column1(name, true, values...)
		p, err := NewParser(c.Inferred.Type, c.Format)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		typ, err := value.ParseType(c.Inferred.Type)
		if err != nil {
			t.Fatal(err)
		}
		constraints := map[string]any{}
		for key, v := range c.Inferred.Metadata.Constraints {
			constraints[key] = plainJSON(t, v)
		}
		rule, errs := value.Compile(typ, constraints, nil)
		if len(errs) > 0 {
			t.Fatalf("%v: %v", constraints, errs)
		}
		refused := int64(0)
		for i, v := range values {
			out, err := p.Parse(v)
			mismatch := false
			for _, m := range c.Inferred.Metadata.Mismatches {
				mismatch = mismatch || m.Row == int64(i+1)
			}
			if err != nil {
				refused++
				if !mismatch && len(c.Inferred.Metadata.Mismatches) < maxMismatches {
					t.Fatalf("%q of %q in %+v: %v", v, values, c, err)
				}
				continue
			}
			if out == nil || mismatch {
				continue
			}
			if _, errs := rule.Normalize(out, nil); len(errs) > 0 {
				t.Fatalf("%q of %q is %v, which %s refuses: %v", v, values, out, c.Inferred.Type, errs)
			}
		}
		if md := c.Inferred.Metadata; refused > md.Total-md.Matched {
			t.Fatalf("%d of %q refused: %+v", refused, values, c)
		}
	})
}

// plainJSON is a constraint as a class would hold it.
func plainJSON(t *rapid.T, v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
