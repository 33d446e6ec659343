// Package value is the data types of properties: their names, what they accept, the
// normal form in which a value is stored, the constraints on it, and its sort key in
// the search index.
//
// A value is what package strictjson gives: nil, bool, json.Number, string, []any or
// map[string]any. Numbers keep their text; nothing here turns one into a float64.
//
// The rules are those of the contract (bff-api 4), with plainer normal forms: one that
// is stored holds nothing that can be computed from it. Three rules are plainer than the
// contract's: coordinates are rounded only where "precision" asks for it, numbering
// plans are country codes and lengths, and the text forms with defaults of 4.5 do not
// exist: what cannot be read is refused. A constraint that nothing enforces is told by
// [Rule.Unenforced].
package value

import (
	"strings"

	"spiceharvester/shared/problem"
)

// Type is a data type by its canonical name, for example xsd:dateTime or money.
type Type struct {
	name string
	spec *spec
	// elem is the type of the items of list<T>, set<T> and array<T>.
	elem *Type
	// options are the alternatives of a union.
	options []Type
	// optional is set for optional<T>: null is a value.
	optional bool
}

// spec is what the package knows about a plain type.
type spec struct {
	group group
	// build returns the function that checks and normalises, made for the constraints.
	build func(p *params) normalizer
	// sortKey gives the key of a value in normal form.
	sortKey func(v any) string
}

// normalizer returns the normal form of a value, or what is wrong with it.
type normalizer func(v any, loc []any) (any, problem.FieldErrors)

// group says which general constraints a type has.
type group int

const (
	groupOther group = iota
	groupText
	groupNumber
	groupTime
	groupList
)

// aliases are other names of types, in lower case. Canonical names need no entry.
var aliases = map[string]string{
	"string": "xsd:string", "str": "xsd:string",
	"integer": "xsd:integer", "int": "xsd:integer", "long": "xsd:long", "short": "xsd:short", "byte": "xsd:byte",
	"decimal": "xsd:decimal", "number": "xsd:decimal", "float": "xsd:float", "double": "xsd:double",
	"boolean": "xsd:boolean", "bool": "xsd:boolean",
	"date": "xsd:date", "datetime": "xsd:dateTime", "timestamp": "xsd:dateTime", "time": "xsd:time", "duration": "xsd:duration",
	"uri": "xsd:anyURI", "href": "url",
	"currency": "money", "telephone": "phone", "tel": "phone",
	"coordinates": "coordinate", "geo": "coordinate", "location": "coordinate", "latlng": "coordinate",
	"geopoint": "coordinate", "geo_point": "coordinate",
	"location_address": "address", "image_url": "image", "photo": "image", "attachment": "file", "document": "file",
	"ipaddress": "ip", "ip_address": "ip", "ipv4": "ip", "ipv6": "ip", "guid": "uuid",
	"list": "array", "dict": "object",
}

var specs map[string]*spec

// canonical maps the lower-case form of every name to the canonical one.
var canonical map[string]string

// The tables are filled here because types refer to each other: an array's items are
// of any type.
func init() {
	specs = map[string]*spec{
		"array":  {group: groupList, build: buildArray, sortKey: jsonKey},
		"set":    {group: groupList, build: buildSet, sortKey: jsonKey},
		"object": {build: buildObject, sortKey: jsonKey},
		"json":   {build: simple(anyValue), sortKey: jsonKey},
		"enum":   {build: buildEnum, sortKey: anyKey},
	}
	for _, table := range []map[string]*spec{textSpecs, numberSpecs, timeSpecs, netSpecs, structuredSpecs} {
		for name, s := range table {
			specs[name] = s
		}
	}
	canonical = make(map[string]string, len(specs)+len(aliases))
	for name := range specs {
		canonical[strings.ToLower(name)] = name
	}
	for alias, name := range aliases {
		canonical[alias] = name
	}
}

var textUnknownType = problem.Define("type.unknown", "The data type '{type}' is not known", "'{type}' 데이터 형식을 알 수 없습니다.")

// ParseType reads a type name: a plain type in any case ("STRING", "xsd:datetime"), an
// alias, or list<T>, set<T>, array<T>, optional<T>, union<A, B>. An unknown name is an
// error, which is a [problem.Message].
func ParseType(name string) (Type, error) {
	return parseType(name, 0)
}

func parseType(name string, depth int) (Type, error) {
	trimmed := strings.TrimSpace(name)
	if known, ok := canonical[strings.ToLower(trimmed)]; ok {
		return Type{name: known, spec: specs[known]}, nil
	}
	outer, rest, ok := strings.Cut(trimmed, "<")
	inner, closed := strings.CutSuffix(rest, ">")
	if !ok || !closed || depth > 4 {
		return Type{}, textUnknownType.With("type", name)
	}
	switch outer = strings.ToLower(strings.TrimSpace(outer)); outer {
	case "list", "array", "set", "optional":
		elem, err := parseType(inner, depth+1)
		if err != nil {
			return Type{}, err
		}
		if outer == "optional" {
			elem.optional = true
			return elem, nil
		}
		if outer == "list" {
			outer = "array"
		}
		return Type{name: outer + "<" + elem.String() + ">", spec: specs[outer], elem: &elem}, nil
	case "union":
		var t Type
		for _, part := range splitTop(inner) {
			option, err := parseType(part, depth+1)
			if err != nil {
				return Type{}, err
			}
			t.options = append(t.options, option)
		}
		names := make([]string, len(t.options))
		for i, o := range t.options {
			names[i] = o.String()
		}
		t.name, t.spec = "union<"+strings.Join(names, ",")+">", &spec{sortKey: anyKey}
		return t, nil
	}
	return Type{}, textUnknownType.With("type", name)
}

// splitTop splits at the commas and bars that stand outside of brackets.
func splitTop(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range s {
		switch {
		case c == '<':
			depth++
		case c == '>':
			depth--
		case (c == ',' || c == '|') && depth == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// String returns the canonical name.
func (t Type) String() string {
	if t.optional {
		return "optional<" + t.name + ">"
	}
	return t.name
}

// XSD returns the base type of XML Schema (bff-api 4.1): what a value can be written as
// where only those types are known.
func (t Type) XSD() string {
	switch {
	case strings.HasPrefix(t.name, "xsd:"):
		return t.name
	case t.name == "money":
		return "xsd:decimal"
	case t.name == "url" || t.name == "google_sheets_url":
		return "xsd:anyURI"
	}
	return "xsd:string"
}

// IsZero reports whether the type is not set.
func (t Type) IsZero() bool { return t.name == "" }

// Identifies reports whether a property of this type can be part of a primary key: its
// normal form is one short text or number that means the same everywhere.
func (t Type) Identifies() bool {
	if t.spec == nil || t.optional || len(t.options) > 0 {
		return false
	}
	switch t.name {
	case "xsd:boolean", "xsd:float", "xsd:double":
		return false
	case "enum":
		return true
	}
	return t.spec.group == groupText || t.spec.group == groupNumber || t.spec.group == groupTime
}

// IsNumber reports whether the normal form is a JSON number.
func (t Type) IsNumber() bool { return t.spec != nil && t.spec.group == groupNumber }

// IsText reports whether the normal form is a string.
func (t Type) IsText() bool {
	return t.spec != nil && (t.spec.group == groupText || t.spec.group == groupTime)
}
