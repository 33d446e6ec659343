package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
)

// zipcodes is about 2 MB of the rows of the test file.
func zipcodes(b *testing.B) []byte {
	data, err := os.ReadFile("testdata/zipcodes-head.csv")
	if err != nil {
		b.Fatal(err)
	}
	head, rows, _ := bytes.Cut(data, []byte("\n"))
	return append(append(head, '\n'), bytes.Repeat(rows, 1+2_000_000/len(rows))...)
}

func wide(columns, rows int) []byte {
	var out bytes.Buffer
	for i := range columns {
		fmt.Fprintf(&out, "c%d,", i)
	}
	for r := range rows {
		out.WriteByte('\n')
		for i := range columns {
			fmt.Fprintf(&out, "%d,", r*i%100_000)
		}
	}
	return out.Bytes()
}

func benchmarkRead(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(data), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadZipcodes(b *testing.B)   { benchmarkRead(b, zipcodes(b)) }
func BenchmarkRead500Columns(b *testing.B) { benchmarkRead(b, wide(500, 2000)) }
func BenchmarkReadQuoted(b *testing.B) {
	benchmarkRead(b, bytes.Repeat([]byte("\"a \"\"quoted\"\" text, with commas\",\"plain text in quotes\",12\n"), 40_000))
}

// The standard reader over the same bytes, for comparison.
func benchmarkStandard(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkStandardZipcodes(b *testing.B)   { benchmarkStandard(b, zipcodes(b)) }
func BenchmarkStandard500Columns(b *testing.B) { benchmarkStandard(b, wide(500, 2000)) }
