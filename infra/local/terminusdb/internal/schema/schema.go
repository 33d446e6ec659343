package schema

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// Schema is a context and classes that agree. It never changes.
type Schema struct {
	Context Context
	classes map[string]*Class // by IRI
	order   []string          // IRIs, as they were made
}

// Build makes a schema of a context and class documents, or says what they lack.
func Build(x Context, docs []map[string]any) (*Schema, error) {
	s := &Schema{Context: x, classes: map[string]*Class{}}
	for _, doc := range docs {
		c := newClass(x, doc)
		s.classes[c.IRI] = c
		s.order = append(s.order, c.IRI)
	}
	for _, iri := range s.order {
		if err := s.resolve(s.classes[iri]); err != nil {
			return nil, err
		}
	}
	for _, iri := range s.order {
		if err := s.check(s.classes[iri]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Class answers a class by its IRI, nil if there is none.
func (s *Schema) Class(iri string) *Class { return s.classes[iri] }

// Classes yields the classes as they were made.
func (s *Schema) Classes() []*Class {
	list := make([]*Class, len(s.order))
	for i, iri := range s.order {
		list[i] = s.classes[iri]
	}
	return list
}

// Documents are the class documents.
func (s *Schema) Documents() []map[string]any {
	list := make([]map[string]any, len(s.order))
	for i, iri := range s.order {
		list[i] = s.classes[iri].Raw
	}
	return list
}

// Same reports whether two schemas say the same.
func (s *Schema) Same(o *Schema) bool {
	if len(s.classes) != len(o.classes) || !reflect.DeepEqual(s.Context.Raw, o.Context.Raw) {
		return false
	}
	for iri, c := range s.classes {
		if d := o.classes[iri]; d == nil || !reflect.DeepEqual(c.Raw, d.Raw) {
			return false
		}
	}
	return true
}

// resolve collects what a class inherits.
func (s *Schema) resolve(c *Class) error {
	c.ancestors, c.all = map[string]bool{}, map[string]*Property{}
	if err := s.inherit(c, c, []string{c.IRI}); err != nil {
		return err
	}
	for _, p := range c.all {
		c.sorted = append(c.sorted, p)
	}
	slices.SortFunc(c.sorted, func(a, b *Property) int { return strings.Compare(a.IRI, b.IRI) })
	return nil
}

func (s *Schema) inherit(c, from *Class, path []string) error {
	c.ancestors[from.IRI] = true
	for _, p := range from.own {
		if known := c.all[p.IRI]; known == nil {
			c.all[p.IRI] = p
		} else if known != p && *known != *p {
			return failure("violation_of_diamond_property", map[string]any{"class": c.IRI, "predicate": p.Name})
		}
	}
	c.Choices = max(c.Choices, from.Choices)
	for _, parent := range from.Parents {
		if slices.Contains(path, parent) {
			return failure("cycle_in_class", map[string]any{"from_class": c.IRI, "to_class": parent, "path": append(slices.Clone(path), parent)})
		}
		p := s.classes[parent]
		if p == nil {
			return failure("inherits_from_non_existent_class", map[string]any{"class": from.IRI, "super": parent})
		}
		if err := s.inherit(c, p, append(slices.Clone(path), parent)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) check(c *Class) error {
	for _, p := range c.own {
		if !xsd.Known(p.Range) && s.classes[p.Range] == nil {
			return failure("not_a_class_or_base_type", map[string]any{"class": p.Range})
		}
	}
	for _, f := range c.Fields {
		if c.all[f] == nil {
			return failure("key_field_does_not_exist", map[string]any{
				"class": c.IRI, "field": f, "key": c.IRI + "/key/" + c.Key + "/" + s.keyName(c), "type": xsd.Sys + c.Key,
			})
		}
	}
	return nil
}

// keyName joins the names of the fields of a key, as the real server names its node.
func (s *Schema) keyName(c *Class) string {
	names := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		names[i] = s.Context.Short(f)
	}
	return strings.Join(names, "+")
}

func failure(kind string, fields map[string]any) error {
	return terr.SchemaCheckFailure(terr.Witness(kind, fields))
}

// Frame is a class with all that it inherits, as /api/schema shows it.
func (s *Schema) Frame(c *Class) map[string]any {
	if c.Kind == "Enum" {
		return map[string]any{"@type": "Enum", "@id": c.Name, "@values": c.Values}
	}
	f := maps.Clone(c.Raw)
	delete(f, "@id")
	f["@type"] = "Class"
	for _, p := range c.sorted {
		delete(f, p.Name)
	}
	if parents := texts(f["@inherits"]); len(parents) > 0 {
		f["@inherits"] = parents
	}
	var groups []map[string]any
	for _, p := range c.sorted {
		shown := s.frameRange(p)
		if p.Family != Required {
			m := map[string]any{"@type": string(p.Family), "@class": shown}
			if p.Family == Array {
				m["@dimensions"] = p.Dimensions
			}
			if p.Family == Cardinality {
				m["@min"], m["@max"] = p.Min, p.Max
			}
			shown = m
		}
		if p.Choice == 0 {
			f[p.Name] = shown
			continue
		}
		for len(groups) < p.Choice {
			groups = append(groups, map[string]any{})
		}
		groups[p.Choice-1][p.Name] = shown
	}
	if groups != nil {
		f["@oneOf"] = groups
	}
	return f
}

func (s *Schema) frameRange(p *Property) any {
	switch c := s.classes[p.Range]; {
	case c == nil:
		return s.Context.Short(p.Range)
	case c.Kind == "Enum":
		return map[string]any{"@type": "Enum", "@id": c.Name, "@values": c.Values}
	case c.Subdocument:
		return map[string]any{"@class": c.Name, "@subdocument": []any{}}
	}
	return s.Context.Short(p.Range)
}

// EncodeID writes a value as a part of an id that is made from values.
func EncodeID(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~!$&'()*,;=@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		}
	}
	return b.String()
}

func integer(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}
