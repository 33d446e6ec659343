package xcontent_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Members cuts every object as a parser does.
func TestMembersAreTheParsers(t *testing.T) {
	var value *rapid.Generator[any]
	value = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
		case 3:
			return rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 2).Draw(t, "list")
		case 4:
			return rapid.MapOfN(rapid.String(), rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 2).Draw(t, "object")
		}
		return rapid.StringOf(rapid.SampledFrom([]rune(`a"\{}[]:, 한`))).Draw(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(rapid.StringOf(rapid.SampledFrom([]rune(`ab"\{}:,`))), value, 0, 4).Draw(t, "object")
		text, err := json.Marshal(object)
		if rapid.Bool().Draw(t, "indented") {
			text, err = json.MarshalIndent(object, " ", "\t")
		}
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		if !xcontent.Members(string(text), func(key, v string) bool { got[key] = v; return true }) {
			t.Fatalf("%s was not read", text)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil || len(want) != len(got) {
			t.Fatalf("%s: %d of %d members, %v", text, len(got), len(want), err)
		}
		for key, v := range want {
			escaped, err := json.Marshal(key)
			if err != nil || got[string(escaped[1:len(escaped)-1])] != string(v) {
				t.Fatalf("%s: %s is %q, want %q", text, escaped, got[string(escaped[1:len(escaped)-1])], v)
			}
		}
	})
	for _, text := range []string{"", "[]", "7", "{"} {
		if xcontent.Members(text, func(string, string) bool { return true }) {
			t.Errorf("%q is no object", text)
		}
	}
}
