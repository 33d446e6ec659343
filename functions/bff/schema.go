package bff

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

var (
	textFormat    = problem.Define("ontology.format", "The format must be one of {allowed}.", "형식은 {allowed} 중 하나여야 합니다.")
	schemaFormats = []string{"json", "jsonld", "owl"}
)

// schemaDocument is a class with all that it inherits.
type schemaDocument struct {
	core.ClassDocument
	InheritedProperties    []string `json:"inherited_properties"`
	InheritedRelationships []string `json:"inherited_relationships"`
}

// getSchema exports a class with all that it inherits: as a document, as JSON-LD, or as
// JSON-LD with terms of OWL.
func (f *Function) getSchema(r *httpapi.Request) (*httpapi.Response, error) {
	d, err := f.core.Class(r, "class_id")
	if err != nil {
		return nil, err
	}
	switch format := r.Query("format", schemaFormats[0]); format {
	case "json":
		doc := schemaDocument{core.Document(d, r.Branch()), []string{}, []string{}}
		doc.Class = d.Schema.Class
		for _, p := range d.Schema.Class.Properties {
			if _, own := d.Class.Property(p.Name); !own {
				doc.InheritedProperties = append(doc.InheritedProperties, p.Name)
			}
		}
		for _, l := range d.Schema.Class.Relationships[:len(d.Schema.Class.Relationships)-len(d.Class.Relationships)] {
			doc.InheritedRelationships = append(doc.InheritedRelationships, l.Predicate)
		}
		return httpapi.OK(doc), nil
	case "jsonld", "owl":
		return httpapi.OK(jsonLD(d.Schema.Class, format == "owl", r.Lang)), nil
	default:
		return nil, problem.InvalidParameter([]any{"query", "format"}, textFormat.With("allowed", schemaFormats), format)
	}
}

// jsonLD shows a class with the terms of RDFS. With owl it says what OWL can say besides:
// the key, what is required, how many links there may be, which links are each other's
// way back; and it has the comment and version of an ontology.
func jsonLD(c ontology.Class, owl bool, lang problem.Lang) map[string]any {
	doc := map[string]any{
		"@context": map[string]any{
			"rdfs": "http://www.w3.org/2000/01/rdf-schema#", "owl": "http://www.w3.org/2002/07/owl#", "xsd": "http://www.w3.org/2001/XMLSchema#",
		},
		"@id": c.ID, "@type": "owl:Class",
	}
	schemaTexts(doc, c.Label, c.Description)
	if c.ParentClass != nil {
		doc["rdfs:subClassOf"] = reference(*c.ParentClass)
	}
	properties := []any{}
	for _, p := range c.Properties {
		properties = append(properties, dataProperty(c.ID, p, owl))
	}
	for _, l := range c.Relationships {
		properties = append(properties, objectProperty(c.ID, l, owl))
	}
	doc["properties"] = properties
	if owl {
		doc["@comment"] = c.Description.In(lang)
		doc["@owl:versionInfo"] = "1.0"
		keys := []any{}
		for _, name := range c.PrimaryKey() {
			keys = append(keys, reference(name))
		}
		if len(keys) > 0 {
			doc["owl:hasKey"] = map[string]any{"@list": keys}
		}
	}
	return doc
}

func reference(id string) map[string]any { return map[string]any{"@id": id} }

func schemaTexts(doc map[string]any, label, description ontology.Localized) {
	doc["rdfs:label"] = texts(label)
	if list := texts(description); len(list) > 0 {
		doc["rdfs:comment"] = list
	}
}

func dataProperty(class string, p ontology.Property, owl bool) map[string]any {
	doc := map[string]any{"@id": p.Name, "@type": "owl:DatatypeProperty", "rdfs:domain": reference(class), "rdfs:range": reference(xsd(p.Type)), "dataType": p.Type}
	schemaTexts(doc, p.Label, p.Description)
	if owl && p.IsRequired() {
		doc["owl:minCardinality"] = 1
	}
	return doc
}

func objectProperty(class string, l ontology.Relationship, owl bool) map[string]any {
	doc := map[string]any{"@id": l.Predicate, "@type": "owl:ObjectProperty", "rdfs:domain": reference(class), "rdfs:range": reference(l.Target)}
	schemaTexts(doc, l.Label, l.Description)
	if !owl {
		return doc
	}
	if l.Required {
		doc["owl:minCardinality"] = 1
	}
	if !l.Cardinality.IsMany() {
		doc["owl:maxCardinality"] = 1
	}
	if l.InversePredicate != nil {
		doc["owl:inverseOf"] = reference(*l.InversePredicate)
	}
	return doc
}

// xsd is the type of XML Schema in which values of a type can be written.
func xsd(name string) string {
	t, err := value.ParseType(name)
	if err != nil {
		return "xsd:string"
	}
	return t.XSD()
}

func texts(l ontology.Localized) []any {
	list := []any{}
	for _, language := range []problem.Lang{problem.English, problem.Korean} {
		if text, ok := l[string(language)]; ok {
			list = append(list, map[string]any{"@language": language, "@value": text})
		}
	}
	return list
}
