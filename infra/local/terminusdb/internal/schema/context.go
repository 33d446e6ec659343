// Package schema knows classes: what documents of the schema graph say, whether
// they agree with each other, and what a class inherits.
package schema

import (
	"maps"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// Context has the prefixes of a database.
type Context struct {
	Base, Schema string
	Raw          map[string]any // as read, without "@type"
}

// NewContext takes "@base", "@schema" and further prefixes from a document.
func NewContext(doc map[string]any) Context {
	c := Context{Base: "terminusdb:///data/", Schema: "terminusdb:///schema#", Raw: map[string]any{}}
	maps.Copy(c.Raw, doc)
	delete(c.Raw, "@type")
	if v, ok := c.Raw["@base"].(string); ok {
		c.Base = v
	}
	if v, ok := c.Raw["@schema"].(string); ok {
		c.Schema = v
	}
	c.Raw["@base"], c.Raw["@schema"] = c.Base, c.Schema
	return c
}

// Document is the context with the type that a place gives it.
func (c Context) Document(kind string) map[string]any {
	m := maps.Clone(c.Raw)
	m["@type"] = kind
	return m
}

// prefix answers the namespace of a prefix name.
func (c Context) prefix(name string) (string, bool) {
	switch name {
	case "@base":
		return c.Base, true
	case "@schema":
		return c.Schema, true
	}
	if v, ok := c.Raw[name].(string); ok && !strings.HasPrefix(name, "@") {
		return v, true
	}
	v, ok := xsd.Prefixes[name]
	return v, ok
}

// expand makes an IRI of a name, which without a prefix belongs to a namespace.
func (c Context) expand(name, namespace string) string {
	if p, rest, ok := strings.Cut(name, ":"); ok {
		if strings.HasPrefix(rest, "//") {
			return name
		}
		if v, ok := c.prefix(p); ok {
			return v + rest
		}
	}
	return namespace + name
}

// Data makes an IRI of the id of a document.
func (c Context) Data(name string) string { return c.expand(name, c.Base) }

// Name makes an IRI of the name of a class, property or datatype.
func (c Context) Name(name string) string { return c.expand(name, c.Schema) }

// UnknownPrefix reports whether a name uses a prefix that is not known.
func (c Context) UnknownPrefix(name string) bool {
	p, rest, ok := strings.Cut(name, ":")
	if !ok || strings.HasPrefix(rest, "//") {
		return false
	}
	_, known := c.prefix(p)
	return !known
}

// Short is the name of a class or property, or the prefixed name of a datatype.
func (c Context) Short(iri string) string {
	if s, ok := strings.CutPrefix(iri, c.Schema); ok {
		return s
	}
	return c.prefixed(iri)
}

// ShortID is the id of a document as documents show it.
func (c Context) ShortID(iri string) string {
	if s, ok := strings.CutPrefix(iri, c.Base); ok {
		return s
	}
	return c.prefixed(iri)
}

// Compress is an IRI as the answers of queries show it.
func (c Context) Compress(iri string) string {
	if s, ok := strings.CutPrefix(iri, c.Base); ok {
		return s
	}
	if s, ok := strings.CutPrefix(iri, c.Schema); ok {
		return "@schema:" + s
	}
	return c.prefixed(iri)
}

func (c Context) prefixed(iri string) string {
	for name, namespace := range xsd.Prefixes {
		if s, ok := strings.CutPrefix(iri, namespace); ok {
			return name + ":" + s
		}
	}
	return iri
}
