package core

import (
	"encoding/json"
	"slices"
	"testing"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/search"
)

func schema(t *testing.T, text string) *ontology.Schema {
	t.Helper()
	object, err := strictjson.Object([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, errs := ontology.Declare(object, ontology.Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func TestColumns(t *testing.T) {
	for text, want := range map[string][]string{
		`{"id":"A","label":"x","properties":[{"name":"k","type":"string","label":"x","primary_key":true},{"name":"n","type":"integer","label":"x"}],"relationships":[{"predicate":"p","target":"A","label":"x","cardinality":"1:n"}]}`: {"k", "n", "p"},
		`{"id":"B","label":"x","properties":[{"name":"n","type":"integer","label":"x"}]}`:          {"instance_id", "n"},
		`{"id":"C","label":"x","properties":[{"name":"instance_id","type":"string","label":"x"}]}`: {"instance_id"},
	} {
		if got := Columns(schema(t, text)); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// A filter finds what the index has for the value as it is stored.
func TestFiltersReadTextsAsTheTypesDo(t *testing.T) {
	s := schema(t, `{"id":"A","label":"x","properties":[{"name":"s","type":"string","label":"x"},{"name":"i","type":"integer","label":"x"},{"name":"d","type":"decimal","label":"x"},
		{"name":"b","type":"boolean","label":"x"},{"name":"t","type":"datetime","label":"x"},{"name":"l","type":"list<integer>","label":"x"},{"name":"m","type":"money","label":"x"}]}`)
	for _, c := range []struct {
		name, text string
		stored     any
	}{
		{"s", "007", "007"}, {"s", "true", "true"}, {"s", "", ""}, {"i", "7", json.Number("7")}, {"d", "20.50", json.Number("20.5")}, {"b", "true", true},
		{"t", "2026-01-01T09:00:00+09:00", "2026-01-01T00:00:00Z"}, {"l", "3", json.Number("3")},
	} {
		got, errs := filterOf(s, c.name, c.text, nil)
		if want := search.PropertyIs(c.name, c.stored); len(errs) > 0 || got != want {
			t.Errorf("%s=%q: %v %v, want %v", c.name, c.text, got, errs, want)
		}
	}
	for name, text := range map[string]string{"i": "many", "b": "2", "t": "yesterday", "none": "x"} {
		if got, errs := filterOf(s, name, text, nil); len(errs) == 0 {
			t.Errorf("%s=%q is %v", name, text, got)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(makeCursor("list", []byte(`[1,"a",null]`)))
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		after, err := openCursor(text, "list", 3)
		if err != nil {
			return
		}
		var values []any
		if json.Unmarshal(after, &values) != nil || len(values) != 3 {
			t.Fatalf("%q opens as %s", text, after)
		}
	})
}

func TestCursor(t *testing.T) {
	whole := makeCursor("list", []byte(`[9007199254740993,"a",null]`))
	after, err := openCursor(whole, "list", 3)
	if err != nil || string(after) != `[9007199254740993,"a",null]` {
		t.Errorf("%s, %v", after, err)
	}
	for _, bad := range []string{"", "x", whole + "x", makeCursor("other", []byte(`[1,2,3]`)), makeCursor("list", []byte(`[1,2]`)), makeCursor("list", []byte(`[1,2,{}]`)), makeCursor("list", []byte(`{}`))} {
		if _, err := openCursor(bad, "list", 3); err == nil {
			t.Errorf("%q opens", bad)
		}
	}
}
