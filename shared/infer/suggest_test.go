package infer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

var suggestedAt = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// inferRows judges a small table, whose cells are separated by blanks; "_" is a blank cell.
func inferRows(columns []string, rows ...string) Result {
	in := New(columns, Options{Complex: true})
	for i, row := range rows {
		cells := strings.Fields(row)
		for j := range cells {
			cells[j] = strings.Trim(cells[j], "_")
		}
		in.Add(int64(i+1), cells)
	}
	return in.Result(problem.English)
}

// declared sends a suggestion as the body of a declaration.
func declared(t testing.TB, class ontology.Class) *ontology.Schema {
	t.Helper()
	body, err := json.Marshal(class)
	if err != nil {
		t.Fatal(err)
	}
	object, err := strictjson.Object(body, "body")
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	schema, errs := ontology.Declare(object, ontology.Options{}, "body")
	if len(errs) > 0 {
		t.Fatalf("%s: %v", body, errs)
	}
	return schema
}

func TestSuggestJSON(t *testing.T) {
	class := Suggest(inferRows([]string{"Order ID", "9 col"}, "1 a", "2 b", "3 _"), "sales order", suggestedAt, problem.English)
	got, err := json.MarshalIndent(class, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "id": "SalesOrder",
 "label": {
  "en": "sales order"
 },
 "description": {
  "en": "Suggested by 3 rows of 2 columns"
 },
 "parent_class": null,
 "abstract": false,
 "properties": [
  {
   "name": "order_id",
   "type": "xsd:integer",
   "label": {
    "en": "Order ID"
   },
   "description": {
    "en": "From the column 'Order ID': 3 of 3 cells are filled, the type seems to be xsd:integer"
   },
   "required": true,
   "primary_key": true,
   "default": null,
   "constraints": {},
   "metadata": {
    "inferred_confidence": 1,
    "non_empty_count": 3,
    "null_count": 0,
    "null_ratio": 0,
    "semantic_label": "ID",
    "statistics": {
     "max": 3,
     "min": 1
    },
    "suggested_constraints": {
     "unique": true
    },
    "total_count": 3,
    "unique_count": 3,
    "unique_ratio": 1
   }
  },
  {
   "name": "col_9_col",
   "type": "xsd:string",
   "label": {
    "en": "9 col"
   },
   "description": {
    "en": "From the column '9 col': 2 of 3 cells are filled, the type seems to be xsd:string"
   },
   "required": false,
   "primary_key": false,
   "default": null,
   "constraints": {},
   "metadata": {
    "inferred_confidence": 1,
    "non_empty_count": 2,
    "null_count": 1,
    "null_ratio": 0.333333,
    "suggested_constraints": {
     "unique": true
    },
    "total_count": 3,
    "unique_count": 2,
    "unique_ratio": 1
   }
  }
 ],
 "relationships": [],
 "metadata": {
  "confidence_scores": {
   "9 col": 1,
   "Order ID": 1
  },
  "generated_by": "funnel",
  "generation_date": "2024-01-02T03:04:05+00:00"
 }
}`
	compact := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if compact(string(got)) != compact(want) {
		t.Errorf("%s", got)
	}
	declared(t, class)
}

func TestSuggestTexts(t *testing.T) {
	r := inferRows([]string{"수량", ""}, "1 x", "2 y")
	korean := Suggest(r, "판매 주문", suggestedAt, problem.Korean)
	if korean.ID != "GeneratedClass20240102030405" || korean.Label["ko"] != "판매 주문" || len(korean.Label) != 1 {
		t.Errorf("%s %v", korean.ID, korean.Label)
	}
	if d := korean.Properties[0].Description["ko"]; d != "'수량' 열: 셀 2개 중 2개에 값이 있으며 추론된 형식은 xsd:integer입니다." {
		t.Error(d)
	}
	english := Suggest(r, " ", suggestedAt, problem.English)
	if english.Label["en"] != english.ID || english.Properties[0].Label["en"] != "수량" || english.Properties[1].Label["en"] != "column_2" {
		t.Errorf("%+v", english)
	}
	declared(t, korean)
	declared(t, english)
}

func TestClassID(t *testing.T) {
	for name, want := range map[string]string{
		"sales order": "SalesOrder", "SalesOrder": "SalesOrder", "SALES_ORDER": "SalesOrder", "sales-order 2": "SalesOrder2", "Cafés, größe": "CafesGroe",
		"2024 sales": "Class2024Sales", "order 주문": "Order", "주문": "GeneratedClass20240102030405", "": "GeneratedClass20240102030405", "--": "GeneratedClass20240102030405",
		strings.Repeat("long ", 40): strings.Repeat("Long", 25),
	} {
		got := classID(name, suggestedAt)
		if got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
		if err := ontology.CheckClassID(got); err != nil {
			t.Errorf("%q: %s: %v", name, got, err)
		}
	}
}

func TestPropertyNames(t *testing.T) {
	long := strings.Repeat("가", 300)
	columns := []string{"Order ID", "order-id", " order id ", "order_id_2", "9 col", "주문 번호", "주문번호", "", "%", "column_8", "naïve", "a\tb\nc", long, long}
	want := []string{"order_id", "order_id_2", "order_id_3", "order_id_2_2", "col_9_col", "주문_번호", "주문번호", "column_8", "column_9", "column_8_2", "na_ve", "a_b_c"}
	class := Suggest(inferRows(columns), "x", suggestedAt, problem.English)
	for i, p := range class.Properties {
		if i < len(want) && p.Name != want[i] {
			t.Errorf("%q: %q, want %q", columns[i], p.Name, want[i])
		}
		if label := p.Label["en"]; label != columns[i] && columns[i] != "" {
			t.Errorf("label %q, want %q", label, columns[i])
		}
	}
	declared(t, class)
}

// What was seen is no rule: only what opens a type becomes a constraint.
func TestSuggestedConstraints(t *testing.T) {
	repeat := func(cells ...string) []string { return slices.Repeat(cells, 10) }
	tests := []struct {
		name, column string
		cells        []string
		want         string
	}{
		{"numbers", "qty", []string{"1", "2", "2"}, `xsd:integer {} suggested null`},
		{"different values", "qty", []string{"1", "2"}, `xsd:integer {} suggested {"unique":true}`},
		{"one value", "qty", []string{"1"}, `xsd:integer {} suggested null`},
		{"no value", "qty", []string{""}, `xsd:string {} suggested null`},
		{"enum", "status", repeat("open", "shut"), `xsd:string {} suggested {"enum":["open","shut"]}`},
		{"phone", "phone", []string{"010-1234-5678", "010-1234-5679", "010-1234-5679"}, `phone {"defaultRegion":"KR"} suggested null`},
		{"money", "price", []string{"$1.50", "$1.50"}, `money {} suggested {"allowedCurrencies":["USD"],"defaultCurrency":"USD"}`},
		{"yen", "price", []string{"¥150", "¥150"}, `money {"defaultCurrency":"JPY"} suggested {"allowedCurrencies":["JPY"]}`},
		{"places", "price", []string{"$1.5025", "$1.5025"}, `money {"decimalPlaces":4} suggested {"allowedCurrencies":["USD"],"defaultCurrency":"USD"}`},
	}
	for _, tt := range tests {
		class := Suggest(inferRows([]string{tt.column}, tt.cells...), "x", suggestedAt, problem.English)
		p := class.Properties[0]
		constraints, _ := json.Marshal(p.Constraints)
		suggested, _ := json.Marshal(p.Metadata["suggested_constraints"])
		if got := fmt.Sprintf("%s %s suggested %s", p.Type, constraints, suggested); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		declared(t, class)
	}
}

func TestSuggestType(t *testing.T) {
	tests := []struct {
		typ        string
		confidence float64
		want       string
	}{
		{TypeDate, 0.7, TypeDate}, {TypeDate, 0.69, TypeString}, {TypeEnum, 1, TypeString}, {"xsd:float", 1, "xsd:float"},
		{"int", 1, TypeInteger}, {"array<enum>", 1, TypeString}, {"no type", 1, TypeString}, {"", 0, TypeString},
	}
	for _, tt := range tests {
		r := Result{Columns: []Column{{Name: "a", Inferred: Inferred{Type: tt.typ, Confidence: tt.confidence}}}}
		class := Suggest(r, "x", suggestedAt, problem.English)
		if got := class.Properties[0].Type; got != tt.want {
			t.Errorf("%s with %v: %s, want %s", tt.typ, tt.confidence, got, tt.want)
		}
		declared(t, class)
	}
}

func TestSuggestRequiredAndKey(t *testing.T) {
	tests := []struct {
		name          string
		columns, rows string
		required, key string
	}{
		{"id before other candidates", "name id", "a 1;b 2", "name id", "id"},
		{"no candidate", "a b", "1 1;1 1", "a b", ""},
		{"no rows", "a id", "", "", ""},
		{"blank cells", "id b", "_ x;2 x", "b", ""},
		{"null words", "id n", "1 n/a;2 5;3 6;4 7;5 8;6 9;7 1;8 1;9 1;10 2", "id", "id"},
		{"the second of one name", "id id", "1 1;1 2", "id id_2", "id_2"},
	}
	for _, tt := range tests {
		r := inferRows(strings.Fields(tt.columns), strings.FieldsFunc(tt.rows, func(r rune) bool { return r == ';' })...)
		class := Suggest(r, "x", suggestedAt, problem.English)
		var required []string
		for _, p := range class.Properties {
			if p.Required {
				required = append(required, p.Name)
			}
		}
		if got := strings.Join(required, " "); got != tt.required {
			t.Errorf("%s: required %q, want %q", tt.name, got, tt.required)
		}
		if got := strings.Join(class.PrimaryKey(), " "); got != tt.key {
			t.Errorf("%s: key %q, want %q", tt.name, got, tt.key)
		}
		declared(t, class)
	}
}

// The class that a real file suggests takes the rows of that file.
func TestSuggestRealFiles(t *testing.T) {
	for file, want := range map[string]string{
		"airports-head.csv":        "iata*, name, city, state, country, latitude xsd:decimal, longitude xsd:decimal",
		"zipcodes-head.csv":        "zip_code*, latitude xsd:decimal, longitude xsd:decimal, city, state, county",
		"seattle-weather-head.csv": "date xsd:date*, precipitation xsd:decimal, temp_max xsd:decimal, temp_min xsd:decimal, wind xsd:decimal, weather",
		"flights-airport-head.csv": "origin, destination, count xsd:integer",
	} {
		t.Run(file, func(t *testing.T) {
			columns, rows := readFile(t, file)
			in := New(columns, Options{Complex: true})
			for i, row := range rows {
				in.Add(int64(i+1), row)
			}
			r := in.Result(problem.English)
			schema := declared(t, Suggest(r, strings.TrimSuffix(file, "-head.csv"), suggestedAt, problem.English))
			var got []string
			for i, p := range schema.Class.Properties {
				text := p.Name
				if p.Type != TypeString {
					text += " " + p.Type
				}
				if p.PrimaryKey {
					text += "*"
				}
				got = append(got, text)
				parser, err := NewParser(p.Type, r.Columns[i].Format)
				if err != nil {
					t.Fatal(err)
				}
				rule, _ := schema.Rule(p.Name)
				for _, row := range rows {
					v, err := parser.Parse(row[i])
					if err != nil {
						t.Fatal(err)
					}
					if _, errs := rule.Normalize(v, nil); v != nil && len(errs) > 0 || v == nil && p.IsRequired() {
						t.Errorf("%s: %v: %v", p.Name, v, errs)
					}
				}
			}
			if got := strings.Join(got, ", "); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

// A class of more columns than an object may have members can be declared as well.
func TestSuggestManyColumns(t *testing.T) {
	columns := make([]string, 5000)
	for i := range columns {
		columns[i] = fmt.Sprint("column ", i%4000)
	}
	class := Suggest(inferRows(columns), "x", suggestedAt, problem.English)
	if keys := slices.Sorted(maps.Keys(class.Metadata)); !slices.Equal(keys, []string{"generated_by", "generation_date"}) {
		t.Error(keys)
	}
	declared(t, class)
}

// Whatever stands in the header, the class can be declared.
func FuzzSuggest(f *testing.F) {
	f.Add("sales order", "Order ID", "1", "2")
	f.Add("", "\x00\n", "₩1,000", "₩2,000")
	f.Add("판매", "가\u0301 #", "a@b.co", "")
	f.Fuzz(func(t *testing.T, name, column, a, b string) {
		valid := func(s string) string { return strings.ToValidUTF8(s, "?") }
		r := New([]string{valid(column), "x", valid(column)}, Options{Complex: true})
		for i, cell := range []string{a, b} {
			r.Add(int64(i), []string{valid(cell), cell, valid(cell)})
		}
		for _, lang := range []problem.Lang{problem.English, problem.Korean} {
			declared(t, Suggest(r.Result(lang), valid(name), suggestedAt, lang))
		}
	})
}
