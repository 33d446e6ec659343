package infer

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

// The types of real files (see testdata/README.md). Every cell is then read by the parser
// of its column.
func TestRealFiles(t *testing.T) {
	tests := []struct {
		file, types, keys string
	}{
		{"airports-head.csv", "iata xsd:string, name xsd:string, city xsd:string, state xsd:string, country enum, latitude xsd:decimal, longitude xsd:decimal", "iata name"},
		{"zipcodes-head.csv", "zip_code xsd:string, latitude xsd:decimal, longitude xsd:decimal, city xsd:string, state enum, county xsd:string", "zip_code"},
		{"seattle-weather-head.csv", "date xsd:date, precipitation xsd:decimal, temp_max xsd:decimal, temp_min xsd:decimal, wind xsd:decimal, weather enum", "date"},
		{"flights-airport-head.csv", "origin xsd:string, destination xsd:string, count xsd:integer", ""},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			columns, rows := readFile(t, test.file)
			in := New(columns, Options{Complex: true})
			for i, row := range rows {
				in.Add(int64(i+1), row)
			}
			r := in.Result(problem.English)
			var types []string
			for _, c := range r.Columns {
				types = append(types, c.Name+" "+c.Inferred.Type)
			}
			if got := strings.Join(types, ", "); got != test.types {
				t.Errorf("%s\nwant %s", got, test.types)
			}
			if got := strings.Join(r.KeyCandidates, " "); got != test.keys {
				t.Errorf("keys %q, want %q", got, test.keys)
			}
			for i, c := range r.Columns {
				p, err := NewParser(c.Inferred.Type, c.Format)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					v, err := p.Parse(row[i])
					if err != nil || fmt.Sprint(v) != row[i] { // these files are in normal form already
						t.Errorf("%s: %q is read as %v: %v", c.Name, row[i], v, err)
					}
				}
			}
		})
	}
}

func readFile(t testing.TB, name string) (columns []string, rows [][]string) {
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := tabular.NewReader(f, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, append([]string(nil), row.Cells...))
	}
	return r.Columns(), rows
}

func TestSample(t *testing.T) {
	hits := make([]int, 1000)
	for seed := range uint64(400) {
		s := NewSample(10, 50, 1<<20, rand.NewPCG(seed, 1))
		for i := range hits {
			s.Add(int64(i), []string{fmt.Sprint("row", i), "x"})
		}
		rows := s.Rows()
		if len(rows) != 60 {
			t.Fatal(len(rows))
		}
		for i, row := range rows {
			if i < 10 && row.Number != int64(i) || i > 0 && row.Number <= rows[i-1].Number || row.Cells[0] != fmt.Sprint("row", row.Number) || row.Cells[1] != "x" {
				t.Fatalf("%d: %+v", i, row)
			}
			hits[row.Number]++
		}
	}
	// Each of the 990 other rows has the same chance: 20.2 hits are expected. Seeds are
	// fixed, so this does not flicker.
	var early, late int
	for i, n := range hits {
		switch {
		case i < 10:
		case i < 505:
			early += n
		default:
			late += n
		}
		if i >= 10 && (n == 0 || n > 50) {
			t.Errorf("row %d was taken %d times of 400", i, n)
		}
	}
	if early+late != 400*50 || early < 9_500 || late < 9_500 {
		t.Error(early, late)
	}
}

func TestSampleMemory(t *testing.T) {
	s := NewSample(10, 10, 1000, rand.NewPCG(1, 2))
	for i := range 1000 {
		s.Add(int64(i), []string{strings.Repeat("x", 80)})
	}
	rows := s.Rows()
	if len(rows) != 10 || rows[9].Number != 9 || s.bytes > 1000 {
		t.Error(len(rows), s.bytes)
	}
	s = NewSample(5, 10, 1000, rand.NewPCG(1, 2))
	for i := range 1000 {
		s.Add(int64(i), []string{strings.Repeat("x", 80)})
	}
	if rows = s.Rows(); len(rows) != 10 || rows[4].Number != 4 || rows[9].Number < 20 || s.bytes > 1000 {
		t.Error(len(rows), rows[9].Number, s.bytes)
	}
}
