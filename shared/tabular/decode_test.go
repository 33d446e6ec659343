package tabular

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
)

var encodings = map[Encoding]encoding.Encoding{
	UTF8:    encoding.Nop,
	CP949:   korean.EUCKR,
	UTF16LE: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	UTF16BE: unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

func TestEncodings(t *testing.T) {
	text := "이름,값\n철수,똠방각하\n\"영희\n\"\"님\"\"\",펲시 #1\n" + strings.Repeat("가나다라,마바사\n", 20_000)
	for name, enc := range encodings {
		in, err := enc.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, src := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in)), iotest.HalfReader(bytes.NewReader(in))} {
			r, rows, err := readAll(src, Options{})
			if err != nil {
				t.Fatal(name, err)
			}
			if r.Encoding() != name || strings.Join(r.Columns(), "|") != "이름|값" || len(rows) != 20_002 ||
				rows[0] != "2/1/2:철수|똠방각하" || rows[1] != "3/2/2:영희\n\"님\"|펲시 #1" || rows[20_001] != "20004/20002/2:가나다라|마바사" {
				t.Errorf("%s: %s %q %d %q", name, r.Encoding(), r.Columns(), len(rows), rows[:2])
			}
		}
	}
}

// The first bytes above 127 stand far behind the beginning, and many characters of the
// file are valid in both encodings.
func TestLateCP949(t *testing.T) {
	text := "id,name\n" + strings.Repeat("1,plain\n", 30_000) + "2,철\n" + strings.Repeat("3,철수\n", 30_000)
	in, err := korean.EUCKR.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, rows, err := readAll(bytes.NewReader(in), Options{})
	if err != nil || r.Encoding() != CP949 || rows[30_000] != "30002/30001/2:2|철" || rows[60_000] != "60002/60001/2:3|철수" {
		t.Fatal(err, r.Encoding())
	}
	in[len(in)-2] = 0xff
	_, _, err = readAll(bytes.NewReader(in), Options{})
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindEncoding || e.Line != 60_002 || e.Offset != int64(len(in)-3) {
		t.Errorf("%+v", e)
	}
}

// Every pair that the standard table has comes out the same.
func TestCP949Table(t *testing.T) {
	n := 0
	for pair, r := range cp949Table() {
		if r == 0 {
			continue
		}
		n++
		out, err := korean.EUCKR.NewDecoder().Bytes([]byte{byte(pair >> 8), byte(pair)})
		if err != nil || string(out) != string(rune(r)) {
			t.Fatalf("%04x: %q, want %q", pair, rune(r), out)
		}
	}
	if n < 17_000 {
		t.Errorf("only %d pairs", n)
	}
}
