package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/problem"
)

// readAll returns the columns and, a row, "line/number/fields:cell|cell".
func readAll(src io.Reader, opt Options) (r *Reader, rows []string, err error) {
	if r, err = NewReader(src, opt); err != nil {
		return nil, nil, err
	}
	for row, err := range r.Rows() {
		if err != nil {
			return r, rows, err
		}
		rows = append(rows, fmt.Sprintf("%d/%d/%d:%s", row.Line, row.Number, row.Fields, strings.Join(row.Cells, "|")))
	}
	return r, rows, nil
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, in string
		opt      Options
		columns  string
		rows     []string
	}{
		{"plain", "a,b\n1,2\n3,4\n", Options{}, "a|b", []string{"2/1/2:1|2", "3/2/2:3|4"}},
		{"no line break at the end", "a,b\r\n1,2", Options{}, "a|b", []string{"2/1/2:1|2"}},
		{"CR only", "a,b\r1,\"x\ry\"\r3,4\r", Options{}, "a|b", []string{"2/1/2:1|x\ry", "4/2/2:3|4"}},
		{"CRLF, a lone CR is data", "a,b\r\n1\r,\"2\r\n2\"\r\n", Options{}, "a|b", []string{"2/1/2:1\r|2\r\n2"}},
		{"quotes", "a,b\n\"x, \"\"y\"\"\",\"\"\n\"\"\"\",\"\n\"\n", Options{}, "a|b", []string{"2/1/2:x, \"y\"|", "3/2/2:\"|\n"}},
		{"a quote inside is data", "size,b\n5\",x\"y\"\n \"q\",1\n", Options{}, "size|b", []string{"2/1/2:5\"|x\"y\"", "3/2/2: \"q\"|1"}},
		{"blank rows are left out", "\n ,\t\na,b\n\n,\n1,2\n  \n", Options{}, "a|b", []string{"6/1/2:1|2"}},
		{"ragged", "a,b\n1\n1,2,3\n", Options{}, "a|b", []string{"2/1/1:1|", "3/2/3:1|2|3"}},
		{"semicolon", "a;b,c;d\n1;2;3\n", Options{}, "a|b,c|d", []string{"2/1/3:1|2|3"}},
		{"tab", "a\tb\n1\t2,3\n", Options{}, "a|b", []string{"2/1/2:1|2,3"}},
		{"bar", "a|b\nx|y\n", Options{}, "a|b", []string{"2/1/2:x|y"}},
		{"delimiters in quotes do not count", "\"a;b;c\",d\n1,2\n", Options{}, "a;b;c|d", []string{"2/1/2:1|2"}},
		{"given delimiter", "a;b,c\n1;2,3\n", Options{Delimiter: ';'}, "a|b,c", []string{"2/1/2:1|2,3"}},
		{"one column", "name\nx\ny", Options{}, "name", []string{"2/1/1:x", "3/2/1:y"}},
		{"no header", "1,2\n3,4\n", Options{NoHeader: true}, "column_1|column_2", []string{"1/1/2:1|2", "2/2/2:3|4"}},
		{"header with line break", "\"a\nb\",c\n1,2\n", Options{}, "a\nb|c", []string{"3/1/2:1|2"}},
		{"NUL is data", "a,b\n\x00,x\x00y\n", Options{}, "a|b", []string{"2/1/2:\x00|x\x00y"}},
		{"cells are not trimmed", "a , b\n 1 ,\t2 \n", Options{}, "a|b", []string{"2/1/2: 1 |\t2 "}},
		{"UTF-8 mark", "\ufeff이름,나이\n철수,3\n", Options{}, "이름|나이", []string{"2/1/2:철수|3"}},
		{"formula", "a\n=1+1\n@x\n", Options{}, "a", []string{"2/1/1:=1+1", "3/2/1:@x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole": strings.NewReader(test.in), "bytewise": iotest.OneByteReader(strings.NewReader(test.in)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(test.in)),
			} {
				r, rows, err := readAll(src, test.opt)
				if err != nil {
					t.Fatal(name, err)
				}
				if got := strings.Join(r.Columns(), "|"); got != test.columns {
					t.Errorf("%s: columns %q, want %q", name, got, test.columns)
				}
				if !slices.Equal(rows, test.rows) {
					t.Errorf("%s: rows %q\nwant %q", name, rows, test.rows)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	small := Options{MaxFieldBytes: 10, MaxRowBytes: 40, MaxColumns: 3}
	tests := []struct {
		name, in string
		opt      Options
		kind     Kind
		line     int64
		offset   int64
	}{
		{"empty", "", Options{}, KindEmpty, 0, 0},
		{"only a mark", "\ufeff", Options{}, KindEmpty, 0, 0},
		{"blank", "\n \n,,\n", Options{}, KindEmpty, 0, 0},
		{"header only", "a,b\n\n", Options{}, KindHeaderOnly, 0, 0},
		{"cut off in quotes", "a,b\n1,2\n3,\"x\ny", Options{}, KindUnterminatedQuote, 3, 10},
		{"cut off after a doubled quote", "a\n\"x\"\"", Options{}, KindUnterminatedQuote, 2, 2},
		{"cut off in the header", "a,\"b", Options{}, KindUnterminatedQuote, 1, 2},
		{"text after quote", "a,b\n\"1\n2\"x,3\n", Options{}, KindTextAfterQuote, 3, 9},
		{"text after unescaped quotes", "a\n\"\"\"\n\"\"\"x\n", Options{}, KindTextAfterQuote, 3, 9},
		{"bad byte", "\ufeffa,b\n1,2\n3,\xff4\n", Options{}, KindEncoding, 3, 13},
		{"bad byte after UTF-8", "가,b\n" + strings.Repeat("1,2\n", 30_000) + "3,\xff4\n", Options{}, KindEncoding, 30_002, 120_008},
		{"neither UTF-8 nor CP949", "a\ncaf\xe9\n", Options{}, KindEncoding, 2, 5},
		{"half a character at the end", "a\n\xea\xb0\x80\xea", Options{}, KindEncoding, 2, 5},
		{"UTF-16 with half a pair", "\xff\xfea\x00\n\x00\x00\xd8b\x00", Options{}, KindEncoding, 2, 6},
		{"UTF-16 with an odd byte", "\xff\xfea\x00\n\x00b", Options{}, KindEncoding, 2, 6},
		{"quote in UTF-16", "\xfe\xff\x00a\x00\n\x00\"\xac\x00", Options{}, KindUnterminatedQuote, 2, 6},
		{"text after quote in CP949", "\xb0\xa1,b\n\"\xb0\xa1\"\"\"x,3\n", Options{}, KindTextAfterQuote, 2, 11},
		{"field", "a,b\n1,01234567890\n", small, KindFieldTooLarge, 2, 6},
		{"quoted field", "a,b\n1,\"01234\n67890\"\n", small, KindFieldTooLarge, 2, 6},
		{"field without end", "a,b\n1,\"" + strings.Repeat("x", 100_000), small, KindFieldTooLarge, 2, 6},
		{"row", "a,b,c\n1,2,3\n0123456789,\"0123456789\",\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\n", Options{MaxFieldBytes: 10, MaxRowBytes: 40, MaxColumns: 9}, KindRowTooLarge, 3, 12},
		{"columns", "a,b,c\n1,2,3,4\n", small, KindTooManyColumns, 2, 12},
		{"columns of the header", "a,b,c,d\n", small, KindTooManyColumns, 1, 6},
		{"delimiter", "a", Options{Delimiter: 'x'}, KindDelimiter, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in))} {
				_, _, err := readAll(src, test.opt)
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("error %v, want one of kind %s", err, test.kind)
				}
				if e.Kind != test.kind || e.Line != test.line || e.Offset != test.offset {
					t.Errorf("%s at line %d, byte %d; want %s at %d, %d", e.Kind, e.Line, e.Offset, test.kind, test.line, test.offset)
				}
				if m := problem.MessageOf(err); m.Key == "" || m.KO == "" || strings.ContainsAny(m.EN+m.KO, "{}") {
					t.Errorf("message %+v", m)
				}
			}
		})
	}
}

func TestErrorIsRepeated(t *testing.T) {
	broken := errors.New("connection lost")
	r, err := NewReader(io.MultiReader(strings.NewReader("a\n1\n2"), iotest.ErrReader(broken)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Read(); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := NewReader(iotest.ErrReader(broken), Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestStats(t *testing.T) {
	in := "a,b\n1,2\n" + strings.Repeat("1\n", 150) + "\n1,2,3\n"
	r, _, err := readAll(strings.NewReader(in), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Stats()
	if s.Rows != 152 || s.Blank != 1 || s.Ragged != 151 || len(s.RaggedLines) != RaggedLines || s.RaggedLines[0] != 3 {
		t.Errorf("%+v", s)
	}
}

func TestNames(t *testing.T) {
	names, renamed := Names([]string{"id", " ID ", "", "id_2", "column_3", "Qty", "id"})
	if got := strings.Join(names, "|"); got != "id|ID_3|column_3_2|id_2|column_3|Qty|id_4" {
		t.Error(got)
	}
	var changes []string
	for _, r := range renamed {
		changes = append(changes, fmt.Sprint(r.Column, r.Original, ">", r.Name))
	}
	if got := strings.Join(changes, " "); got != "2ID>ID_3 3>column_3_2 7id>id_4" {
		t.Error(got)
	}
	if m := renamed[1].Message; m.EN != "Column 3 has no name; it is called 'column_3_2'." || m.KO == "" {
		t.Error(m)
	}
	names, renamed = Names([]string{"", "x", "\t"})
	if strings.Join(names, "|") != "column_1|x|column_3" || len(renamed) != 2 {
		t.Error(names, renamed)
	}
}

func TestManyColumns(t *testing.T) {
	data := wide(MaxColumns-1, 20) // and a blank one at the end
	r, rows, err := readAll(bytes.NewReader(data), Options{})
	if err != nil || len(rows) != 20 || len(r.Columns()) != MaxColumns {
		t.Fatal(err, len(rows))
	}
	_, _, err = readAll(bytes.NewReader(wide(MaxColumns, 20)), Options{})
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindTooManyColumns {
		t.Error(err)
	}
}

func TestDefaultLimits(t *testing.T) {
	field := strings.Repeat("x", MaxFieldBytes)
	r, rows, err := readAll(strings.NewReader("a,b\n"+field+",\""+field+"\"\n"), Options{})
	if err != nil || len(rows) != 1 || r.Stats().Ragged != 0 {
		t.Fatal(err, len(rows))
	}
	row := strings.Repeat(field+",", 16) + "\n"
	_, _, err = readAll(strings.NewReader("a,b\n"+row), Options{})
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindRowTooLarge {
		t.Error(err)
	}
}

func TestRealFiles(t *testing.T) {
	for name, want := range map[string]struct {
		columns string
		first   string
	}{
		"airports-head.csv": {"iata|name|city|state|country|latitude|longitude", "2/1/7:00M|Thigpen|Bay Springs|MS|USA|31.95376472|-89.23450472"},
		"zipcodes-head.csv": {"zip_code|latitude|longitude|city|state|county", "2/1/6:00501|40.922326|-72.637078|Holtsville|NY|Suffolk"},
	} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		r, rows, err := readAll(bytes.NewReader(data), Options{})
		if err != nil || strings.Join(r.Columns(), "|") != want.columns || rows[0] != want.first {
			t.Error(err, r.Columns(), rows[0])
		}
		if lines := bytes.Count(data, []byte("\n")); r.Stats().Ragged != 0 || len(rows) != lines-1 || r.Encoding() != UTF8 || r.Delimiter() != ',' {
			t.Errorf("%s: %+v, %d rows of %d lines", name, r.Stats(), len(rows), lines)
		}
	}
}
