package funnel_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// BenchmarkAnalyze goes from JSON to JSON, through the handler. "escaped" is the same table
// with texts in Hangul, written as clients do that send ASCII only.
func BenchmarkAnalyze(b *testing.B) {
	const rows, columns = 500, 10
	names := []string{"order_id", "customer", "qty", "price", "ordered_on", "created_at", "status", "email", "zip", "note"}
	table := func(customer, note string) string {
		var data [][]any
		for i := range rows {
			data = append(data, []any{
				100_000 + i, fmt.Sprint(customer, i%170), i % 40, json.Number(fmt.Sprintf("%d.%02d", i*7%900, i%100)),
				fmt.Sprintf("2024-%02d-%02d", 1+i%12, 1+i%28), fmt.Sprintf("2024-03-%02dT%02d:%02d:00Z", 1+i%28, i%24, i%60),
				[]string{"open", "paid", "sent"}[i%3], fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("%05d", i*37), note,
			})
		}
		body, err := json.Marshal(map[string]any{"columns": names, "data": data, "include_complex_types": false})
		if err != nil {
			b.Fatal(err)
		}
		return string(body)
	}
	f := open(b)
	for _, bench := range []struct{ name, body string }{
		{"plain", table("Customer ", "left at the door, called twice")},
		{"escaped", asciiOnly(table("고객 ", "문 앞에 두고 두 번 전화함"))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := send(b, f, http.MethodPost, "/api/v1/funnel/analyze", bench.body); w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(b.N*rows*columns)/b.Elapsed().Seconds(), "cells/s")
		})
	}
}

func asciiOnly(s string) string {
	var out []byte
	for _, r := range s {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		out = fmt.Appendf(out, `\u%04x`, r)
	}
	return string(out)
}
