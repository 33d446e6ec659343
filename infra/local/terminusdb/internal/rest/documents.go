package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"spiceharvester/infra/local/terminusdb/internal/document"
	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

func (c *call) document() error {
	switch c.method {
	case http.MethodPost:
		c.class = "api:InsertDocumentErrorResponse"
	case http.MethodPut:
		c.class = "api:ReplaceDocumentErrorResponse"
	case http.MethodDelete:
		c.class = "api:DeleteDocumentErrorResponse"
	default:
		c.class = "api:GetDocumentErrorResponse"
		return c.readDocuments()
	}
	return c.writeDocuments()
}

// graphType is "instance" or "schema".
func (c *call) graphType() (string, error) {
	v, ok := c.param("graph_type")
	switch {
	case !ok:
		return "instance", nil
	case v == "instance" || v == "schema":
		return v.(string), nil
	}
	return "", badType("graph_type", "graph (schema, instance)", v)
}

// documents reads one document, a list, or several one after another.
func documents(b []byte) ([]any, error) {
	var list []any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		var v any
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, invalidJSON(b, err)
		}
		if l, ok := v.([]any); ok {
			list = append(list, l...)
		} else {
			list = append(list, v)
		}
	}
}

func invalidJSON(b []byte, err error) error {
	what := "illegal_json"
	if errors.Is(err, io.ErrUnexpectedEOF) && !bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		what = "unexpected_end_of_file"
	}
	e := terr.New("JSONInvalid", nil, "Submitted JSON data is invalid")
	e.Extra = map[string]any{"api:what": what}
	return e
}

// objects takes the documents of a body for what they must be.
func objects(list []any) ([]map[string]any, error) {
	docs := make([]map[string]any, len(list))
	for i, v := range list {
		doc, ok := v.(map[string]any)
		if !ok {
			b, _ := json.Marshal(v)
			return nil, terr.TypeError(string(b), "dict")
		}
		docs[i] = doc
	}
	return docs, nil
}

// writing is a request that changes documents.
type writing struct {
	author, message string
	docs            []map[string]any // of an insert or replace
	ids             []string         // of a delete
	class           string           // of a delete: all documents of the class
	nuke            bool
	create, full    bool
	merge           bool
}

func (c *call) writeDocuments() error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	d, err := c.find(r)
	if err != nil {
		return err
	}
	var body []byte
	if c.method != http.MethodDelete || c.r.ContentLength != 0 && c.r.Header.Get("Content-Type") != "" {
		if body, err = c.body(); err != nil {
			return err
		}
	}
	kind, err := c.graphType()
	if err != nil {
		return err
	}
	if err := c.allow(d, kind+"_write_access"); err != nil {
		return err
	}
	if r.branch == "" {
		return terr.New("DocumentAccessImpossible", map[string]any{"access_type": "write", "graph_type": kind, "resource_path": r.path},
			"action 'write' on graph type %s is impossible on resource '%s'", kind, r.path)
	}
	at, err := head(d, r)
	if err != nil {
		return err
	}
	var w writing
	if w.author, err = c.required("author"); err != nil {
		return err
	}
	if w.message, err = c.required("message"); err != nil {
		return err
	}
	if err := c.compareVersion(version(r, at)); err != nil {
		return err
	}
	if err := c.readWriting(&w, body); err != nil {
		return err
	}
	var ids []string
	err = d.Write(func() error {
		v := d.View(d.Head(r.branch))
		var change store.Change
		var err error
		if kind == "schema" {
			change, ids, err = c.changeSchema(v, &w)
		} else {
			change, ids, err = c.changeInstances(v, &w)
		}
		if err != nil {
			return err
		}
		change.Author, change.Message = w.author, w.message
		at, err = d.Append(r.branch, change)
		return err
	})
	if err != nil {
		return err
	}
	c.w.Header().Set(versionHeader, version(r, at))
	if c.method == http.MethodDelete {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if ids == nil {
		ids = []string{}
	}
	writeJSON(c.w, http.StatusOK, ids)
	return nil
}

func (c *call) readWriting(w *writing, body []byte) (err error) {
	if migration, err := c.flag("require_migration", false); err != nil {
		return err
	} else if migration {
		// The real server infers migrations for few changes only.
		return terr.Unexpected("no_inferrable_migration")
	}
	for name, flag := range map[string]*bool{"create": &w.create, "full_replace": &w.full, "merge_repeats": &w.merge, "nuke": &w.nuke} {
		if *flag, err = c.flag(name, false); err != nil {
			return err
		}
	}
	var list []any
	if body != nil {
		if list, err = documents(body); err != nil {
			return err
		}
	}
	if c.method != http.MethodDelete {
		w.docs, err = objects(list)
		return err
	}
	w.class = c.text("type")
	if id := c.text("id"); id != "" {
		list = append(list, id)
	}
	for _, v := range list {
		id, ok := v.(string)
		if !ok {
			b, _ := json.Marshal(v)
			return terr.TypeError(string(b), "text")
		}
		w.ids = append(w.ids, id)
	}
	if body == nil && len(list) == 0 && w.class == "" && !w.nuke {
		return terr.New("MissingTargets", nil, "Missing target(s) for deletion")
	}
	return nil
}

// changeInstances does what a request asks of the instance graph.
func (c *call) changeInstances(v *store.View, w *writing) (change store.Change, ids []string, err error) {
	tx := store.NewTx(v)
	to := document.NewWriter(tx)
	to.Repeats = w.merge
	if err := document.CheckCaptures(w.docs); err != nil {
		return change, nil, err
	}
	if w.nuke || w.full {
		for t := range v.Graph.Match(graph.Triple{}) {
			x := store.Statement{S: v.Terms.Term(t.S), P: v.Terms.Term(t.P), O: v.Terms.Term(t.O)}
			tx.Remove(x)
			if x.P == store.Type {
				tx.Deleted = append(tx.Deleted, x.S)
			}
		}
	}
	if w.full {
		to.Fresh = true
	}
	if w.class != "" {
		for id := range c.ofClass(v, w.class) {
			w.ids = append(w.ids, id.Text)
		}
	}
	for _, id := range w.ids {
		if err := to.Delete(v.Schema.Context.Data(id)); err != nil {
			return change, nil, err
		}
	}
	for _, doc := range w.docs {
		var id string
		if c.method == http.MethodPut {
			id, err = to.Replace(doc, w.create)
		} else {
			id, err = to.Insert(doc)
		}
		if err != nil {
			return change, nil, err
		}
		ids = append(ids, id)
	}
	to.Finish()
	if err := document.CheckDocuments(tx, false); err != nil {
		return change, nil, err
	}
	change.Removed, change.Added = tx.Diff()
	change.Deleted = tx.Deleted
	return change, ids, nil
}

// changeSchema does what a request asks of the schema graph.
func (c *call) changeSchema(v *store.View, w *writing) (change store.Change, ids []string, err error) {
	x := v.Schema.Context
	docs := v.Schema.Documents()
	if w.full {
		docs = nil
		if len(w.docs) == 0 || w.docs[0]["@type"] != "@context" {
			return change, nil, terr.New("NoContextFoundInSchema", nil, "No context found in submitted schema")
		}
		x = schema.NewContext(w.docs[0])
		w.docs = w.docs[1:]
	}
	if w.nuke {
		docs = nil
	}
	find := func(id string) int {
		return slices.IndexFunc(docs, func(d map[string]any) bool { return x.Name(d["@id"].(string)) == x.Name(id) })
	}
	for _, id := range w.ids {
		i := find(id)
		if i < 0 {
			return change, nil, terr.NotFound("DocumentNotFound", map[string]any{"document_id": id}, "Document not found: '%s'", id)
		}
		docs = slices.Delete(docs, i, i+1)
	}
	seen := map[string]bool{}
	for _, raw := range w.docs {
		if raw["@type"] == "@context" {
			if c.method != http.MethodPut {
				return change, nil, terr.New("InsertingContext", map[string]any{"document": raw}, "Inserting contexts is not allowed without using a 'full replace'.")
			}
			x = schema.NewContext(raw)
			ids = append(ids, "@context")
			continue
		}
		doc, err := schema.Normalize(x, raw)
		if err != nil {
			return change, nil, err
		}
		id := doc["@id"].(string)
		switch i := find(id); {
		case seen[id]:
			return change, nil, terr.New("SameDocumentIdsMutatedInOneTransaction", map[string]any{"duplicate_ids": []any{id}}, "Tried to mutate document with same id multiple times")
		case i >= 0 && c.method == http.MethodPost:
			return change, nil, terr.New("DocumentIdAlreadyExists", map[string]any{"document": raw, "document_id": id},
				"Tried to insert a new document with id %q, but an object with that id already exists", id)
		case i >= 0:
			docs[i] = doc
		case c.method == http.MethodPut && !w.create:
			return change, nil, terr.NotFound("DocumentNotFound", map[string]any{"document": raw, "document_id": id}, "Document not found: %q", id)
		default:
			docs = append(docs, doc)
		}
		seen[id] = true
		ids = append(ids, id)
	}
	made, err := schema.Build(x, docs)
	if err != nil {
		return change, nil, err
	}
	if made.Same(v.Schema) {
		return change, ids, nil
	}
	if err := document.CheckSchema(v, made); err != nil {
		return change, nil, err
	}
	change.Schema = made
	return change, ids, nil
}

// ofClass yields the documents of a class and of those below it, by their numbers.
func (c *call) ofClass(v *store.View, name string) func(yield func(graph.Term) bool) {
	return func(yield func(graph.Term) bool) {
		iri := v.Schema.Context.Name(name)
		for _, class := range v.Schema.Classes() {
			if !class.IsA(iri) {
				continue
			}
			for t := range instances(v, class) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// instances yields the nodes of exactly one class.
func instances(v *store.View, class *schema.Class) func(yield func(graph.Term) bool) {
	return func(yield func(graph.Term) bool) {
		id := v.Terms.Lookup(graph.Node(class.IRI))
		if id == 0 || v.TypeID() == 0 {
			return
		}
		for t := range v.Graph.Match(graph.Triple{P: v.TypeID(), O: id}) {
			if !yield(v.Terms.Term(t.S)) {
				return
			}
		}
	}
}

// everything yields all documents that are no part of another.
func everything(v *store.View) func(yield func(graph.Term) bool) {
	return func(yield func(graph.Term) bool) {
		for _, class := range v.Schema.Classes() {
			if class.Subdocument {
				continue
			}
			for t := range instances(v, class) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// schemaDocuments are the documents of the schema graph, the context first.
func schemaDocuments(s *schema.Schema) []map[string]any {
	return append([]map[string]any{s.Context.Document("@context")}, s.Documents()...)
}
