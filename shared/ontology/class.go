// Package ontology is the class model: what a class of instances is, how a declaration
// is read and checked, how it is changed, and what the linter says about it. It is pure:
// it knows neither HTTP nor a store, and every function gives the same result for the
// same arguments.
package ontology

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Class is a class of instances. As JSON it has the contract's shape (bff-api 3.3):
// localised texts are maps, absent ones null.
type Class struct {
	ID            string         `json:"id"`
	Label         Localized      `json:"label"`
	Description   Localized      `json:"description"`
	ParentClass   *string        `json:"parent_class"`
	Abstract      bool           `json:"abstract"`
	Properties    []Property     `json:"properties"`
	Relationships []Relationship `json:"relationships"`
	Metadata      map[string]any `json:"metadata"`
}

// Property is a value that instances have.
type Property struct {
	Name string `json:"name"`
	// Type is the canonical name of a data type, see package value.
	Type        string         `json:"type"`
	Label       Localized      `json:"label"`
	Description Localized      `json:"description"`
	Required    bool           `json:"required"`
	PrimaryKey  bool           `json:"primary_key"`
	Default     any            `json:"default"`
	Constraints map[string]any `json:"constraints"`
	Metadata    map[string]any `json:"metadata,omitempty"`

	loc []any // where the declaration stood in the request
}

// Relationship is a link that instances have to instances of the target class.
type Relationship struct {
	Predicate        string      `json:"predicate"`
	Target           string      `json:"target"`
	Label            Localized   `json:"label"`
	Cardinality      Cardinality `json:"cardinality"`
	Description      Localized   `json:"description"`
	InversePredicate *string     `json:"inverse_predicate"`
	InverseLabel     Localized   `json:"inverse_label"`
	// Required says that instances must have a link; the contract knows it only of links
	// that are declared as properties.
	Required bool `json:"required,omitempty"`

	loc []any // where the declaration stood in the request
}

// Cardinality says how many instances are on each side of a relationship. Its right side
// decides the form of a link: one target (1:1, n:1) or a list (1:n, n:m). Its left side
// is what the schema means, not a constraint that targets are unique: 1:n is the default
// for lists of links, under which clients share targets between instances.
type Cardinality string

// The cardinalities.
const (
	OneToOne   Cardinality = "1:1"
	OneToMany  Cardinality = "1:n"
	ManyToOne  Cardinality = "n:1"
	ManyToMany Cardinality = "n:m"
)

// ParseCardinality reads a cardinality; n:n is another way to write n:m.
func ParseCardinality(s string) (Cardinality, bool) {
	c := Cardinality(strings.ToLower(strings.TrimSpace(s)))
	if c == "n:n" {
		c = ManyToMany
	}
	return c, slices.Contains([]Cardinality{OneToOne, OneToMany, ManyToOne, ManyToMany}, c)
}

// IsMany reports whether one instance can have several links.
func (c Cardinality) IsMany() bool { return c == OneToMany || c == ManyToMany }

// UnmarshalJSON reads a stored class. Numbers in defaults, constraints and metadata keep
// their text.
func (c *Class) UnmarshalJSON(data []byte) error {
	type plain Class
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode((*plain)(c))
}

// Equal reports whether two classes are the same for everybody who reads them, wherever
// their declarations stood in a request.
func (c Class) Equal(other Class) bool {
	mine, err := json.Marshal(c)
	if err != nil {
		return false
	}
	theirs, err := json.Marshal(other)
	return err == nil && bytes.Equal(mine, theirs)
}

// Property returns the property of a name.
func (c Class) Property(name string) (Property, bool) {
	i := slices.IndexFunc(c.Properties, func(p Property) bool { return p.Name == name })
	if i < 0 {
		return Property{}, false
	}
	return c.Properties[i], true
}

// PrimaryKey returns the names of the declared key properties, in their order.
func (c Class) PrimaryKey() []string {
	var names []string
	for _, p := range c.Properties {
		if p.PrimaryKey {
			names = append(names, p.Name)
		}
	}
	return names
}

// ImplicitKey is the name that identifies instances of a class without a declared key,
// if the class has a property of that name.
func (c Class) ImplicitKey() string { return strings.ToLower(c.ID) + "_id" }

// Inherit returns the class with the properties and relationships of its parent before
// its own; what both define is the child's. The parent's key is inherited unless the
// child declares one.
func (c Class) Inherit(parent Class) Class {
	own := map[string]bool{}
	for _, p := range c.Properties {
		own[p.Name] = true
	}
	for _, r := range c.Relationships {
		own[r.Predicate] = true
	}
	hasKey := len(c.PrimaryKey()) > 0
	var properties []Property
	for _, p := range parent.Properties {
		if !own[p.Name] {
			p.PrimaryKey = p.PrimaryKey && !hasKey
			properties = append(properties, p)
		}
	}
	var relationships []Relationship
	for _, r := range parent.Relationships {
		if !own[r.Predicate] {
			relationships = append(relationships, r)
		}
	}
	c.Properties = append(properties, c.Properties...)
	c.Relationships = append(relationships, c.Relationships...)
	return c
}
