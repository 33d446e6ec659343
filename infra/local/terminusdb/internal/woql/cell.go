package woql

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// cell is what a variable is bound to: a term, by itself or by its number, or
// JSON (a document, a list). The zero value is not bound.
type cell struct {
	id   graph.ID
	term *graph.Term
	json any
}

func (c cell) bound() bool { return c.id != 0 || c.term != nil || c.json != nil }

func literal(typ, text string) cell { return cell{term: &graph.Term{Type: typ, Text: text}} }

// term answers the term of a cell; ok is false for JSON and what is not bound.
func (e *engine) term(c cell) (graph.Term, bool) {
	switch {
	case c.id != 0:
		return e.view.Terms.Term(c.id), true
	case c.term != nil:
		return *c.term, true
	}
	return graph.Term{}, false
}

// number answers the number of a cell's term; ok is false if it has none.
func (e *engine) number(c cell) (graph.ID, bool) {
	if c.id != 0 {
		return c.id, true
	}
	if c.term == nil {
		return 0, false
	}
	id := e.view.Terms.Lookup(*c.term)
	return id, id != 0
}

// show is a cell as the answer shows it.
func (e *engine) show(c cell) any {
	if t, ok := e.term(c); ok {
		return showTerm(e.view.Schema.Context, t)
	}
	return c.json
}

func showTerm(x schema.Context, t graph.Term) any {
	if t.IsNode() {
		return x.Compress(t.Text)
	}
	return map[string]any{"@type": x.Compress(t.Type), "@value": xsd.ReadTyped(t.Text, t.Type)}
}

// key is a text that tells cells apart.
func (e *engine) key(c cell) string {
	if t, ok := e.term(c); ok {
		return t.Type + "\x00" + t.Text
	}
	b, _ := json.Marshal(c.json)
	return "\x01" + string(b)
}

func (e *engine) equal(a, b cell) bool {
	if a.id != 0 && b.id != 0 {
		return a.id == b.id
	}
	s, okS := e.term(a)
	t, okT := e.term(b)
	if okS && okT {
		return s == t
	}
	return e.key(a) == e.key(b)
}

// rank is what a cell is ordered by: numbers by value, all else as text.
type rank struct {
	term  graph.Term
	exact *big.Rat // nil if it is no number
	near  float64
}

func (e *engine) rank(c cell) rank {
	var r rank
	r.term, _ = e.term(c)
	if n, ok := rational(r.term); ok {
		r.exact = n
		r.near, _ = n.Float64()
	}
	return r
}

func (r rank) compare(o rank) int {
	if r.exact == nil || o.exact == nil {
		return cmp.Or(strings.Compare(r.term.Type, o.term.Type), strings.Compare(r.term.Text, o.term.Text))
	}
	if r.near != o.near {
		return cmp.Compare(r.near, o.near)
	}
	return r.exact.Cmp(o.exact)
}

func rational(t graph.Term) (*big.Rat, bool) {
	if xsd.Subsumes(xsd.Decimal, t.Type) || t.Type == xsd.XSD+"double" || t.Type == xsd.XSD+"float" {
		return new(big.Rat).SetString(t.Text)
	}
	return nil, false
}
