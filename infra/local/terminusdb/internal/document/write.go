package document

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

var (
	listType  = graph.Node(xsd.RDF + "List")
	first     = graph.Node(xsd.RDF + "first")
	rest      = graph.Node(xsd.RDF + "rest")
	nilList   = graph.Node(xsd.RDF + "nil")
	arrayType = graph.Node(xsd.Sys + "Array")
	arrayAt   = graph.Node(xsd.Sys + "value")
)

// index is the predicate of a dimension of an array, the innermost is 0.
func index(dimension int) graph.Term {
	if dimension == 0 {
		return graph.Node(xsd.Sys + "index")
	}
	return graph.Node(xsd.Sys + "index" + strconv.Itoa(dimension+1))
}

// Writer writes the documents of one request into a transaction.
type Writer struct {
	Tx *store.Tx
	// Repeats allows several documents of one id: their statements add up.
	Repeats bool
	// Fresh takes no document of the view for one that exists.
	Fresh bool

	ids      map[graph.Term]bool
	captured map[string]graph.Term
	pending  []pending
}

// pending is a link to a name that is not captured yet.
type pending struct {
	s, p graph.Term
	name string
}

// NewWriter writes into a transaction.
func NewWriter(tx *store.Tx) *Writer {
	return &Writer{Tx: tx, ids: map[graph.Term]bool{}, captured: map[string]graph.Term{}}
}

type mode int

const (
	insert mode = iota
	replace
	upsert
)

// Insert adds a document and answers its IRI.
func (w *Writer) Insert(raw map[string]any) (string, error) { return w.write(raw, insert) }

// Replace puts a document in the place of the one of its id, which must exist
// unless create is true.
func (w *Writer) Replace(raw map[string]any, create bool) (string, error) {
	if create {
		return w.write(raw, upsert)
	}
	return w.write(raw, replace)
}

func (w *Writer) write(raw map[string]any, m mode) (string, error) {
	e := elaborator{w.Tx.Schema}
	var candidates []*schema.Class
	if _, typed := raw["@type"]; !typed {
		candidates = e.top()
	}
	d, err := e.document(raw, candidates)
	if err != nil {
		return "", err
	}
	if err := w.put(d, w.Tx.Schema.Context.Base, m); err != nil {
		return "", err
	}
	return d.id.Text, nil
}

// Finish links to what was captured.
func (w *Writer) Finish() {
	for _, p := range w.pending {
		if id, ok := w.captured[p.name]; ok {
			w.Tx.Add(store.Statement{S: p.s, P: p.p, O: id})
		}
	}
}

// put writes a draft whose id begins with a prefix.
func (w *Writer) put(d *draft, prefix string, m mode) error {
	if err := w.name(d, prefix); err != nil {
		return err
	}
	there := !w.Fresh && w.Tx.ClassOf(d.id) != ""
	switch {
	case m == insert && there && d.class.Key == "ValueHash":
		return nil
	case m == insert && there:
		return terr.New("DocumentIdAlreadyExists", map[string]any{"document": d.raw, "document_id": d.id.Text},
			"Tried to insert a new document with id '%s', but an object with that id already exists", d.id.Text)
	case m == replace && !there:
		return terr.NotFound("DocumentNotFound", map[string]any{"document": d.raw, "document_id": d.id.Text}, "Document not found: '%s'", d.id.Text)
	}
	if w.ids[d.id] && !w.Repeats && !d.class.Subdocument {
		return terr.New("SameDocumentIdsMutatedInOneTransaction", map[string]any{"duplicate_ids": []any{d.id.Text}}, "Tried to mutate document with same id multiple times")
	}
	w.ids[d.id] = true
	if d.capture != "" {
		w.captured[d.capture] = d.id
	}
	if there {
		w.remove(d.id, false)
	}
	w.Tx.Add(store.Statement{S: d.id, P: store.Type, O: graph.Node(d.class.IRI)})
	for _, f := range d.fields {
		if err := w.field(d, f, m); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) field(d *draft, f field, m mode) error {
	if xsd.NotStored(f.prop.Range) {
		return nil
	}
	p := graph.Node(f.prop.IRI)
	switch f.prop.Family {
	case schema.List:
		return w.list(d, p, f, m)
	case schema.Array:
		return w.array(d, p, f, f.items, nil, m)
	}
	for _, i := range f.items {
		if err := w.link(d, d.id, p, f.prop, i, m); err != nil {
			return err
		}
	}
	return nil
}

// link states that a node has a value.
func (w *Writer) link(owner *draft, s, p graph.Term, prop *schema.Property, i item, m mode) error {
	switch {
	case i.capture != "":
		w.pending = append(w.pending, pending{s, p, i.capture})
		return nil
	case i.doc != nil:
		prefix := w.Tx.Schema.Context.Base
		if i.doc.class.Subdocument {
			prefix = owner.id.Text + "/" + prop.Name + "/"
			m = insert
		} else if m == replace {
			m = upsert
		}
		if err := w.put(i.doc, prefix, m); err != nil {
			return err
		}
		i.term = i.doc.id
	}
	w.Tx.Add(store.Statement{S: s, P: p, O: i.term})
	return nil
}

func (w *Writer) list(d *draft, p graph.Term, f field, m mode) error {
	s, at := d.id, p
	for _, i := range f.items {
		cons := graph.Node(w.Tx.Schema.Context.Base + "Cons/" + store.RandomID())
		w.Tx.Add(store.Statement{S: s, P: at, O: cons})
		w.Tx.Add(store.Statement{S: cons, P: store.Type, O: listType})
		if err := w.link(d, cons, first, f.prop, i, m); err != nil {
			return err
		}
		s, at = cons, rest
	}
	w.Tx.Add(store.Statement{S: s, P: at, O: nilList})
	return nil
}

func (w *Writer) array(d *draft, p graph.Term, f field, items []item, outer []int, m mode) error {
	for n, i := range items {
		place := append(slices.Clone(outer), n)
		if i.lists != nil {
			if err := w.array(d, p, f, i.lists, place, m); err != nil {
				return err
			}
			continue
		}
		at := graph.Node(w.Tx.Schema.Context.Base + "Array/" + store.RandomID())
		w.Tx.Add(store.Statement{S: d.id, P: p, O: at})
		w.Tx.Add(store.Statement{S: at, P: store.Type, O: arrayType})
		for k := range place {
			w.Tx.Add(store.Statement{S: at, P: index(k), O: graph.Term{Type: xsd.XSD + "nonNegativeInteger", Text: strconv.Itoa(place[len(place)-1-k])}})
		}
		if err := w.link(d, at, arrayAt, f.prop, i, m); err != nil {
			return err
		}
	}
	return nil
}

// name gives a draft its id: the one sent, or one made by the key of the class.
func (w *Writer) name(d *draft, prefix string) error {
	x := w.Tx.Schema.Context
	prefix += d.class.Name + "/"
	given := ""
	if d.given != "" {
		given = x.Data(d.given)
	}
	made := ""
	switch d.class.Key {
	case "Lexical":
		made = prefix + lexical(x, d)
	case "Hash":
		made = prefix + hash(prefix, lexical(x, d))
	case "ValueHash":
		made = prefix + hash(prefix, content(d))
	default:
		switch {
		case given == "":
			given = prefix + store.RandomID()
		case !strings.HasPrefix(given, prefix):
			quoted := "'" + given + "'"
			if given == d.given {
				quoted = strconv.Quote(given)
			}
			return terr.New("SubmittedDocumentIdDoesNotHaveExpectedPrefix", map[string]any{"document": d.raw, "prefix": prefix, "submitted_id": given},
				"Document id %s does not have expected prefix '%s'", quoted, prefix)
		}
	}
	if made != "" && given != "" && given != made {
		return terr.New("SubmittedIdDoesNotMatchGeneratedId", map[string]any{"document": d.raw, "generated_id": made, "submitted_id": given},
			"Document was submitted with id '%s', but id '%s' was generated", given, made)
	}
	if made != "" {
		given = made
	}
	d.id = graph.Node(given)
	return nil
}

// lexical joins the values of the fields of a key.
func lexical(x schema.Context, d *draft) string {
	parts := make([]string, len(d.class.Fields))
	for i, iri := range d.class.Fields {
		parts[i] = "+none+"
		for _, f := range d.fields {
			if f.prop.IRI == iri && len(f.items) > 0 {
				parts[i] = schema.EncodeID(x.ShortID(f.items[0].term.Text))
			}
		}
	}
	return strings.Join(parts, "+")
}

func hash(prefix, text string) string {
	sum := sha256.Sum256([]byte(prefix + text))
	return hex.EncodeToString(sum[:])
}

// content writes all that a draft says, in one way.
func content(d *draft) string {
	var b strings.Builder
	for _, f := range d.fields {
		var list []string
		for _, i := range f.items {
			list = append(list, itemContent(i))
		}
		if f.prop.Family == schema.Set || f.prop.Family == schema.Cardinality {
			slices.Sort(list)
			list = slices.Compact(list)
		}
		line, _ := json.Marshal([]any{f.prop.IRI, list})
		b.Write(line)
	}
	return b.String()
}

func itemContent(i item) string {
	switch {
	case i.doc != nil:
		return content(i.doc)
	case i.lists != nil:
		var list []string
		for _, e := range i.lists {
			list = append(list, itemContent(e))
		}
		return fmt.Sprintf("%q", list)
	}
	return i.term.Type + " " + i.term.Text + i.capture
}

// Delete removes a document and what is part of it. Links to it go with it.
func (w *Writer) Delete(iri string) error {
	id := graph.Node(iri)
	if w.Tx.ClassOf(id) == "" {
		return terr.NotFound("DocumentNotFound", map[string]any{"document_id": iri}, "Document not found: %q", iri)
	}
	w.remove(id, true)
	return nil
}

// remove takes away the statements about a node and its parts; with the links
// to them if they shall not come back.
func (w *Writer) remove(id graph.Term, forGood bool) {
	if forGood {
		w.Tx.Deleted = append(w.Tx.Deleted, id)
		for s := range w.Tx.Object(id) {
			w.Tx.Remove(s)
		}
	}
	for s := range w.Tx.Subject(id) {
		w.Tx.Remove(s)
		if s.P != store.Type && s.O.IsNode() && w.part(s.O) {
			w.remove(s.O, true)
		}
	}
}

// part reports whether a node belongs to the document that points at it.
func (w *Writer) part(o graph.Term) bool {
	switch iri := w.Tx.ClassOf(o); iri {
	case "":
		return false
	case listType.Text, arrayType.Text:
		return true
	default:
		class := w.Tx.Schema.Class(iri)
		return class != nil && class.Subdocument
	}
}
