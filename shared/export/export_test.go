package export_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"spiceharvester/shared/export"
)

func rows(list ...map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func written(t *testing.T, o export.Options, list ...map[string]any) string {
	t.Helper()
	var b strings.Builder
	if err := export.Write(&b, o, rows(list...)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSV(t *testing.T) {
	got := written(t, export.Options{Format: export.CSV, Columns: []string{"id", "text", "n", "list", "flag"}},
		map[string]any{"id": "=1+1", "text": "a \"b\",\r\n한", "n": json.Number("1.50"), "list": []any{"A/1", json.Number("2")}, "other": 1},
		map[string]any{"id": "p2", "flag": false, "text": nil})
	want := "id,text,n,list,flag\r\n=1+1,\"a \"\"b\"\",\r\n한\",1.50,\"[\"\"A/1\"\",2]\",\r\np2,,,,false\r\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	records, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(records) != 3 || !slices.Equal(records[2], []string{"p2", "", "", "", "false"}) {
		t.Errorf("%v, %v", records, err)
	}
	if got := written(t, export.Options{Format: export.CSV, Columns: []string{"id"}, Mark: true}); got != "\ufeffid\r\n" {
		t.Errorf("no rows: %q", got)
	}
}

func TestJSON(t *testing.T) {
	one, two := map[string]any{"a": "<&>"}, map[string]any{"n": json.Number("12345678901234567890.10")}
	for format, want := range map[export.Format]string{
		export.JSON: "[{\"a\":\"<&>\"},\n{\"n\":12345678901234567890.10}]\n", export.JSONLines: "{\"a\":\"<&>\"}\n{\"n\":12345678901234567890.10}\n",
	} {
		if got := written(t, export.Options{Format: format}, one, two); got != want {
			t.Errorf("%s: %q", format, got)
		}
	}
	if got := written(t, export.Options{Format: export.JSON}); got != "[]\n" {
		t.Errorf("no rows: %q", got)
	}
}

func TestAnErrorEndsTheExport(t *testing.T) {
	broken := errors.New("lost")
	for _, f := range []export.Format{export.CSV, export.JSON, export.JSONLines} {
		var b strings.Builder
		err := export.Write(&b, export.Options{Format: f, Columns: []string{"a"}}, func(yield func(map[string]any, error) bool) {
			if yield(map[string]any{"a": "1"}, nil) {
				yield(nil, broken)
			}
		})
		if !errors.Is(err, broken) || strings.HasSuffix(b.String(), "]\n") {
			t.Errorf("%s: %v %q", f, err, b.String())
		}
	}
}

func TestParseFormat(t *testing.T) {
	if f, err := export.ParseFormat(""); f != export.JSON || err != nil {
		t.Error(f, err)
	}
	if _, err := export.ParseFormat("xml"); err == nil {
		t.Error("xml is a format")
	}
}
