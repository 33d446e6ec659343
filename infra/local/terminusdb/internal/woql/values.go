package woql

import (
	"math/big"
	"regexp"
	"strconv"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// matches yields if a text has a part that fits a pattern, with the groups.
type matches struct{ pattern, text, result operand }

func compileRegexp(c *compiler, q map[string]any) (operator, error) {
	p, okP := c.operand(q["pattern"], false)
	t, okT := c.operand(q["string"], false)
	if !okP || !okT {
		return nil, syntax(q)
	}
	r, _ := c.operand(q["result"], false)
	return matches{p, t, r}, nil
}

func (m matches) run(e *engine, yield func() error) error {
	p, okP := e.term(e.value(m.pattern))
	t, okT := e.term(e.value(m.text))
	if !okP || !okT {
		return nil
	}
	r, err := regexp.Compile(p.Text)
	if err != nil {
		return terr.Unexpected("the pattern %q: %v", p.Text, err)
	}
	found := r.FindStringSubmatch(t.Text)
	if found == nil {
		return nil
	}
	list := make([]any, len(found))
	for i, s := range found {
		list[i] = showTerm(e.view.Schema.Context, graph.Term{Type: xsd.String, Text: s})
	}
	return e.unify(m.result, cell{json: list}, yield)
}

// typecast yields a value as one of another type.
type typecast struct {
	from, result operand
	to           operand
}

func compileTypecast(c *compiler, q map[string]any) (operator, error) {
	f, okF := c.operand(q["value"], false)
	t, okT := c.operand(q["type"], true)
	r, okR := c.operand(q["result"], false)
	if !okF || !okT || !okR {
		return nil, syntax(q)
	}
	return typecast{f, r, t}, nil
}

func (t typecast) run(e *engine, yield func() error) error {
	from, okF := e.term(e.value(t.from))
	to, okT := e.term(e.value(t.to))
	if !okF || !okT {
		return nil
	}
	text, ok := xsd.Cast(from.Text, to.Text)
	if !ok {
		return terr.New("BadCast", map[string]any{"type": to.Text, "value": from.Text}, "The value %s could not be cast as '%s'", from.Text, to.Text)
	}
	return e.unify(t.result, literal(to.Text, text), yield)
}

// eval yields the value of an expression.
type eval struct {
	expression expression
	result     operand
}

// expression is an operand or an operation on two.
type expression struct {
	operator    string
	left, right *expression
	operand     operand
}

func compileEval(c *compiler, q map[string]any) (operator, error) {
	x, ok := c.expression(q["expression"])
	if !ok {
		return nil, syntax(q)
	}
	r, ok := c.operand(q["result"], false)
	if !ok {
		return nil, syntax(q)
	}
	return eval{*x, r}, nil
}

func (c *compiler) expression(v any) (*expression, bool) {
	m, _ := v.(map[string]any)
	switch kind, _ := m["@type"].(string); kind {
	case "Plus", "Minus", "Times", "Divide":
		l, okL := c.expression(m["left"])
		r, okR := c.expression(m["right"])
		return &expression{operator: kind, left: l, right: r}, okL && okR
	}
	o, ok := c.operand(v, false)
	return &expression{operand: o}, ok
}

func (x expression) value(e *engine) (*big.Rat, bool) {
	if x.operator == "" {
		t, _ := e.term(e.value(x.operand))
		return rational(t)
	}
	l, okL := x.left.value(e)
	r, okR := x.right.value(e)
	if !okL || !okR {
		return nil, false
	}
	switch n := new(big.Rat); x.operator {
	case "Plus":
		return n.Add(l, r), true
	case "Minus":
		return n.Sub(l, r), true
	case "Times":
		return n.Mul(l, r), true
	default:
		if r.Sign() == 0 {
			return nil, false
		}
		return n.Quo(l, r), true
	}
}

func (x eval) run(e *engine, yield func() error) error {
	n, ok := x.expression.value(e)
	if !ok {
		return nil
	}
	text := n.Num().String()
	if !n.IsInt() {
		f, _ := n.Float64()
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return e.unify(x.result, literal(xsd.Decimal, text), yield)
}
