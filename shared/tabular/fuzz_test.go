package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// standard reads with encoding/csv what both readers understand alike. It reports false
// for what only one of them accepts.
func standard(data []byte) (rows [][]string, ok bool) {
	if !utf8.Valid(data) || bytes.HasPrefix(data, []byte("\ufeff")) {
		return nil, false
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, true
		}
		if err != nil {
			return nil, false
		}
		if !isBlank(row) {
			rows = append(rows, row)
		}
	}
}

// crlf is what the standard reader does to line breaks inside of quotes.
func crlf(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.ReplaceAll(cell, "\r\n", "\n")
	}
	return out
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"a\"\"b\",\"c\r\nd\"\r\n1\r2,3", "a;b\n\"x", "\xff\xfea\x00", "\ufeff가,나\n1", "\xb0\xa1,b\n\"\xb0\xa1\"\"\",c\n", "\"\"\"\"\n,\"\",\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		opt := Options{Delimiter: ',', NoHeader: true, MaxFieldBytes: 200, MaxRowBytes: 1000, MaxColumns: 50}
		r, rows, err := readAll(bytes.NewReader(data), opt)
		_, again, errAgain := readAll(iotest.OneByteReader(bytes.NewReader(data)), opt)
		if (err == nil) != (errAgain == nil) || strings.Join(rows, "\n") != strings.Join(again, "\n") {
			t.Fatalf("in one piece: %q %v\nbytewise: %q %v", rows, err, again, errAgain)
		}
		var a, b *Error
		if errors.As(err, &a) && errors.As(errAgain, &b) && (a.Kind != b.Kind || a.Line != b.Line || a.Offset != b.Offset) {
			// An encoding that is chosen late may refuse a file at another byte.
			if a.Kind != KindEncoding {
				t.Fatalf("in one piece: %+v\nbytewise: %+v", a, b)
			}
		}
		if a != nil && (a.Offset < 0 || a.Offset > int64(len(data)) || a.Message.IsZero()) {
			t.Fatalf("%+v", a)
		}
		want, ok := standard(data)
		if !ok || err != nil || r.scan.loneCR {
			return
		}
		if len(want) != len(rows) {
			t.Fatalf("%d rows, the standard reader has %d", len(rows), len(want))
		}
		r, _ = NewReader(bytes.NewReader(data), opt)
		for i := range want {
			row, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			got := crlf(row.Cells[:row.Fields])
			if strings.Join(got, "\x1f") != strings.Join(crlf(want[i]), "\x1f") {
				t.Fatalf("row %d: %q, the standard reader has %q", i, got, want[i])
			}
		}
	})
}

// What is written is read back, cell for cell.
func TestWriteAndRead(t *testing.T) {
	cell := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("a,;|\t\"\r\n 가=@\x00\ufeff")), 0, 12, -1), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		row := rapid.SliceOfN(cell, columns, columns)
		rows := rapid.SliceOfN(row.Filter(func(r []string) bool { return !isBlank(r) }), 1, 8).Draw(t, "rows")
		mark := rapid.Bool().Draw(t, "mark")
		var out bytes.Buffer
		w := NewWriter(&out, mark)
		for _, r := range rows {
			if err := w.Write(r...); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&out, Options{Delimiter: ',', NoHeader: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range rows {
			got, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got.Cells, "\x1f") != strings.Join(want, "\x1f") {
				t.Fatalf("row %d: %q, want %q", i, got.Cells, want)
			}
		}
	})
}

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, true)
	for _, row := range [][]string{{"line", "reason"}, {"3", `"n/a", not a number`}, {"4", "=1+1"}, {""}} {
		if err := w.Write(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "\ufeffline,reason\r\n3,\"\"\"n/a\"\", not a number\"\r\n4,=1+1\r\n\"\"\r\n" {
		t.Errorf("%q", got)
	}
	broken := NewWriter(failingWriter{}, false)
	if err := errors.Join(broken.Write("a"), broken.Flush()); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
