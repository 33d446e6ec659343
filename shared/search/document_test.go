package search_test

import (
	"encoding/json"
	"slices"
	"testing"

	"spiceharvester/shared/search"
)

func TestKeysSortAsValuesDo(t *testing.T) {
	for _, order := range [][]any{
		{json.Number("-1e3"), json.Number("-12"), json.Number("-0.5"), json.Number("0"), json.Number("0.25"), json.Number("9"), json.Number("10"), json.Number("12345678901234567890123456789012345678901")},
		{"2026-01-01T00:00:00+09:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00-05:00"},
		{"2025-12-31", "2026-01-01"},
		{false, true},
	} {
		keys := make([]string, len(order))
		for i, v := range order {
			keys[i] = search.Key(v)
		}
		if !slices.IsSorted(keys) {
			t.Errorf("%v have the keys %q", order, keys)
		}
	}
}

func TestInstanceIDsFitElasticsearch(t *testing.T) {
	long := search.InstanceID("C", string(make([]byte, 512)))
	if len(long) != 64 || search.InstanceID("C", "1") != "C/1" {
		t.Errorf("%q, %q", long, search.InstanceID("C", "1"))
	}
}
