package xsd

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCast has what the recorded exchanges have not.
func TestCast(t *testing.T) {
	for _, c := range []struct {
		value any
		typ   string
		text  string
		ok    bool
	}{
		{json.Number("12"), "long", "12", true},
		{"-9223372036854775809", "long", "", false},
		{"18446744073709551615", "unsignedLong", "18446744073709551615", true},
		{"+7", "integer", "7", true},
		{"1e3", "integer", "", false},
		{json.Number("12.50"), "decimal", "12.5", true},
		{"1" + strings.Repeat("0", 400), "decimal", "1" + strings.Repeat("0", 400), true},
		{"1e400", "decimal", "", false},
		{strings.Repeat("1", maxDigits+1), "integer", "", false},
		{"0.1", "float", "0.10000000149011612", true},
		{true, "boolean", "true", true},
		{true, "string", "", false},
		{"2024-02-29T00:30:00-05:00", "dateTime", "2024-02-28T19:30:00Z", true},
		{"2024-02-29T00:00:00.1200Z", "dateTime", "2024-02-29T00:00:00.12Z", true},
		{"2024-02-29T00:00:00.1234567890Z", "dateTime", "", false},
		{"--02-29", "gMonthDay", "--02-29", true},
		{"P", "duration", "", false},
		{"a\tb", "token", "", false},
		{nil, "string", "", false},
		{[]any{}, "string", "", false},
	} {
		text, ok := Cast(c.value, XSD+c.typ)
		if ok != c.ok || ok && text != c.text {
			t.Errorf("%v as %s: %.50q %v, want %.50q %v", c.value, c.typ, text, ok, c.text, c.ok)
		}
	}
}

func TestSubsumes(t *testing.T) {
	for _, c := range []struct {
		wide, narrow string
		want         bool
	}{
		{"decimal", "integer", true},
		{"decimal", "byte", true},
		{"integer", "decimal", false},
		{"long", "int", true},
		{"int", "long", false},
		{"nonNegativeInteger", "positiveInteger", true},
		{"nonNegativeInteger", "int", false},
		{"integer", "nonNegativeInteger", true},
		{"double", "integer", false},
		{"string", "string", true},
	} {
		if got := Subsumes(XSD+c.wide, XSD+c.narrow); got != c.want {
			t.Errorf("%s has every %s: %v", c.wide, c.narrow, got)
		}
	}
}
