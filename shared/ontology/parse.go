package ontology

import (
	"maps"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

var (
	textLinkTarget    = problem.Define("ontology.link_target", "A link needs a target class: linkTarget", "링크에는 대상 클래스가 필요합니다: linkTarget")
	textNoLink        = problem.Define("ontology.no_link", "Only a link has a {key}", "{key} 값은 링크에만 쓸 수 있습니다.")
	textOnlyValue     = problem.Define("ontology.only_value", "A link has no {key}", "링크에는 {key} 값을 둘 수 없습니다.")
	textNoArray       = problem.Define("ontology.no_array", "Only an array has items", "items 값은 array 형식에만 쓸 수 있습니다.")
	textCardinality   = problem.Define("ontology.cardinality", "Cardinality must be one of 1:1, 1:n, n:1, n:m", "카디널리티는 1:1, 1:n, n:1, n:m 중 하나여야 합니다.")
	textLinkIsKey     = problem.Define("ontology.link_is_key", "A link cannot be part of the primary key", "링크는 기본 키가 될 수 없습니다.")
	textOtherClassID  = problem.Define("ontology.other_id", "The id of a class cannot be changed; it is '{id}'", "클래스 ID는 바꿀 수 없습니다. 현재 ID: '{id}'")
	textLabelCleared  = problem.Define("ontology.label_cleared", "A label can be changed but not cleared", "라벨은 바꿀 수 있지만 지울 수는 없습니다.")
	textListIsCleared = problem.Define("ontology.list_cleared", "Send an empty list to remove all", "모두 지우려면 빈 목록을 보내세요.")
)

// Options tell how a declaration is read.
type Options struct {
	// GenerateID makes the id of a class that was sent without one, see
	// [GenerateClassID]. Without the function such a class is refused.
	GenerateID func(label Localized) string
	// IsClass reports whether a class exists. A property whose type is the id of a class
	// is a link to it; without the function such a type is unknown and refused.
	IsClass func(id string) bool
}

// ParseClass reads a declaration (OntologyCreate, bff-api 3.3) from a decoded JSON
// object at loc. Types get their canonical names, link properties become relationships.
// The errors name unknown and ill-typed fields; the rules of a class are checked by
// [Compile].
func ParseClass(obj map[string]any, opt Options, loc ...any) (Class, problem.FieldErrors) {
	var errs problem.FieldErrors
	r := newReader(obj, loc, &errs)
	c := Class{Label: r.label("label", false), Description: r.localized("description", false)}
	c.ID, _ = r.text("id")
	if id, ok := r.text("@id"); ok && c.ID == "" {
		c.ID = id
	}
	if obj["id"] == nil && obj["@id"] == nil && opt.GenerateID != nil && !c.Label.isBlank() {
		c.ID = opt.GenerateID(c.Label)
	}
	if parent, ok := r.text("parent_class"); ok && parent != "" {
		c.ParentClass = &parent
	}
	c.Abstract = r.flag("abstract")
	c.Metadata = r.metadata()
	p := declarations{opt: opt, errs: &errs}
	c.Properties = p.properties(r)
	c.Relationships = append(p.relationships(r), p.links...)
	r.dropReadOnly()
	r.finish()
	c.fill()
	return c, errs
}

// dropReadOnly accepts what answers hold beside the class, so that what was read can be
// sent back.
func (r *reader) dropReadOnly() {
	r.drop("@type", "@context", "version", "created_at", "updated_at", "branch", "index_status")
}

// metadata reads the metadata of a class without what reads put there, see Response.
func (r *reader) metadata() map[string]any {
	m := maps.Clone(r.object("metadata"))
	delete(m, branchKey)
	return m
}

// fill replaces nil lists and maps, which the contract writes as empty ones.
func (c *Class) fill() {
	if c.Properties == nil {
		c.Properties = []Property{}
	}
	if c.Relationships == nil {
		c.Relationships = []Relationship{}
	}
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
}

// declarations reads properties and relationships. A property that is a link goes to
// links.
type declarations struct {
	opt   Options
	errs  *problem.FieldErrors
	links []Relationship
}

func (d *declarations) properties(r *reader) []Property {
	var out []Property
	items(r, "properties", func(obj map[string]any, loc []any) struct{} {
		if p, ok := d.property(obj, loc); ok {
			out = append(out, p)
		}
		return struct{}{}
	})
	return out
}

func (d *declarations) property(obj map[string]any, loc []any) (Property, bool) {
	r := newReader(obj, loc, d.errs)
	p := Property{loc: loc, Label: r.label("label", true), Description: r.localized("description", true),
		Required: r.flag("required"), Constraints: r.object("constraints"), Default: r.take("default"), Metadata: r.object("metadata")}
	p.PrimaryKey = r.flag("primary_key")
	p.PrimaryKey = r.flag("primaryKey") || p.PrimaryKey
	if p.Constraints == nil {
		p.Constraints = map[string]any{}
	}
	if r.obj["name"] == nil && !p.Label.isBlank() {
		r.drop("name")
		p.Name = GenerateName(p.Label)
	} else {
		p.Name = r.needed("name")
	}
	link, isLink := d.link(r, &p)
	r.drop("display_label")
	r.finish()
	if isLink {
		d.links = append(d.links, link)
	}
	return p, !isLink
}

// link reads the type. It reports whether the property is a link, and which.
func (d *declarations) link(r *reader, p *Property) (Relationship, bool) {
	name := r.needed("type")
	target, hasTarget := r.text("linkTarget")
	if t, ok := r.text("target"); ok && !hasTarget {
		target, hasTarget = t, true
	}
	itemType, itemTarget := d.items(r)
	isRelationship := r.flag("isRelationship")
	typ, err := value.ParseType(name)
	isLink, cardinality := true, OneToMany
	switch {
	case name == "link":
		cardinality = ManyToOne
	case itemType == "link":
		if target == "" {
			target = itemTarget
		}
	case hasTarget || isRelationship:
	case err != nil && d.opt.IsClass != nil && d.opt.IsClass(name):
		target = name
	default:
		isLink = false
	}
	if isLink {
		return d.relationshipOf(r, p, target, cardinality), true
	}
	if itemType != "" && typ.String() == "array" {
		name = "array<" + itemType + ">"
		typ, err = value.ParseType(name)
	} else if itemType != "" {
		r.refuse("items", textNoArray.With())
	}
	// An unknown name is kept: Compile refuses it.
	if p.Type = name; err == nil {
		p.Type = typ.String()
	}
	if _, sent := r.text("cardinality"); sent {
		r.refuse("cardinality", textNoLink.With("key", "cardinality"))
	}
	return Relationship{}, false
}

// items reads the description of an array's items.
func (d *declarations) items(r *reader) (typ, target string) {
	obj := r.object("items")
	if obj == nil {
		return "", ""
	}
	in := newReader(obj, r.at("items"), d.errs)
	typ, _ = in.text("type")
	target, _ = in.text("linkTarget")
	if t, ok := in.text("target"); ok && target == "" {
		target = t
	}
	in.finish()
	return typ, target
}

func (d *declarations) relationshipOf(r *reader, p *Property, target string, byDefault Cardinality) Relationship {
	if target == "" {
		r.refuse("target", textLinkTarget.With())
	}
	if p.PrimaryKey {
		r.refuse("primary_key", textLinkIsKey.With())
	}
	if p.Default != nil {
		r.refuse("default", textOnlyValue.With("key", "default"))
	}
	if len(p.Constraints) > 0 {
		r.refuse("constraints", textOnlyValue.With("key", "constraints"))
	}
	return Relationship{loc: p.loc, Predicate: p.Name, Target: target, Label: p.Label, Description: p.Description,
		Required: p.Required, Cardinality: d.cardinality(r, byDefault)}
}

func (d *declarations) cardinality(r *reader, byDefault Cardinality) Cardinality {
	text, ok := r.text("cardinality")
	if !ok {
		return byDefault
	}
	c, known := ParseCardinality(text)
	if !known {
		r.refuse("cardinality", textCardinality.With())
	}
	return c
}

func (d *declarations) relationships(r *reader) []Relationship {
	return items(r, "relationships", func(obj map[string]any, loc []any) Relationship {
		in := newReader(obj, loc, d.errs)
		rel := Relationship{loc: loc, Label: in.label("label", true), Description: in.localized("description", true),
			InverseLabel: in.localized("inverse_label", true), Required: in.flag("required"), Cardinality: d.cardinality(in, OneToMany)}
		rel.Predicate, rel.Target = in.needed("predicate"), in.needed("target")
		if inverse, ok := in.text("inverse_predicate"); ok && inverse != "" {
			rel.InversePredicate = &inverse
		}
		in.drop("display_label")
		in.finish()
		return rel
	})
}
