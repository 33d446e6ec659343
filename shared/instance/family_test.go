package instance

import (
	"fmt"
	"testing"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem/strictjson"
)

// A link leads to an instance of its target class or of a class that inherits from it.
func TestLinksToHeirs(t *testing.T) {
	declared, err := strictjson.Object([]byte(`{"id":"Trip","label":"Trip","properties":[{"name":"trip_id","type":"string","label":"Id","primary_key":true}],"relationships":[
		{"predicate":"to","target":"Place","label":"To","cardinality":"n:1"},{"predicate":"via","target":"City","label":"Via","cardinality":"n:m"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	s, errs := ontology.Declare(declared, ontology.Options{})
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	wide := s.WithFamily(func(class, ancestor string) bool {
		return class == "City" && ancestor == "Place" || class == "Capital" && (ancestor == "City" || ancestor == "Place")
	})
	for payload, want := range map[string]string{ // elsewhere, accepted without the family, with it
		`{"trip_id":"1"}`: "false true true",
		`{"trip_id":"1","to":"Place/a","via":["City/b"]}`: "false true true",
		`{"trip_id":"1","to":"City/a"}`:                   "true false true",
		`{"trip_id":"1","to":"Capital/a"}`:                "true false true",
		`{"trip_id":"1","via":["City/a","Capital/b"]}`:    "true false true",
		`{"trip_id":"1","via":"Place/a"}`:                 "true false false",
		`{"trip_id":"1","to":7}`:                          "false false false",
	} {
		data, err := strictjson.Object([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		_, narrow := Create(s, data, "c", 0)
		made, broad := Create(wide, data, "c", 0)
		if got := fmt.Sprint(LinksElsewhere(s, data), len(narrow) == 0, len(broad) == 0); got != want {
			t.Errorf("%s: %s, want %s", payload, got, want)
		}
		if len(broad) == 0 && data["to"] != nil && made.Links[0].Ref() != data["to"] {
			t.Errorf("%s: links %v", payload, made.Links)
		}
	}
}
