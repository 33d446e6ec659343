package document

import (
	"fmt"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// outcome is a view with the changes of a transaction.
type outcome struct {
	tx             *store.Tx
	removed, added []store.Statement
	gone           map[store.Statement]bool
	types          map[graph.Term]string
	fresh          map[graph.Term][]store.Statement // by subject
}

func newOutcome(tx *store.Tx) *outcome {
	o := &outcome{tx: tx, gone: map[store.Statement]bool{}, types: map[graph.Term]string{}, fresh: map[graph.Term][]store.Statement{}}
	o.removed, o.added = tx.Diff()
	for _, s := range o.removed {
		o.gone[s] = true
		if s.P == store.Type {
			o.types[s.S] = ""
		}
	}
	for _, s := range o.added {
		o.fresh[s.S] = append(o.fresh[s.S], s)
		if s.P == store.Type {
			o.types[s.S] = s.O.Text
		}
	}
	return o
}

// classOf is the IRI of the class of a node in the end, "" if it has none.
func (o *outcome) classOf(n graph.Term) string {
	if iri, ok := o.types[n]; ok {
		return iri
	}
	return o.tx.ClassOf(n)
}

// about are the statements about a node in the end.
func (o *outcome) about(s graph.Term) (list []store.Statement) {
	for x := range o.tx.Subject(s) {
		if !o.gone[x] {
			list = append(list, x)
		}
	}
	return append(list, o.fresh[s]...)
}

// CheckDocuments checks what a change made of whole documents can still break:
// new links must point at something, and links that went with their target must
// not be missed. With classes the targets must be of the right class, too.
func CheckDocuments(tx *store.Tx, classes bool) error {
	o := newOutcome(tx)
	s := tx.Schema
	for _, x := range o.added {
		p := o.property(x)
		if !o.links(x, p) {
			continue
		}
		class := o.classOf(x.O)
		if class == "" {
			return terr.SchemaCheckFailure(terr.Witness("references_untyped_object", map[string]any{"object": x.O.Text, "predicate": x.P.Text, "subject": x.S.Text}))
		}
		if c := s.Class(class); classes && p != nil && c != nil && !c.IsA(p.Range) {
			return terr.SchemaCheckFailure(terr.Witness("referential_integrity_violation", map[string]any{
				"actual_class": class, "instance": x.O.Text, "predicate": x.P.Text, "required_class": p.Range,
			}))
		}
	}
	if len(tx.Deleted) == 0 {
		return nil
	}
	for _, x := range o.removed {
		p := o.property(x)
		if p == nil || !x.O.IsNode() || p.Datatype() {
			continue
		}
		if least, most := p.Bounds(); least == 1 && most == 1 || p.Family == schema.Cardinality {
			if w := cardinality(x.S, p, o.values(x)); w != nil {
				return terr.SchemaCheckFailure(w)
			}
		}
	}
	return nil
}

// links reports whether a statement points at a document: from a property, or
// as an element of a list or an array.
func (o *outcome) links(x store.Statement, p *schema.Property) bool {
	if !x.O.IsNode() {
		return false
	}
	if _, enum := enumValue(o.tx.Schema, x.O.Text); enum {
		return false
	}
	if p == nil {
		return x.P == first || x.P == arrayAt
	}
	return !p.Datatype() && p.Family != schema.List && p.Family != schema.Array
}

// property is the property of the class that the subject has in the end.
func (o *outcome) property(x store.Statement) *schema.Property {
	if c := o.tx.Schema.Class(o.classOf(x.S)); c != nil {
		return c.Property(x.P.Text)
	}
	return nil
}

func (o *outcome) values(x store.Statement) (list []graph.Term) {
	for _, y := range o.about(x.S) {
		if y.P == x.P {
			list = append(list, y.O)
		}
	}
	return list
}

// CheckTriples checks everything about each node that a change touched.
func CheckTriples(tx *store.Tx) error {
	o := newOutcome(tx)
	done := map[graph.Term]bool{}
	for _, list := range [][]store.Statement{o.added, o.removed} {
		for _, x := range list {
			if done[x.S] {
				continue
			}
			done[x.S] = true
			if w := checkNode(tx.Schema, x.S, o.about(x.S), o.classOf); w != nil {
				return terr.SchemaCheckFailure(w)
			}
		}
	}
	return nil
}

// CheckSchema checks all data of a view against another schema.
func CheckSchema(v *store.View, s *schema.Schema) error {
	changedKeys := map[string]bool{}
	for _, c := range s.Classes() {
		if old := v.Schema.Class(c.IRI); old != nil && (old.Key != c.Key || fmt.Sprint(old.Fields) != fmt.Sprint(c.Fields)) {
			changedKeys[c.IRI] = c.Key == "Lexical"
		}
	}
	var about []store.Statement
	check := func() error {
		if len(about) == 0 {
			return nil
		}
		if w := checkNode(s, about[0].S, about, v.ClassOf); w != nil {
			return terr.SchemaCheckFailure(w)
		}
		if class := s.Class(v.ClassOf(about[0].S)); class != nil && changedKeys[class.IRI] && !class.Subdocument {
			return checkKey(s, class, about)
		}
		return nil
	}
	var subject graph.ID
	for t := range v.Graph.Match(graph.Triple{}) {
		if t.S != subject {
			if err := check(); err != nil {
				return err
			}
			subject, about = t.S, about[:0]
		}
		about = append(about, store.Statement{S: v.Terms.Term(t.S), P: v.Terms.Term(t.P), O: v.Terms.Term(t.O)})
	}
	return check()
}

// checkKey compares an id with the one that the key would make.
func checkKey(s *schema.Schema, class *schema.Class, about []store.Statement) error {
	d := &draft{class: class}
	for _, x := range about {
		if p := class.Property(x.P.Text); p != nil {
			d.fields = append(d.fields, field{p, []item{{term: x.O}}})
		}
	}
	if made := s.Context.Base + class.Name + "/" + lexical(s.Context, d); made != about[0].S.Text {
		return terr.SchemaCheckFailure(terr.Witness("key_change_invalid", map[string]any{"generated_id": made, "id": about[0].S.Text}))
	}
	return nil
}

// checkNode answers the first witness against what is said about a node.
func checkNode(s *schema.Schema, node graph.Term, about []store.Statement, classOf func(graph.Term) string) map[string]any {
	if len(about) == 0 {
		return nil
	}
	iri := classOf(node)
	if iri == listType.Text || iri == arrayType.Text {
		return nil
	}
	if iri == "" {
		return terr.Witness("subject_has_no_type", map[string]any{"subject": node.Text})
	}
	class := s.Class(iri)
	if class != nil && class.Abstract {
		// The real server shows its internal number of the subject.
		return terr.Witness("reifying_abstract_class", map[string]any{"class": iri, "subject": 1})
	}
	values := map[string][]graph.Term{}
	for _, x := range about {
		if x.P == store.Type {
			continue
		}
		if class == nil || class.Property(x.P.Text) == nil {
			return terr.Witness("invalid_predicate", map[string]any{"class": iri, "predicate": x.P.Text, "subject": node.Text})
		}
		values[x.P.Text] = append(values[x.P.Text], x.O)
	}
	if class == nil {
		return terr.Witness("instance_not_of_class", map[string]any{"class": iri, "instance": node.Text})
	}
	for _, p := range class.Properties() {
		list := values[p.IRI]
		if w := cardinality(node, p, list); w != nil {
			return w
		}
		for _, v := range list {
			if !fits(s, p, v, classOf) {
				return terr.Witness("instance_not_of_class", map[string]any{"class": p.Range, "instance": showTerm(v)})
			}
		}
	}
	return nil
}

// showTerm is a term as witnesses show it.
func showTerm(t graph.Term) string {
	switch {
	case t.IsNode():
		return t.Text
	case xsd.Subsumes(xsd.Decimal, t.Type) || t.Type == xsd.Boolean:
		return fmt.Sprintf("%s^^'%s'", t.Text, t.Type)
	}
	return fmt.Sprintf("%q^^'%s'", t.Text, t.Type)
}

func fits(s *schema.Schema, p *schema.Property, v graph.Term, classOf func(graph.Term) string) bool {
	switch p.Family {
	case schema.List:
		return v == nilList || classOf(v) == listType.Text
	case schema.Array:
		return classOf(v) == arrayType.Text
	}
	if p.Datatype() {
		return xsd.Subsumes(p.Range, v.Type)
	}
	class := s.Class(p.Range)
	if class.Kind == "Enum" {
		for _, value := range class.Values {
			if v == graph.Node(class.ValueIRI(value)) {
				return true
			}
		}
		return false
	}
	has := s.Class(classOf(v))
	return has != nil && has.IsA(p.Range)
}

// cardinality answers the witness against the number of values, nil if it is right.
func cardinality(node graph.Term, p *schema.Property, values []graph.Term) map[string]any {
	least, most := p.Bounds()
	n := len(values)
	if n >= least && (most == 0 || n <= most) {
		return nil
	}
	fields := map[string]any{"class": p.Range, "instance": node.Text, "predicate": p.IRI}
	if least == 1 && most == 1 {
		return terr.Witness("instance_not_cardinality_one", fields)
	}
	list := make([]any, n)
	for i, v := range values {
		if list[i] = v.Text; !v.IsNode() {
			list[i] = xsd.ReadTyped(v.Text, v.Type)
		}
	}
	fields["cardinality"], fields["object_list"] = n, list
	return terr.Witness("instance_has_wrong_cardinality", fields)
}
