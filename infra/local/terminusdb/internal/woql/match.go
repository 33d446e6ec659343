package woql

import (
	"spiceharvester/infra/local/terminusdb/internal/document"
	"spiceharvester/infra/local/terminusdb/internal/graph"
)

// triple yields the statements that agree with three operands.
type triple struct{ s, p, o operand }

func compileTriple(c *compiler, q map[string]any) (operator, error) {
	t, ok := c.triple(q)
	if !ok {
		return nil, syntax(q)
	}
	return t, nil
}

func (c *compiler) triple(q map[string]any) (triple, bool) {
	s, okS := c.operand(q["subject"], false)
	p, okP := c.operand(q["predicate"], true)
	o, okO := c.operand(q["object"], false)
	return triple{s, p, o}, okS && okP && okO
}

// given answers the number of what an operand is now, 0 if it is not bound; ok
// is false if it is bound to what the graph does not know.
func (e *engine) given(o operand) (graph.ID, bool) {
	c := e.value(o)
	if !c.bound() {
		return 0, true
	}
	return e.number(c)
}

func (t triple) run(e *engine, yield func() error) error {
	var want graph.Triple
	var okS, okP, okO bool
	want.S, okS = e.given(t.s)
	want.P, okP = e.given(t.p)
	want.O, okO = e.given(t.o)
	if !okS || !okP || !okO {
		return nil
	}
	for found := range e.view.Graph.Match(want) {
		err := e.unify(t.s, cell{id: found.S}, func() error {
			return e.unify(t.p, cell{id: found.P}, func() error { return e.unify(t.o, cell{id: found.O}, yield) })
		})
		if err == nil {
			err = e.step()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isA yields nodes and their classes, also those that the class inherits from.
type isA struct{ element, class operand }

func compileIsA(c *compiler, q map[string]any) (operator, error) {
	e, okE := c.operand(q["element"], false)
	t, okT := c.operand(q["type"], true)
	if !okE || !okT {
		return nil, syntax(q)
	}
	return isA{e, t}, nil
}

func (i isA) run(e *engine, yield func() error) error {
	typeID := e.view.TypeID()
	if typeID == 0 {
		return nil
	}
	element, ok := e.given(i.element)
	if !ok {
		return nil
	}
	wanted, bound := e.term(e.value(i.class))
	if element != 0 || !bound {
		for t := range e.view.Graph.Match(graph.Triple{S: element, P: typeID}) {
			if err := i.above(e, t, wanted, bound, yield); err != nil {
				return err
			}
		}
		return nil
	}
	for _, class := range e.view.Schema.Classes() {
		id := e.view.Terms.Lookup(graph.Node(class.IRI))
		if id == 0 || !class.IsA(wanted.Text) {
			continue
		}
		for t := range e.view.Graph.Match(graph.Triple{P: typeID, O: id}) {
			if err := e.unify(i.element, cell{id: t.S}, yield); err != nil {
				return err
			}
			if err := e.step(); err != nil {
				return err
			}
		}
	}
	return nil
}

// above yields the classes of a node of which t names the nearest.
func (i isA) above(e *engine, t graph.Triple, wanted graph.Term, bound bool, yield func() error) error {
	nearest := e.view.Schema.Class(e.view.Terms.Term(t.O).Text)
	if nearest == nil {
		return nil
	}
	for _, class := range e.view.Schema.Classes() {
		if !nearest.IsA(class.IRI) || bound && class.IRI != wanted.Text {
			continue
		}
		node := graph.Node(class.IRI)
		err := e.unify(i.element, cell{id: t.S}, func() error { return e.unify(i.class, cell{term: &node}, yield) })
		if err != nil {
			return err
		}
	}
	return e.step()
}

// readDocument yields the document of a node.
type readDocument struct{ id, doc operand }

func compileRead(c *compiler, q map[string]any) (operator, error) {
	i, okI := c.operand(q["identifier"], false)
	d, okD := c.operand(q["document"], false)
	if !okI || !okD {
		return nil, syntax(q)
	}
	return readDocument{i, d}, nil
}

func (r readDocument) run(e *engine, yield func() error) error {
	id, ok := e.term(e.value(r.id))
	if !ok {
		return nil
	}
	doc := document.Read(e.view, id, document.Form{Unfold: true, Compress: true, Typed: true})
	if doc == nil {
		return nil
	}
	return e.unify(r.doc, cell{json: doc}, yield)
}
