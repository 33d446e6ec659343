package infer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

func TestParser(t *testing.T) {
	dotDec, commaDec := Format{Kind: KindDecimal, DecimalMark: "."}, Format{Kind: KindDecimal, DecimalMark: ","}
	date := func(layout layout) Format { return Format{Kind: KindDate, Layout: layoutNames[layout]} }
	datetime := func(layout layout) Format { return Format{Kind: KindDateTime, Layout: layoutNames[layout]} }
	tests := []struct {
		typ    string
		format Format
		cell   string
		want   string // JSON, or "!" and the key of the reason
	}{
		{"xsd:string", Format{}, " a ", `" a "`},
		{"xsd:string", Format{Kind: KindInteger}, "007", `"007"`},
		{"xsd:string", Format{NullWords: []string{"NA"}}, "NA", `"NA"`},
		{"xsd:string", Format{}, " ", `null`},
		{"enum", Format{}, " open ", `"open"`},

		{"xsd:integer", Format{}, " 1,234 ", `1234`},
		{"xsd:integer", Format{}, "-5", `-5`},
		{"xsd:integer", Format{}, "+3", `3`},
		{"xsd:integer", Format{}, "(5)", `-5`},
		{"xsd:integer", Format{}, "-0", `0`},
		{"xsd:integer", Format{}, "5.0", `5`},
		{"xsd:integer", Format{}, "1.5", `!infer.cell.refused`},
		{"xsd:integer", Format{}, "007", `!infer.cell.leading_zeros`},
		{"xsd:integer", Format{}, "12a", `!infer.cell.number`},
		{"xsd:integer", Format{}, "123456789012345678901234567890", `123456789012345678901234567890`},
		{"xsd:integer", commaDec, "1.234", `1234`},
		{"xsd:integer", Format{Kind: KindInteger, NullWords: []string{"n/a"}}, "N/A", `null`},
		{"xsd:integer", Format{Kind: KindInteger}, "n/a", `!infer.cell.number`},
		{"xsd:unsignedInt", Format{}, "-1", `!infer.cell.refused`},

		{"xsd:decimal", dotDec, "-1.50", `-1.50`},
		{"xsd:decimal", dotDec, "1,234.5", `1234.5`},
		{"xsd:decimal", dotDec, ".5", `0.5`},
		{"xsd:decimal", dotDec, "5.", `5`},
		{"xsd:decimal", dotDec, "1e5", `1e5`},
		{"xsd:decimal", dotDec, "1E-7", `1E-7`},
		{"xsd:decimal", dotDec, "1 234 567.8", `1234567.8`},
		{"xsd:decimal", dotDec, "1'234.5", `1234.5`},
		{"xsd:decimal", dotDec, "10,5", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, "1,2,3", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, "1e", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, "-(5)", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, "--5", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, ".", `!infer.cell.mark`},
		{"xsd:decimal", dotDec, "NaN", `!infer.cell.mark`},
		{"xsd:decimal", commaDec, "1.234,56", `1234.56`},
		{"xsd:decimal", commaDec, "1.5", `!infer.cell.mark`},
		{"xsd:decimal", Format{Kind: KindPercent}, "12.5 %", `12.5`},
		{"xsd:decimal", Format{Kind: KindPercent}, "12.5", `!infer.cell.percent`},
		{"xsd:decimal", Format{Kind: KindMoney}, "₩15,000", `15000`},
		{"xsd:decimal", Format{Kind: KindMoney}, "-$0.50", `-0.50`},
		{"xsd:decimal", Format{Kind: KindMoney}, "15", `!infer.cell.money`},

		{"xsd:boolean", Format{}, "TRUE", `true`},
		{"xsd:boolean", Format{}, "아니오", `false`},
		{"xsd:boolean", Format{}, "1", `true`},
		{"xsd:boolean", Format{}, "maybe", `!infer.cell.boolean`},

		{"xsd:date", Format{}, "2024/1/2", `"2024-01-02"`},
		{"xsd:date", Format{}, "20240102", `"2024-01-02"`},
		{"xsd:date", Format{}, "2024-01-02T03:04:05", `"2024-01-02"`},
		{"xsd:date", Format{}, "01/02/2024", `!infer.cell.date`},
		{"xsd:date", date(monthFirst), "1/2/2024", `"2024-01-02"`},
		{"xsd:date", date(dayFirst), "1-2-2024", `"2024-02-01"`},
		{"xsd:date", date(dayFirst), "02/13/2024", `!infer.cell.date`},
		{"xsd:date", date(yearFirst), "2023-02-29", `!infer.cell.date`},
		{"xsd:date", date(yearFirst), "2024-02-29", `"2024-02-29"`},
		{"xsd:date", date(monthName), "Feb 29, 2024", `"2024-02-29"`},
		{"xsd:date", date(era), "昭和64年1月7日", `"1989-01-07"`},
		{"xsd:date", date(era), "昭和64年1月8日", `!infer.cell.date`},
		{"xsd:date", datetime(yearFirst), "2024-01-02 03:04", `"2024-01-02"`},
		{"xsd:dateTime", date(dayFirst), "13/02/2024", `"2024-02-13T00:00:00Z"`},
		{"xsd:dateTime", datetime(yearFirst), "2024-01-02T03:04:05+09", `"2024-01-02T03:04:05+09:00"`},
		{"xsd:dateTime", datetime(yearFirst), "2024-01-02 3:04:05.120 -0000", `"2024-01-02T03:04:05.12Z"`},
		{"xsd:dateTime", datetime(monthFirst), "12/31/2024 12:00 AM", `"2024-12-31T00:00:00Z"`},
		{"xsd:dateTime", Format{}, "2024-01-02T24:00", `!infer.cell.date`},
		{"xsd:time", Format{}, "9:05 pm", `"21:05:00"`},
		{"xsd:time", Format{}, "13:05 pm", `!infer.cell.time`},
		{"xsd:time", Format{}, "09:05:01.50Z", `"09:05:01.5Z"`},

		{"money", Format{Kind: KindMoney, DecimalMark: ","}, "€1.234,50", `{"amount":1234.50,"currency":"EUR"}`},
		{"money", Format{Kind: KindMoney, Yen: "CNY"}, "¥150", `{"amount":150,"currency":"CNY"}`},
		{"money", Format{Kind: KindMoney}, "150", `!infer.cell.money`},
		{"money", Format{}, "12 USD", `{"amount":12,"currency":"USD"}`},
		{"phone", Format{Kind: KindPhone, Region: "KR"}, "010-1234-5678", `"+821012345678"`},
		{"phone", Format{Kind: KindPhone}, "010-1234-5678", `!infer.cell.phone`},
		{"phone", Format{Kind: KindPhone}, "+44 20 7946 0958", `"+442079460958"`},
		{"email", Format{NullWords: []string{"-"}}, "-", `null`},
		{"email", Format{}, "a@X.com ", `"a@x.com"`},
		{"email", Format{}, "nobody", `!infer.cell.refused`},
		{"xsd:anyURI", Format{}, "urn:isbn:123", `"urn:isbn:123"`},
		{"ip", Format{}, "::1", `"::1"`},
		{"coordinate", Format{}, "37.5, 127.0", `{"latitude":37.5,"longitude":127.0}`},
		{"array", Format{}, "[1, 2]", `[1,2]`},
		{"list<xsd:integer>", Format{}, `[1,"x"]`, `!infer.cell.refused`},
		{"object", Format{}, "{", `!infer.cell.json`},
		{"optional<xsd:integer>", Format{}, "5", `5`},
	}
	for _, test := range tests {
		t.Run(test.typ+" "+test.cell, func(t *testing.T) {
			p, err := NewParser(test.typ, test.format)
			if err != nil {
				t.Fatal(err)
			}
			v, err := p.Parse(test.cell)
			if err != nil {
				var m problem.Message
				if !errors.As(err, &m) || "!"+m.Key != test.want {
					t.Fatalf("%v, want %s", err, test.want)
				}
				if !strings.Contains(m.EN, strings.TrimSpace(test.cell)) || !strings.Contains(m.KO, strings.TrimSpace(test.cell)) {
					t.Errorf("%q does not have the cell's text", m.EN)
				}
				return
			}
			if got := text(v); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func text(v any) string {
	if v == nil {
		return "null"
	}
	return string(strictjson.Canonical(v))
}

func TestParserRefuses(t *testing.T) {
	for _, test := range []struct {
		typ    string
		format Format
		key    string
	}{
		{"nothing", Format{}, "type.unknown"},
		{"xsd:integer", Format{DecimalMark: ";"}, "infer.parser.format"},
		{"xsd:date", Format{Layout: "YY"}, "infer.parser.format"},
		{"phone", Format{Region: "ZZ"}, "infer.parser.format"},
		{"money", Format{Yen: "USD"}, "infer.parser.format"},
		{"money", Format{Kind: "gold"}, "infer.parser.format"},
		{"xsd:integer", Format{Kind: KindDate}, "infer.parser.unreadable"},
		{"xsd:time", Format{Kind: KindDate}, "infer.parser.unreadable"},
		{"xsd:date", Format{Kind: KindTime}, "infer.parser.unreadable"},
		{"xsd:dateTime", Format{Kind: KindMoney}, "infer.parser.unreadable"},
	} {
		_, err := NewParser(test.typ, test.format)
		if m := problem.MessageOf(err); err == nil || m.Key != test.key || m.KO == "" {
			t.Errorf("%s %+v: %v, want %s", test.typ, test.format, err, test.key)
		}
	}
}

func TestLongCellIsCut(t *testing.T) {
	p, err := NewParser("xsd:integer", Format{})
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"가", "x", "\x8e"} { // the last is no text at all
		_, err = p.Parse(strings.Repeat(piece, 1000))
		if m := problem.MessageOf(err); len(m.EN) > 400 || !strings.Contains(m.EN, piece+"…") {
			t.Errorf("%d bytes: %s", len(m.EN), m.EN)
		}
	}
}

// A format survives being stored.
func TestFormatJSON(t *testing.T) {
	in := Format{Kind: KindDate, Layout: "DD/MM/YYYY", NullWords: []string{"n/a"}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"kind":"date","layout":"DD/MM/YYYY","null_words":["n/a"]}` {
		t.Fatal(string(data), err)
	}
	var out Format
	if err := json.Unmarshal(data, &out); err != nil || out.Layout != in.Layout || out.NullWords[0] != "n/a" {
		t.Fatal(out, err)
	}
}

func TestStorageType(t *testing.T) {
	for inferred, want := range map[string]string{TypeMoney: TypeDecimal, TypeDate: TypeDateTime, TypeEmail: TypeString, TypeTime: TypeTime, TypeInteger: TypeInteger, TypeArray: TypeString} {
		if got := StorageType(inferred); got != want {
			t.Errorf("%s: %s, want %s", inferred, got, want)
		}
	}
}

// Package value supports the currencies that are read.
func TestCurrencies(t *testing.T) {
	for _, code := range currencies {
		if !accepts(rule("money", nil), "1.00 "+code) {
			t.Error(code)
		}
	}
	if len(currencies) > yen {
		t.Error("too many for an index of one byte")
	}
}
