package woql

import (
	"encoding/json"
	"fmt"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// putDocument inserts or replaces a document and yields its id.
type putDocument struct {
	doc, id operand
	update  bool
	c       *compiler
}

func compileInsert(c *compiler, q map[string]any) (operator, error) { return compilePut(c, q, false) }
func compileUpdate(c *compiler, q map[string]any) (operator, error) { return compilePut(c, q, true) }

func compilePut(c *compiler, q map[string]any, update bool) (operator, error) {
	c.writes = true
	p := putDocument{update: update, c: c}
	var ok bool
	if p.doc, ok = c.operand(q["document"], false); !ok {
		return nil, syntax(q)
	}
	if err := c.see(p.doc.template); err != nil {
		return nil, err
	}
	p.id = operand{place: -1}
	if v, has := q["identifier"]; has {
		if p.id, ok = c.operand(v, false); !ok {
			return nil, syntax(q)
		}
	}
	return p, nil
}

// see gives the variables in a template their places.
func (c *compiler) see(v any) error {
	switch x := v.(type) {
	case map[string]any:
		if name, ok := x["variable"].(string); ok {
			c.variable(name)
		}
		for _, inner := range x {
			if err := c.see(inner); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range x {
			if err := c.see(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p putDocument) run(e *engine, yield func() error) error {
	var doc map[string]any
	if p.doc.template != nil {
		var err error
		if doc, err = p.dictionary(e, p.doc.template); err != nil {
			return err
		}
	} else {
		var ok bool
		if doc, ok = e.value(p.doc).json.(map[string]any); !ok {
			return terr.Unexpected("instantiation_error: the document is not known")
		}
	}
	if kind, ok := doc["@type"].(string); ok {
		doc["@type"] = e.view.Schema.Context.Name(kind)
	}
	write := e.writer.Insert
	if p.update {
		write = func(doc map[string]any) (string, error) { return e.writer.Replace(doc, false) }
	}
	iri, err := write(doc)
	if err != nil {
		return err
	}
	node := graph.Node(iri)
	return e.unify(p.id, cell{term: &node}, yield)
}

// dictionary makes a document of a template.
func (p putDocument) dictionary(e *engine, t map[string]any) (map[string]any, error) {
	data, ok := t["data"].([]any)
	if !ok {
		return nil, syntax(t)
	}
	doc := make(map[string]any, len(data))
	for _, v := range data {
		pair, _ := v.(map[string]any)
		name, ok := pair["field"].(string)
		value, isMap := pair["value"].(map[string]any)
		if !ok || !isMap {
			return nil, syntax(t)
		}
		var err error
		if doc[name], err = p.value(e, value, false); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// value makes the JSON of a value in a template. A literal keeps its type in a
// list only, as on the real server.
func (p putDocument) value(e *engine, v map[string]any, inList bool) (any, error) {
	if d, ok := v["dictionary"].(map[string]any); ok {
		return p.dictionary(e, d)
	}
	if l, ok := v["list"].([]any); ok {
		list := make([]any, len(l))
		for i, x := range l {
			m, ok := x.(map[string]any)
			if !ok {
				return nil, syntax(v)
			}
			var err error
			if list[i], err = p.value(e, m, true); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	if node, ok := v["node"].(string); ok {
		return link(node, inList), nil
	}
	o, ok := p.c.operand(v, false)
	if !ok {
		return nil, syntax(v)
	}
	t, ok := e.term(e.value(o))
	if !ok {
		return e.value(o).json, nil
	}
	if t.IsNode() {
		return link(t.Text, inList), nil
	}
	if inList {
		return map[string]any{"@type": t.Type, "@value": t.Text}, nil
	}
	switch x := xsd.ReadTyped(t.Text, t.Type).(type) {
	case bool:
		// The real server takes the bare value for the name of a node.
		return nil, terr.SchemaCheckFailure(terr.Witness("instance_not_of_class", map[string]any{
			"class": xsd.Boolean, "instance": e.view.Schema.Context.Data(fmt.Sprint(x)),
		}))
	case json.Number, string:
		return x, nil
	}
	return t.Text, nil
}

func link(id string, inList bool) any {
	if inList {
		return map[string]any{"@type": "@id", "@id": id}
	}
	return id
}

// deleteDocument removes a document.
type deleteDocument struct{ id operand }

func compileDelete(c *compiler, q map[string]any) (operator, error) {
	c.writes = true
	id, ok := c.operand(q["identifier"], false)
	if !ok {
		return nil, syntax(q)
	}
	return deleteDocument{id}, nil
}

func (d deleteDocument) run(e *engine, yield func() error) error {
	id, ok := e.term(e.value(d.id))
	if !ok {
		return terr.Unexpected("instantiation_error: the identifier is not known")
	}
	if err := e.writer.Delete(id.Text); err != nil {
		return err
	}
	return yield()
}

// putTriple adds or removes a statement.
type putTriple struct {
	triple
	add bool
}

func compileAddTriple(c *compiler, q map[string]any) (operator, error) {
	return compilePutTriple(c, q, true)
}

func compileDeleteTriple(c *compiler, q map[string]any) (operator, error) {
	return compilePutTriple(c, q, false)
}

func compilePutTriple(c *compiler, q map[string]any, add bool) (operator, error) {
	c.writes = true
	if g, ok := q["graph"]; ok && g != "instance" {
		return nil, syntax(q)
	}
	t, ok := c.triple(q)
	if !ok {
		return nil, syntax(q)
	}
	return putTriple{t, add}, nil
}

func (p putTriple) run(e *engine, yield func() error) error {
	s, okS := e.term(e.value(p.s))
	predicate, okP := e.term(e.value(p.p))
	o, okO := e.term(e.value(p.o))
	if !okS || !okP || !okO {
		return terr.Unexpected("instantiation_error: a part of the triple is not known")
	}
	e.triples = true
	x := store.Statement{S: s, P: predicate, O: o}
	if p.add {
		e.tx.Add(x)
	} else {
		e.tx.Remove(x)
	}
	return yield()
}
