package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/problem"
)

var at = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

func read(t *testing.T, body string) *Request {
	t.Helper()
	q, err := Read([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A cell is what it would be in a file.
func TestCells(t *testing.T) {
	q := read(t, `{"columns": ["a", "b"], "data": [
		["text", 1.50], [" x ", -0], [true, false], [null, ""], [[1, {"b": 1, "a": "<"}], {}], ["가\u0000", 12345678901234567890.10], [], ["only a"]]}`)
	var got []string
	q.each(func(number int64, cells []string) { got = append(got, fmt.Sprintf("%d %q", number, cells)) })
	want := []string{`1 ["text" "1.50"]`, `2 [" x " "-0"]`, `3 ["true" "false"]`, `4 ["" ""]`, `5 ["[1,{\"a\":\"<\",\"b\":1}]" "{}"]`,
		`6 ["가\x00" "12345678901234567890.10"]`, `7 []`, `8 ["only a"]`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	r := q.Analyze(rand.NewPCG(1, 1), at, problem.English)
	if a, b := r.Columns[0], r.Columns[1]; a.TotalCount != 8 || a.NullCount != 2 || b.NullCount != 3 || r.Timestamp != "2024-01-02T03:04:05+00:00" {
		t.Errorf("%+v", r)
	}
}

// The first half of the sample are the first rows, the source chooses the others.
func TestSampleOfALargeTable(t *testing.T) {
	var rows []string
	for i := range 1000 {
		rows = append(rows, fmt.Sprintf(`["row %d"]`, i+1))
	}
	q := read(t, `{"columns": ["n"], "sample_size": 9, "data": [`+strings.Join(rows, ",")+`]}`)
	sample := func(seed uint64) string {
		r := q.Analyze(rand.NewPCG(seed, 1), at, problem.English)
		if c := r.Columns[0]; c.TotalCount != 9 || c.UniqueCount != 9 {
			t.Errorf("%+v", c)
		}
		return strings.Join(r.Columns[0].SampleValues, ", ")
	}
	first, second := sample(1), sample(2)
	const head = "row 1, row 2, row 3, row 4, row 5, "
	if !strings.HasPrefix(first, head) || !strings.HasPrefix(second, head) || first == second || first != sample(1) {
		t.Errorf("%s\n%s", first, second)
	}
	// A table of that size is no sample.
	for _, size := range []string{"1000", "1001", "9223372036854775807"} {
		q := read(t, `{"columns": ["n"], "sample_size": `+size+`, "data": [`+strings.Join(rows, ",")+`]}`)
		if r := q.Analyze(nil, at, problem.English); r.Metadata.AnalyzedRows != 1000 {
			t.Errorf("%s: %d", size, r.Metadata.AnalyzedRows)
		}
	}
}

func TestReadOtherFields(t *testing.T) {
	body := []byte(`{"columns": [], "data": [], "class_name": 7}`)
	q, err := Read(body, "class_name", "other")
	if err != nil || fmt.Sprint(q.Fields) != "map[class_name:7]" {
		t.Error(q, err)
	}
	if _, err := Read(body); fmt.Sprint(problem.FieldErrorsOf(err)) != "[body.class_name: Extra inputs are not permitted]" {
		t.Error(err)
	}
}

// A table may have more rows than other lists of a request have items.
func TestManyRows(t *testing.T) {
	q := read(t, `{"columns": ["a"], "data": [`+strings.TrimSuffix(strings.Repeat(`[1],`, 50_000), ",")+`]}`)
	if r := q.Analyze(rand.NewPCG(1, 1), at, problem.English); r.Metadata.AnalyzedRows != DefaultSampleSize {
		t.Error(r.Metadata)
	}
	_, err := Read([]byte(`{"columns": ["a"], "data": [` + strings.TrimSuffix(strings.Repeat(`[],`, maxRows+1), ",") + `]}`))
	if fmt.Sprint(problem.FieldErrorsOf(err)) != "[body.data: A list may have at most 1000000 items]" {
		t.Error(err)
	}
}
