package objectify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/infer"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/tabular"
)

func declared(t *testing.T, text string) *ontology.Schema {
	t.Helper()
	object, err := strictjson.Object([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, errs := ontology.Declare(object, ontology.Options{})
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// inferred reads a file as an upload does.
func inferred(t *testing.T, file string) (datasets.Schema, *tabular.Reader) {
	t.Helper()
	r, err := tabular.NewReader(strings.NewReader(file), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := infer.New(r.Columns(), infer.Options{Complex: true})
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		in.Add(row.Number, row.Cells)
	}
	var s datasets.Schema
	for _, c := range in.Result("en").Columns {
		format, err := json.Marshal(c.Format)
		if err != nil {
			t.Fatal(err)
		}
		s.Columns = append(s.Columns, datasets.Column{Name: c.Name, Type: infer.StorageType(c.Inferred.Type), Format: format})
	}
	again, err := tabular.NewReader(strings.NewReader(file), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, again
}

const (
	shopClass = `{"id":"Shop","label":"S","properties":[
		{"name":"chain","type":"string","label":"x","primary_key":true},{"name":"number","type":"integer","label":"x","primary_key":true}]}`
	saleClass = `{"id":"Sale","label":"S","properties":[
		{"name":"id","type":"string","label":"x","primary_key":true},
		{"name":"amount","type":"decimal","label":"x"},{"name":"items","type":"integer","label":"x"},
		{"name":"day","type":"xsd:date","label":"x"},{"name":"paid","type":"boolean","label":"x"},{"name":"note","type":"string","label":"x"}],
		"relationships":[{"predicate":"shop","target":"Shop","label":"x","cardinality":"n:1"}]}`
)

// Cells become values in the form of the class, read with the format that their
// column was inferred to have; what cannot be read is told with the cell.
func TestRowsBecomeInstances(t *testing.T) {
	const file = "id,amount,items,day,paid,note,chain,number\n" +
		"00501,\"-1.234,50\",-5,13/02/2024,예,NA,A:B,7\n" +
		"00502,\"2,25\",n/a,25/04/2024,아니오, # 'x' ,A%,+8\n" +
		"00503,,,,,,,\n" +
		"00504,\"1,5\",3,01/02/2024,예,,A,\n" +
		"00505,,1.5,31/02/2024,maybe,,A,x\n"
	columns, reader := inferred(t, file)
	spec := objectify.Spec{Class: "Sale", Mappings: []objectify.Mapping{
		{SourceField: "id", TargetField: "id"}, {SourceField: "amount", TargetField: "amount"}, {SourceField: "items", TargetField: "items"},
		{SourceField: "day", TargetField: "day"}, {SourceField: "paid", TargetField: "paid"}, {SourceField: "note", TargetField: "note"},
		{SourceFields: []string{"chain", "number"}, TargetField: "shop"},
	}}
	m, err := spec.Compile(t.Context(), columns, declared(t, saleClass), func(context.Context, string) (*ontology.Schema, error) { return declared(t, shopClass), nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"amount":-1234.50,"day":"2024-02-13","id":"00501","items":-5,"note":"NA","paid":true,"shop":"Shop/A%3AB:7"}`,
		`{"amount":2.25,"day":"2024-04-25","id":"00502","items":null,"note":" # 'x' ","paid":false,"shop":"Shop/A%25:8"}`,
		`{"amount":null,"day":null,"id":"00503","items":null,"note":null,"paid":null,"shop":null}`,
		`4 shop "A, " row.half_key`,
		`5 items "1.5" infer.cell.refused, 5 day "31/02/2024" infer.cell.date, 5 paid "maybe" infer.cell.boolean, 5 shop "A, x" infer.cell.number`,
	} {
		row, err := reader.Read()
		if err != nil {
			t.Fatal(err)
		}
		made, refused := m.Row(row)
		got, _ := json.Marshal(made.Data)
		if len(refused) > 0 {
			var text []string
			for _, e := range refused {
				text = append(text, strings.Join([]string{string(rune('0' + e.Row)), e.Target, `"` + e.Value + `"`, e.Reason.Key}, " "))
			}
			got = []byte(strings.Join(text, ", "))
		}
		if string(got) != want {
			t.Errorf("row %d:\n got %s\nwant %s", row.Number, got, want)
		}
	}
	if _, err := reader.Read(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
