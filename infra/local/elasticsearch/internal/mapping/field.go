package mapping

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Class groups field types by how their values are kept.
type Class uint8

// The classes of fields.
const (
	Keyword   Class = iota // exact strings
	Text                   // analysed words
	Long                   // long, integer, short, byte: int64
	Double                 // double, float: float64
	Boolean                // 0 and 1
	Date                   // milliseconds (date) or nanoseconds (date_nanos) since 1970
	IP                     // 16 bytes
	Geo                    // latitude and longitude
	Flattened              // an object whose leaves are keywords
	ObjectOf               // an object with fields of its own
	Nested                 // an object that is a document of its own
)

var classes = map[string]Class{
	"keyword": Keyword, "text": Text, "long": Long, "integer": Long, "short": Long, "byte": Long,
	"double": Double, "float": Double, "boolean": Boolean, "date": Date, "date_nanos": Date,
	"ip": IP, "geo_point": Geo, "flattened": Flattened, "object": ObjectOf, "nested": Nested,
}

// Field is one field definition.
type Field struct {
	Name  string // last part of the path
	Path  string
	Type  string
	Class Class

	Index           bool
	DocValues       bool
	IgnoreAbove     int // 0: no limit
	IgnoreMalformed bool
	Coerce          bool
	NullValue       *string
	Normalizer      analysis.Analyzer
	Analyzer        analysis.Analyzer
	SearchAnalyzer  analysis.Analyzer
	Format          *dates.Format
	DepthLimit      int
	CopyTo          []string
	Fields          []*Field // multi-fields, sorted by name

	// For objects:
	Enabled    bool
	Dynamic    string   // "", "true", "false", "strict"
	Properties []*Field // sorted by name

	// params are the explicit parameters that differ from the default, for
	// GET _mapping and to find conflicts.
	params xcontent.Obj
	// byName indexes Properties when there are many.
	byName map[string]*Field
}

// IsObject reports whether the field has properties.
func (f *Field) IsObject() bool { return f.Class == ObjectOf || f.Class == Nested }

// Numeric reports whether the values are numbers, dates or booleans.
func (f *Field) Numeric() bool {
	return f.Class == Long || f.Class == Double || f.Class == Boolean || f.Class == Date
}

// Searchable reports whether the field can be searched at all.
func (f *Field) Searchable() bool { return f.Index || f.DocValues }

func (f *Field) property(name string) *Field {
	if f.byName != nil {
		return f.byName[name]
	}
	for _, p := range f.Properties {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// count is the number of fields that the limit counts: this one and all below.
func (f *Field) count() int {
	n := 1
	for _, p := range f.Properties {
		n += p.count()
	}
	for _, m := range f.Fields {
		n += m.count()
	}
	return n
}

// clone copies a field with all below it.
func (f *Field) clone() *Field {
	c := *f
	c.Properties = cloneAll(f.Properties)
	c.Fields = cloneAll(f.Fields)
	c.byName = nil
	return &c
}

func cloneAll(list []*Field) []*Field {
	var out []*Field
	for _, f := range list {
		out = append(out, f.clone())
	}
	return out
}

// insert adds a field to a list that is sorted by name.
func insert(list []*Field, f *Field) []*Field {
	i := 0
	for i < len(list) && list[i].Name < f.Name {
		i++
	}
	list = append(list, nil)
	copy(list[i+1:], list[i:])
	list[i] = f
	return list
}

// json is the definition as GET _mapping shows it.
func (f *Field) json() xcontent.Obj {
	o := xcontent.Obj{}
	if f.Class != ObjectOf || !f.Enabled {
		o = o.Add("type", f.Type)
	}
	o = append(o, f.params...)
	if len(f.Properties) > 0 {
		o = o.Add("properties", list(f.Properties))
	}
	if len(f.Fields) > 0 {
		o = o.Add("fields", list(f.Fields))
	}
	return o
}

func list(fields []*Field) xcontent.Obj {
	o := xcontent.Obj{}
	for _, f := range fields {
		o = o.Add(f.Name, f.json())
	}
	return o
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// parentOf returns the path without its last name.
func parentOf(path string) string {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return ""
	}
	return path[:i]
}
