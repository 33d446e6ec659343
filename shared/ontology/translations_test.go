package ontology

import (
	"encoding/json"
	"reflect"
	"testing"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// What a read answers in one language can be sent back without losing the others.
func TestAnAnswerCanBeSentBack(t *testing.T) {
	declared, err := strictjson.Object([]byte(`{"id":"Thing","label":{"en":"Thing","ko":"물건"},"description":{"en":"A thing","ko":"어떤 물건"},
		"properties":[{"name":"thing_id","type":"string","label":{"en":"Id","ko":"번호"},"primary_key":true,"constraints":{"maxLength":20}}],
		"relationships":[{"predicate":"part_of","target":"Thing","label":{"en":"Part of","ko":"부분"},"inverse_label":{"en":"Parts","ko":"부품"},"cardinality":"n:1"}],"metadata":{"source":"demo","branch":"elsewhere"}}`))
	if err != nil {
		t.Fatal(err)
	}
	before, errs := Declare(declared, Options{})
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before.Class.Metadata, map[string]any{"source": "demo"}) {
		t.Errorf("the branch is what is read, no part of the class: %v", before.Class.Metadata)
	}
	for _, lang := range []problem.Lang{problem.English, problem.Korean} {
		text, err := json.Marshal(before.Class.Response(lang, Stamp{Branch: "main", Version: 1}))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := strictjson.Object(text)
		if err != nil {
			t.Fatal(err)
		}
		update, errs := ParseUpdate(answer, "Thing", Options{})
		if err := errs.Err(); err != nil {
			t.Fatalf("%s: %v", lang, err)
		}
		after, errs := Compile(update.Apply(before.Class))
		if err := errs.Err(); err != nil || !reflect.DeepEqual(after.Class, before.Class) {
			t.Errorf("%s: %+v, %v, want %+v", lang, after.Class, err, before.Class)
		}
		answer["label"] = "Object"
		if update, _ := ParseUpdate(answer, "Thing", Options{}); !reflect.DeepEqual(update.Apply(before.Class).Label, Localized{"en": "Object", "ko": "물건"}) {
			t.Errorf("%s: an edited text takes the place of its language: %v", lang, update.Apply(before.Class).Label)
		}
	}
}
