package history

import (
	"maps"
	"slices"

	"spiceharvester/shared/problem/strictjson"
)

// Change is a fact with what it changed.
type Change struct {
	Version
	Fields []Field
}

// Field is a field that changed. Old and New are nil where it had no value.
type Field struct {
	Name string `json:"field"`
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

// Compare names the fields in which two states differ, sorted by name.
func Compare(before, after map[string]any) []Field {
	names := maps.Clone(after)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, before)
	fields := []Field{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !strictjson.Equal(before[name], after[name]) {
			fields = append(fields, Field{Name: name, Old: before[name], New: after[name]})
		}
	}
	return fields
}
