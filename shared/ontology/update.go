package ontology

import (
	"maps"
	"slices"

	"spiceharvester/shared/problem"
)

// Update is a change of a class: the fields that the client sent (OntologyUpdate,
// bff-api 3.3).
type Update struct {
	// Fields are the names of the fields sent, sorted.
	Fields []string

	label, description       localizedPatch
	clearDescription         bool
	parent                   *string
	abstract                 bool
	properties               []Property
	relationships, linkProps []Relationship
	metadata                 map[string]any
}

// ParseUpdate reads a change of the class with this id. What was read may be sent back:
// the id must then be the same.
func ParseUpdate(obj map[string]any, classID string, opt Options, loc ...any) (Update, problem.FieldErrors) {
	var errs problem.FieldErrors
	var u Update
	r := newReader(obj, loc, &errs)
	for _, key := range []string{"id", "@id"} {
		if id, ok := r.text(key); ok && id != classID {
			r.refuse(key, textOtherClassID.With("id", classID))
		}
	}
	u.label = u.patch(r, "label")
	if r.sent("label") && obj["label"] == nil {
		r.refuse("label", textLabelCleared.With())
	}
	u.description = u.patch(r, "description")
	u.clearDescription = r.sent("description") && obj["description"] == nil
	if parent, ok := r.text("parent_class"); ok && parent != "" {
		u.parent = &parent
	}
	u.abstract = r.flag("abstract")
	u.metadata = r.metadata()
	d := declarations{opt: opt, errs: &errs}
	u.properties, u.relationships, u.linkProps = d.properties(r), d.relationships(r), d.links
	for _, key := range []string{"properties", "relationships"} {
		if r.sent(key) && obj[key] == nil {
			r.refuse(key, textListIsCleared.With())
		}
	}
	r.dropReadOnly()
	r.finish()
	for _, key := range []string{"label", "description", "parent_class", "abstract", "properties", "relationships", "metadata"} {
		if r.sent(key) {
			u.Fields = append(u.Fields, key)
		}
	}
	slices.Sort(u.Fields)
	return u, errs
}

func (u *Update) patch(r *reader, key string) localizedPatch {
	v := r.withTranslations(key)
	if v == nil {
		return nil
	}
	patch, errs := parseLocalized(v, true, r.at(key))
	*r.errs = append(*r.errs, errs...)
	return patch
}

func (u Update) sent(field string) bool {
	_, ok := slices.BinarySearch(u.Fields, field)
	return ok
}

// Apply returns the changed class. Texts are merged language by language, lists and
// metadata replaced as a whole; what was not sent stays. Links declared as properties
// replace relationships of the same predicate.
func (u Update) Apply(c Class) Class {
	if u.label != nil {
		c.Label = u.label.apply(c.Label)
	}
	switch {
	case u.clearDescription:
		c.Description = nil
	case u.description != nil:
		c.Description = u.description.apply(c.Description)
	}
	if u.sent("parent_class") {
		c.ParentClass = u.parent
	}
	if u.sent("abstract") {
		c.Abstract = u.abstract
	}
	if u.sent("properties") {
		c.Properties = u.properties
	}
	if u.sent("relationships") {
		c.Relationships = u.relationships
	}
	for _, link := range u.linkProps {
		c.Relationships = slices.DeleteFunc(slices.Clone(c.Relationships), func(r Relationship) bool {
			return !u.sent("relationships") && r.Predicate == link.Predicate
		})
		c.Relationships = append(c.Relationships, link)
	}
	if u.sent("metadata") {
		c.Metadata = maps.Clone(u.metadata)
	}
	c.fill()
	return c
}
