package infer

import (
	"fmt"
	"testing"

	"spiceharvester/shared/problem"
)

// table500x10 is a table as people upload it.
func table500x10() (columns []string, rows [][]string) {
	columns = []string{"order_id", "customer", "qty", "price", "ordered_on", "created_at", "status", "email", "zip", "note"}
	for i := range 500 {
		rows = append(rows, []string{
			fmt.Sprint(100_000 + i), fmt.Sprint("Customer ", i%170), fmt.Sprint(i % 40), fmt.Sprintf("%d.%02d", i*7%900, i%100),
			fmt.Sprintf("2024-%02d-%02d", 1+i%12, 1+i%28), fmt.Sprintf("2024-03-%02dT%02d:%02d:00Z", 1+i%28, i%24, i%60),
			[]string{"open", "paid", "sent"}[i%3], fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("%05d", i*37), "left at the door, called twice",
		})
	}
	return columns, rows
}

func benchmarkInfer(b *testing.B, columns []string, rows [][]string, complexTypes bool) {
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		in := New(columns, Options{Complex: complexTypes})
		for i, row := range rows {
			in.Add(int64(i), row)
		}
		if r := in.Result(problem.English); len(r.Columns) != len(columns) {
			b.Fatal(r)
		}
		cells += len(rows) * len(columns)
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
}

func BenchmarkInfer500x10(b *testing.B) {
	columns, rows := table500x10()
	for name, complexTypes := range map[string]bool{"basic": false, "complex": true} {
		b.Run(name, func(b *testing.B) { benchmarkInfer(b, columns, rows, complexTypes) })
	}
}

// Many rows: what is paid once for a column does not count.
func BenchmarkInferZipcodes(b *testing.B) {
	columns, rows := readFile(b, "zipcodes-head.csv")
	for len(rows) < 40_000 {
		rows = append(rows, rows...)
	}
	benchmarkInfer(b, columns, rows, true)
}

func BenchmarkParse(b *testing.B) {
	for _, test := range []struct {
		typ    string
		format Format
		cell   string
	}{
		{TypeInteger, Format{Kind: KindInteger}, "123456"}, {TypeDecimal, Format{Kind: KindDecimal}, "1,234.50"},
		{TypeDate, Format{Kind: KindDate, Layout: "DD/MM/YYYY"}, "13/02/2024"}, {TypeDateTime, Format{Kind: KindDateTime, Layout: "YYYY-MM-DD"}, "2024-01-02 03:04:05"},
		{TypeString, Format{}, "text"}, {TypeEmail, Format{}, "user@example.com"},
	} {
		b.Run(test.typ, func(b *testing.B) {
			p, err := NewParser(test.typ, test.format)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(test.cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
