package labelquery_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"spiceharvester/shared/labelquery"
)

func TestMatches(t *testing.T) {
	n := func(s string) json.Number { return json.Number(s) }
	list := []any{"a", n("5"), "Desk"}
	for _, c := range []struct {
		v    any
		op   labelquery.Op
		want any
		is   bool
	}{
		{"5", "eq", n("5"), false}, {n("5"), "eq", n("5.0"), true}, {nil, "eq", nil, true}, {nil, "ne", n("5"), true}, {list, "eq", "a", true}, {list, "ne", "a", false},
		{list, "ne", "b", true}, {map[string]any{"@value": "x"}, "eq", "x", true}, {true, "eq", "true", false}, {true, "eq", true, true},
		{"2026-01-02T09:00:00+09:00", "eq", "2026-01-02T00:00:00Z", true}, {[]any{"a"}, "eq", []any{"a"}, true}, {map[string]any{"a": n("1")}, "eq", map[string]any{"a": n("1")}, true},
		{n("9"), "lt", n("10"), true}, {"9", "lt", "10", true}, {"9", "lt", "a", true}, {"b", "gt", "a", true}, {nil, "lt", "a", true}, {nil, "ge", "", true}, {nil, "lt", n("5"), true},
		{n("2.50"), "ge", n("2.5"), true}, {n("12345678901234567891"), "gt", n("12345678901234567890"), true}, {list, "gt", n("4"), true}, {[]any{}, "le", "z", false},
		{"2026-01-02T01:00:00+09:00", "lt", "2026-01-02T00:00:00Z", true},
		{"Desk", "like", "ES", true}, {nil, "like", "", false}, {n("120"), "like", "2", true}, {"50%", "like", "%", true}, {"Desk", "like", "D%k", false}, {list, "like", "des", true},
		{"Desk", "not_like", "x", true}, {"Desk", "starts_with", "de", true}, {"Desk", "ends_with", "SK", true}, {"Desk", "ends_with", "de", false},
		{"a", "in", []any{"a", "b"}, true}, {"5", "in", []any{n("5")}, false}, {list, "in", []any{"a"}, true}, {nil, "in", []any{nil}, true}, {"c", "not_in", []any{"a"}, true}, {"c", "in", []any{}, false},
		{nil, "is_null", nil, true}, {"", "is_null", nil, false}, {"", "is_not_null", nil, true},
	} {
		if got := labelquery.Matches(c.v, c.op, c.want); got != c.is {
			t.Errorf("%#v %s %#v: %t", c.v, c.op, c.want, got)
		}
	}
}

func TestOrder(t *testing.T) {
	sorted := []any{json.Number("-2"), json.Number("9"), json.Number("10"), "", "9", "a", "b", nil}
	for _, descending := range []bool{false, true} {
		got := []any{"b", nil, json.Number("10"), "9", json.Number("-2"), "a", "", json.Number("9")}
		slices.SortStableFunc(got, func(a, b any) int { return labelquery.Compare(a, b, descending) })
		want := slices.Clone(sorted)
		if descending {
			slices.Reverse(want)
		}
		if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Errorf("descending %t: %#v", descending, got)
		}
	}
}

func TestOperatorsHaveManyNames(t *testing.T) {
	for text, want := range map[string]labelquery.Op{
		"eq": "eq", "=": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le", "LIKE": "like", "NOT_LIKE": "not_like", "STARTS_WITH": "starts_with", "ENDS_WITH": "ends_with",
		"CONTAINS": "like", "IN": "in", "NOT_IN": "not_in", "IS_NULL": "is_null", "IS_NOT_NULL": "is_not_null", " Not In ": "not_in",
	} {
		if op, ok := labelquery.ParseOp(text); !ok || op != want {
			t.Errorf("%q: %q", text, op)
		}
	}
	if _, ok := labelquery.ParseOp("~="); ok {
		t.Error("~= is no operator")
	}
}
