package schema

import (
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// Family says how many values a property has, and how they are kept.
type Family string

// The families.
const (
	Required    Family = ""
	Optional    Family = "Optional"
	Set         Family = "Set"
	List        Family = "List"
	Array       Family = "Array"
	Cardinality Family = "Cardinality"
)

// Property of a class.
type Property struct {
	Name       string // as in documents
	IRI        string
	Family     Family
	Range      string // IRI of a class or datatype
	Min, Max   int    // of Cardinality; Max 0 is no bound
	Dimensions int    // of Array
	Choice     int    // 1 and up: the group of "@oneOf" it belongs to
}

// Many reports whether documents show a list even for one value.
func (p *Property) Many() bool { return p.Family == Set || p.Family == List || p.Family == Array }

// Bounds are the least and the most values; most 0 is no bound. A List and an
// Array count as kept: one head of a list, any number of elements.
func (p *Property) Bounds() (least, most int) {
	if p.Choice > 0 {
		return 0, 1
	}
	switch p.Family {
	case Required, List:
		return 1, 1
	case Optional:
		return 0, 1
	case Cardinality:
		return p.Min, p.Max
	}
	return 0, 0
}

// Class is a class, tagged union or enum.
type Class struct {
	Name        string
	IRI         string
	Kind        string // Class, TaggedUnion, Enum
	Abstract    bool
	Subdocument bool
	Parents     []string // IRIs
	Key         string   // Random, Lexical, Hash, ValueHash
	Fields      []string // IRIs, of the key
	Values      []string // of an enum
	Raw         map[string]any

	own       []*Property
	ancestors map[string]bool      // IRIs, itself included
	all       map[string]*Property // by IRI, inherited ones included
	sorted    []*Property
	Choices   int
}

// Property answers a property by its IRI, nil if the class has none of the name.
func (c *Class) Property(iri string) *Property { return c.all[iri] }

// Properties are all properties, by name.
func (c *Class) Properties() []*Property { return c.sorted }

// IsA reports whether the class is, or inherits from, one.
func (c *Class) IsA(iri string) bool { return c.ancestors[iri] }

// ValueIRI is the node of a value of an enum.
func (c *Class) ValueIRI(value string) string { return c.IRI + "/" + EncodeID(value) }

// newClass reads a document that validate found right.
func newClass(x Context, doc map[string]any) *Class {
	c := &Class{Name: doc["@id"].(string), Kind: doc["@type"].(string), Key: "Random", Raw: doc}
	c.IRI = x.Name(c.Name)
	_, c.Abstract = doc["@abstract"]
	_, c.Subdocument = doc["@subdocument"]
	for _, p := range texts(doc["@inherits"]) {
		c.Parents = append(c.Parents, x.Name(p))
	}
	if key, ok := doc["@key"].(map[string]any); ok {
		c.Key, _ = key["@type"].(string)
		for _, f := range texts(key["@fields"]) {
			c.Fields = append(c.Fields, x.Name(f))
		}
	}
	c.Values = texts(doc["@value"])
	if c.Kind == "Enum" {
		return c
	}
	choice := 0
	if c.Kind == "TaggedUnion" {
		choice = 1
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if !strings.HasPrefix(name, "@") {
			c.own = append(c.own, newProperty(x, name, doc[name], choice))
		}
	}
	groups, _ := doc["@oneOf"].([]any)
	if one, ok := doc["@oneOf"].(map[string]any); ok {
		groups = []any{one}
	}
	for _, g := range groups {
		choice++
		fields, _ := g.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			c.own = append(c.own, newProperty(x, name, fields[name], choice))
		}
	}
	c.Choices = choice
	return c
}

func newProperty(x Context, name string, v any, choice int) *Property {
	p := &Property{Name: name, IRI: x.Name(name), Choice: choice, Dimensions: 1}
	if text, ok := v.(string); ok {
		p.Range = x.Name(text)
		return p
	}
	m, _ := v.(map[string]any)
	class, _ := m["@class"].(string)
	family, _ := m["@type"].(string)
	p.Range, p.Family = x.Name(class), Family(family)
	if n, ok := integer(m["@min_cardinality"]); ok {
		p.Min = n
	}
	if n, ok := integer(m["@max_cardinality"]); ok {
		p.Max = n
	}
	if n, ok := integer(m["@dimensions"]); ok {
		p.Dimensions = n
	}
	return p
}

// Datatype reports whether the values of a property are no nodes.
func (p *Property) Datatype() bool { return xsd.Known(p.Range) }

// texts are the texts of a list, or a text alone.
func texts(v any) (list []string) {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		for _, e := range x {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
	}
	return list
}
