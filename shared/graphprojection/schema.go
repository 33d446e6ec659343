package graphprojection

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/terminus"
)

// schema is the schema of a database, as the server has it.
type schema struct {
	mark    int64 // the position that the schema is at
	classes map[string]class
}

// class is a class of the platform in the schema.
type class struct {
	definition definition
	fields     map[string]bool // names with their prefix; they are never dropped
}

// definition is what a class's last fact says, kept as the class's metadata. A
// class that is only used, by an instance, has none.
type definition struct {
	Class    string
	Sequence uint64
	Deleted  bool
	Body     string // ontology.Class as JSON, "" if deleted
}

// ofClass makes the definition of a class's fact; data is the event's data. The
// class's own properties are fields already before an instance has them.
func ofClass(e *event.Event, data []byte) (definition, []string, error) {
	fact, err := classes.Decode(data)
	if err != nil {
		return definition{}, nil, fmt.Errorf("graphprojection: fact %s: %w", e.ID, err)
	}
	d := definition{Class: fact.Class, Sequence: e.Sequence, Deleted: e.Lifecycle == event.Deletes}
	if fact.Body == nil || d.Deleted {
		return d, nil, nil
	}
	body, err := json.Marshal(fact.Body)
	if err != nil {
		return d, nil, fmt.Errorf("graphprojection: fact %s: %w", e.ID, err)
	}
	d.Body = string(body)
	return d, fieldsOf(fact.Body), nil
}

func fieldsOf(c *ontology.Class) (fields []string) {
	for _, p := range c.Properties {
		fields = append(fields, valuePrefix+escape(p.Name))
	}
	for _, r := range c.Relationships {
		fields = append(fields, linkPrefix+escape(r.Predicate))
	}
	return fields
}

// growth is what a schema lacks.
type growth struct {
	present *schema
	changed map[string]class
}

func (g *growth) class(name string) class {
	c, ok := g.changed[name]
	if !ok {
		c = g.present.classes[name]
		c.fields = maps.Clone(c.fields)
	}
	if c.fields == nil {
		c.fields = map[string]bool{}
	}
	return c
}

// need lets a class have fields.
func (g *growth) need(name string, fields ...string) {
	c := g.class(name)
	_, known := g.present.classes[name]
	for _, f := range fields {
		known = known && c.fields[f]
		c.fields[f] = true
	}
	if _, changed := g.changed[name]; !known || changed {
		g.changed[name] = c
	}
}

// define gives a class its definition, unless it has a newer one.
func (g *growth) define(d definition, fields []string) {
	c := g.class(d.Class)
	if c.definition.Sequence >= d.Sequence {
		return
	}
	c.definition = d
	g.changed[d.Class] = c
	g.need(d.Class, fields...)
}

// needDocument lets a document be written.
func (g *growth) needDocument(d Document) {
	var fields []string
	for name := range d.Values {
		fields = append(fields, valuePrefix+name)
	}
	for name := range d.Links {
		fields = append(fields, linkPrefix+name)
	}
	g.need(d.Class, fields...)
}

// documents are what is to be put, with the mark that the schema then has.
func (g *growth) documents(mark int64) []terminus.Document {
	docs := []terminus.Document{marker(mark)}
	for _, name := range slices.Sorted(maps.Keys(g.changed)) {
		docs = append(docs, g.changed[name].document(name))
	}
	return docs
}

// grown is the schema after that.
func (g *growth) grown(mark int64) *schema {
	s := &schema{mark: mark, classes: maps.Clone(g.present.classes)}
	maps.Copy(s.classes, g.changed)
	return s
}

func marker(mark int64) terminus.Document {
	return terminus.Document{
		"@type": "Class", "@id": markClass, "@key": map[string]any{"@type": "Random"},
		"@metadata": map[string]any{"position": strconv.FormatInt(mark, 10)},
	}
}

// baseSchema is what a new database has.
func baseSchema() []terminus.Document {
	optional := func(of string) map[string]any { return map[string]any{"@type": "Optional", "@class": of} }
	random := map[string]any{"@type": "Random"}
	return []terminus.Document{
		{"@type": "Class", "@id": nodeClass, "@key": random, "instance_id": "xsd:string", "sequence": optional("xsd:long"), "deleted": optional("xsd:boolean")},
		{"@type": "Class", "@id": fenceClass, "@key": random, "position": "xsd:long", "schema": "xsd:long", "complete": "xsd:long"},
		marker(0),
	}
}

func (c class) document(name string) terminus.Document {
	d := terminus.Document{
		"@type": "Class", "@id": escape(name), "@inherits": nodeClass, "@key": map[string]any{"@type": "Random"},
		"@metadata": map[string]any{
			"class_id": name, "sequence": strconv.FormatUint(c.definition.Sequence, 10),
			"deleted": strconv.FormatBool(c.definition.Deleted), "definition": c.definition.Body,
		},
	}
	for f := range c.fields {
		d[f] = map[string]any{"@type": "Optional", "@class": "xsd:string"}
		if strings.HasPrefix(f, linkPrefix) {
			d[f] = map[string]any{"@type": "Set", "@class": nodeClass}
		}
	}
	return d
}

// readSchema reads the schema's documents. ok is false if they have no mark: the
// database is not made yet.
func readSchema(docs []terminus.Document) (s *schema, ok bool) {
	s = &schema{classes: map[string]class{}}
	for _, d := range docs {
		meta, _ := d["@metadata"].(map[string]any)
		text := func(name string) string { v, _ := meta[name].(string); return v }
		if d["@id"] == markClass {
			s.mark, _ = strconv.ParseInt(text("position"), 10, 64)
			ok = true
		}
		name := text("class_id")
		if name == "" {
			continue
		}
		c := class{definition: definition{Class: name, Deleted: text("deleted") == "true", Body: text("definition")}, fields: map[string]bool{}}
		c.definition.Sequence, _ = strconv.ParseUint(text("sequence"), 10, 64)
		for field := range d {
			if strings.HasPrefix(field, valuePrefix) || strings.HasPrefix(field, linkPrefix) {
				c.fields[field] = true
			}
		}
		s.classes[name] = c
	}
	return s, ok
}
