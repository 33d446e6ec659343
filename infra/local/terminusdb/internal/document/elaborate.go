package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// item is a value of a property: a term, a nested document, or a name that a
// document of the same request has captured.
type item struct {
	term    graph.Term
	doc     *draft
	capture string
	lists   []item // of an array of arrays
}

// field has the values of a property.
type field struct {
	prop  *schema.Property
	items []item
}

// draft is a document that agrees with its class by itself.
type draft struct {
	class   *schema.Class
	given   string // id as sent, "" if none
	capture string
	raw     map[string]any
	fields  []field
	id      graph.Term
}

// elaborator reads documents by a schema.
type elaborator struct{ s *schema.Schema }

// document reads a document. Without "@type" its class is the one of the
// candidates that it agrees with.
func (e elaborator) document(raw map[string]any, candidates []*schema.Class) (*draft, error) {
	kind, ok := raw["@type"].(string)
	if !ok {
		return e.infer(raw, candidates)
	}
	class := e.s.Class(e.s.Context.Name(kind))
	if class == nil || class.Kind == "Enum" {
		return nil, terr.SchemaCheckFailure(terr.Witness("ascribed_type_does_not_exist", map[string]any{"ascribed_type": e.s.Context.Name(kind), "document": raw}))
	}
	if class.Abstract {
		err := terr.New("DocumentInsertionFailedUnexpectedly", map[string]any{"document": raw}, "Document insertion failed unexpectedly")
		err.Status = 500
		return nil, err
	}
	return e.as(raw, class)
}

// noUniqueType is the witness for a document whose class is not plain.
func noUniqueType(raw map[string]any, reason error) map[string]any {
	w := map[string]any{"@type": "no_unique_type_for_document", "document": raw}
	if t, ok := reason.(*terr.Error); ok {
		if list, ok := t.Fields["witnesses"].([]any); ok {
			w["reason"] = list[0]
		}
	}
	return w
}

func (e elaborator) infer(raw map[string]any, candidates []*schema.Class) (*draft, error) {
	var found *draft
	var reason error
	for _, class := range candidates {
		d, err := e.as(raw, class)
		switch {
		case err != nil:
			reason = err
		case found != nil:
			return nil, terr.SchemaCheckFailure(noUniqueType(raw, nil))
		default:
			found = d
		}
	}
	if found != nil {
		return found, nil
	}
	if len(candidates) != 1 {
		reason = nil
	}
	return nil, terr.SchemaCheckFailure(noUniqueType(raw, reason))
}

// top are the classes that a document of its own may have.
func (e elaborator) top() []*schema.Class {
	return slices.DeleteFunc(e.s.Classes(), func(c *schema.Class) bool { return c.Abstract || c.Subdocument || c.Kind == "Enum" })
}

// below are the classes that a value of a class may have.
func (e elaborator) below(iri string) []*schema.Class {
	return slices.DeleteFunc(e.s.Classes(), func(c *schema.Class) bool { return c.Abstract || c.Kind == "Enum" || !c.IsA(iri) })
}

// as reads a document as one of a class.
func (e elaborator) as(raw map[string]any, class *schema.Class) (*draft, error) {
	d := &draft{class: class, raw: raw}
	x := e.s.Context
	shown := map[string]any{} // with full names: what witnesses show
	if _, ok := raw["@type"]; ok {
		shown["@type"] = class.IRI
	}
	var unknown []any
	values := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		v := raw[name]
		switch name {
		case "@type", "@linked-by":
			continue
		case "@id":
			d.given, _ = v.(string)
			if d.given != "" {
				shown["@id"] = x.Data(d.given)
			}
			continue
		case "@capture":
			d.capture, _ = v.(string)
			continue
		}
		iri := x.Name(name)
		shown[iri] = v
		if class.Property(iri) == nil {
			unknown = append(unknown, iri)
			continue
		}
		values[iri] = v
	}
	if unknown != nil {
		return nil, terr.SchemaCheckFailure(terr.Witness("unknown_property_for_type", map[string]any{"document": shown, "property": unknown, "type": class.IRI}))
	}
	if err := checkChoices(class, values, shown); err != nil {
		return nil, err
	}
	for _, p := range class.Properties() {
		v, ok := values[p.IRI]
		if !ok || v == nil {
			continue
		}
		items, err := e.values(p, v, shown)
		if err != nil {
			return nil, err
		}
		d.fields = append(d.fields, field{p, items})
		shown[p.IRI] = show(p, v)
	}
	for _, p := range class.Properties() {
		if v, ok := values[p.IRI]; p.Choice > 0 || ok && v != nil {
			continue
		}
		switch least, most := p.Bounds(); {
		case p.Family == schema.Cardinality && least > 0:
			return nil, wrongCardinality(p, 0, least, most, shown)
		case least == 1 && most == 1:
			return nil, terr.SchemaCheckFailure(terr.Witness("required_field_does_not_exist_in_document", map[string]any{"document": shown, "field": p.IRI}))
		}
	}
	return d, nil
}

func wrongCardinality(p *schema.Property, n, least, most int, shown map[string]any) error {
	return terr.SchemaCheckFailure(terr.Witness("field_has_wrong_cardinality", map[string]any{"actual": n, "document": shown, "field": p.IRI, "min": least, "max": most}))
}

// checkChoices wants exactly one of each "@oneOf".
func checkChoices(class *schema.Class, values, shown map[string]any) error {
	for choice := 1; choice <= class.Choices; choice++ {
		n := 0
		all := map[string]any{}
		for _, p := range class.Properties() {
			if p.Choice != choice {
				continue
			}
			all[p.IRI] = p.Range
			if v, ok := values[p.IRI]; ok && v != nil {
				n++
			}
		}
		switch {
		case n > 1:
			return terr.SchemaCheckFailure(terr.Witness("choice_has_too_many_answers", map[string]any{"choice": all, "document": shown}))
		case n == 0:
			return terr.SchemaCheckFailure(terr.Witness("no_choice_is_cardinality_one", map[string]any{"choice": all, "document": shown}))
		}
	}
	return nil
}

// show is a value that was read, as witnesses show it.
func show(p *schema.Property, v any) any {
	if !p.Datatype() {
		return v
	}
	one := func(v any) any { return map[string]any{"@type": p.Range, "@value": v} }
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	switch p.Family {
	case schema.Array:
		return map[string]any{"@container": "@array", "@dimensions": p.Dimensions, "@type": p.Range, "@value": list}
	case schema.Set, schema.Cardinality, schema.List:
		shown := make([]any, len(list))
		for i, v := range list {
			shown[i] = one(v)
		}
		container := "@set"
		if p.Family == schema.List {
			container = "@list"
		}
		return map[string]any{"@container": container, "@type": p.Range, "@value": shown}
	}
	return one(v)
}

// values reads the values of a property.
func (e elaborator) values(p *schema.Property, v any, shown map[string]any) ([]item, error) {
	list, isList := v.([]any)
	switch p.Family {
	case schema.Required, schema.Optional:
		i, err := e.value(p, v)
		return []item{i}, err
	case schema.Array:
		return e.array(p, list, p.Dimensions)
	}
	if !isList {
		list = []any{v}
	}
	if p.Family == schema.Cardinality {
		if least, most := p.Bounds(); len(list) < least || most > 0 && len(list) > most {
			return nil, wrongCardinality(p, len(list), least, most, shown)
		}
	}
	return e.array(p, list, 1)
}

func (e elaborator) array(p *schema.Property, list []any, dimensions int) ([]item, error) {
	items := make([]item, 0, len(list))
	for _, v := range list {
		if inner, ok := v.([]any); ok && dimensions > 1 {
			sub, err := e.array(p, inner, dimensions-1)
			if err != nil {
				return nil, err
			}
			items = append(items, item{lists: sub})
			continue
		}
		i, err := e.value(p, v)
		if err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, nil
}

// at is the failure of the value of a property.
func at(p *schema.Property, witness map[string]any) error {
	return terr.SchemaCheckFailure(map[string]any{p.IRI: witness})
}

func notOfType(p *schema.Property, v any) error {
	return at(p, map[string]any{"@type": "could_not_interpret_as_type", "type": p.Range, "value": v})
}

// value reads one value.
func (e elaborator) value(p *schema.Property, v any) (item, error) {
	if _, ok := v.([]any); ok {
		return item{}, terr.SchemaCheckFailure(terr.Witness("unexpected_list", map[string]any{"type": p.Range, "value": v}))
	}
	if p.Datatype() {
		return e.literal(p, v)
	}
	class := e.s.Class(p.Range)
	if class.Kind == "Enum" {
		text, ok := v.(string)
		if !ok || !slices.Contains(class.Values, text) {
			return item{}, at(p, map[string]any{"@type": "not_a_valid_enum", "enum": class.IRI, "value": v})
		}
		return item{term: graph.Node(class.ValueIRI(text))}, nil
	}
	switch x := v.(type) {
	case string:
		return item{term: graph.Node(e.s.Context.Data(x))}, nil
	case map[string]any:
		if ref, ok := x["@ref"].(string); ok {
			return item{capture: ref}, nil
		}
		if id, ok := x["@id"].(string); ok && x["@type"] == "@id" {
			return item{term: graph.Node(e.s.Context.Data(id))}, nil
		}
		d, err := e.document(x, e.below(p.Range))
		if _, typed := x["@type"]; err != nil && !typed {
			// The witness of a document without a type names the property.
			if list, ok := err.(*terr.Error).Fields["witnesses"].([]any); ok {
				return item{}, at(p, list[0].(map[string]any))
			}
		}
		return item{doc: d}, err
	}
	return item{}, notOfType(p, v)
}

func (e elaborator) literal(p *schema.Property, v any) (item, error) {
	switch x := v.(type) {
	case map[string]any:
		if p.Range == xsd.JSON {
			return item{term: graph.Term{Type: p.Range, Text: xsd.FreeJSON(x)}}, nil
		}
		kind, ok := x["@type"].(string)
		inner, has := x["@value"]
		if !ok || !has || len(x) != 2 {
			return item{}, at(p, noUniqueType(x, nil))
		}
		if iri := e.s.Context.Name(kind); iri != p.Range {
			return item{}, terr.SchemaCheckFailure(terr.Witness("ascribed_type_not_subsumed", map[string]any{"ascribed_type": iri, "required_type": p.Range, "document": x}))
		}
		v = inner
	case bool:
		if p.Range != xsd.Boolean {
			return item{}, terr.New("UnexpectedBooleanValue", map[string]any{"expected_type": p.Range, "value": x}, "Unexpected boolean value: %v, expected type: '%s'", x, p.Range)
		}
	}
	if _, isText := v.(string); isText && p.Range == xsd.XDD+"json" {
		return item{}, terr.Unexpected("instantiation_error")
	}
	text, ok := xsd.Cast(v, p.Range)
	if !ok {
		return item{}, notOfType(p, refused(p.Range, v))
	}
	return item{term: graph.Term{Type: p.Range, Text: text}}, nil
}

// refused is a value as the witness shows it: with its type where the real
// server had to compare types.
func refused(iri string, v any) any {
	switch x := v.(type) {
	case json.Number:
		if iri == xsd.Decimal || xsd.Subsumes(xsd.Decimal, iri) || strings.HasSuffix(iri, "double") || strings.HasSuffix(iri, "float") {
			return x
		}
		return fmt.Sprintf("%s^^'%s'", x, xsd.Decimal)
	case string:
		if iri == xsd.JSON {
			return fmt.Sprintf("%q^^'%s'", x, xsd.String)
		}
	}
	return v
}
