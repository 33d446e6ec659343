package woql

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

type and []operator

func compileAnd(c *compiler, q map[string]any) (operator, error) {
	ops, ok, err := c.all(q["and"])
	if !ok {
		return nil, syntax(q)
	}
	return and(ops), err
}

func (a and) run(e *engine, yield func() error) error {
	if len(a) == 0 {
		return yield()
	}
	return a[0].run(e, func() error { return a[1:].run(e, yield) })
}

type or []operator

func compileOr(c *compiler, q map[string]any) (operator, error) {
	ops, ok, err := c.all(q["or"])
	if !ok {
		return nil, syntax(q)
	}
	return or(ops), err
}

func (o or) run(e *engine, yield func() error) error {
	for _, op := range o {
		if err := op.run(e, yield); err != nil {
			return err
		}
	}
	return nil
}

// inner compiles the query that most words have.
func (c *compiler) inner(q map[string]any) (operator, error) {
	v, ok := q["query"]
	if !ok {
		return nil, syntax(q)
	}
	return c.compile(v)
}

type not struct{ operator }

func compileNot(c *compiler, q map[string]any) (operator, error) {
	op, err := c.inner(q)
	return not{op}, err
}

func (n not) run(e *engine, yield func() error) error {
	found := false
	err := n.operator.run(e, func() error { found = true; return errStop })
	if err != nil && err != errStop || found {
		return ignoreStop(err)
	}
	return yield()
}

func ignoreStop(err error) error {
	if err == errStop {
		return nil
	}
	return err
}

type optional struct{ operator }

func compileOptional(c *compiler, q map[string]any) (operator, error) {
	op, err := c.inner(q)
	return optional{op}, err
}

func (o optional) run(e *engine, yield func() error) error {
	found := false
	err := o.operator.run(e, func() error { found = true; return yield() })
	if err != nil || found {
		return err
	}
	return yield()
}

// compileUsing takes the query as one for the database of the request, which is
// the only one that a query can read here.
func compileUsing(c *compiler, q map[string]any) (operator, error) { return c.inner(q) }

// limit yields at most n solutions.
type limit struct {
	operator
	n int
}

func compileOnce(c *compiler, q map[string]any) (operator, error) {
	op, err := c.inner(q)
	return limit{op, 1}, err
}

func compileLimit(c *compiler, q map[string]any) (operator, error) {
	n, ok := whole(q["limit"])
	if !ok {
		return nil, syntax(q)
	}
	op, err := c.inner(q)
	return limit{op, n}, err
}

// whole reads a number, also one written as a literal.
func whole(v any) (int, bool) {
	if m, ok := v.(map[string]any); ok {
		v = m["@value"]
		if d, ok := m["data"].(map[string]any); ok {
			v = d["@value"]
		}
	}
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil && i >= 0
}

func (l limit) run(e *engine, yield func() error) error {
	if l.n == 0 {
		return nil
	}
	left := l.n
	enough := false
	err := l.operator.run(e, func() error {
		if err := yield(); err != nil {
			return err
		}
		if left--; left == 0 {
			enough = true
			return errStop
		}
		return nil
	})
	if enough {
		return ignoreStop(err)
	}
	return err
}

// start leaves the first n solutions out.
type start struct {
	operator
	n int
}

func compileStart(c *compiler, q map[string]any) (operator, error) {
	n, ok := whole(q["start"])
	if !ok {
		return nil, syntax(q)
	}
	op, err := c.inner(q)
	return start{op, n}, err
}

func (s start) run(e *engine, yield func() error) error {
	seen := 0
	return s.operator.run(e, func() error {
		if seen++; seen <= s.n {
			return e.step()
		}
		return yield()
	})
}

// compileSelect shows some variables only.
func compileSelect(c *compiler, q map[string]any) (operator, error) {
	if _, ok := c.variables(q["variables"]); !ok {
		return nil, syntax(q)
	}
	c.hidden++
	defer func() { c.hidden-- }()
	return c.inner(q)
}

// distinct yields the first solution for each value of some variables.
type distinct struct {
	operator
	places []int
}

func compileDistinct(c *compiler, q map[string]any) (operator, error) {
	places, ok := c.variables(q["variables"])
	if !ok {
		return nil, syntax(q)
	}
	op, err := c.inner(q)
	if p, ok := op.(*path); ok && !p.wantsPath {
		p.once = true
	}
	return distinct{op, places}, err
}

func (d distinct) run(e *engine, yield func() error) error {
	seen := map[string]bool{}
	return d.operator.run(e, func() error {
		k := e.keys(d.places)
		if seen[k] {
			return e.step()
		}
		seen[k] = true
		return yield()
	})
}

func (e *engine) keys(places []int) string {
	var b strings.Builder
	for _, at := range places {
		k := e.key(e.cells[at])
		b.WriteString(strconv.Itoa(len(k)) + ":" + k)
	}
	return b.String()
}

// orderBy yields the solutions in order.
type orderBy struct {
	operator
	places     []int
	descending []bool
}

func compileOrderBy(c *compiler, q map[string]any) (operator, error) {
	list, ok := q["ordering"].([]any)
	if !ok {
		return nil, syntax(q)
	}
	o := orderBy{}
	for _, v := range list {
		m, _ := v.(map[string]any)
		name, ok := m["variable"].(string)
		if !ok {
			return nil, syntax(q)
		}
		o.places = append(o.places, c.variable(name))
		o.descending = append(o.descending, m["order"] == "desc")
	}
	var err error
	o.operator, err = c.inner(q)
	return o, err
}

// ranked is a solution with what it is ordered by.
type ranked struct {
	cells []cell
	ranks []rank
}

func (o orderBy) run(e *engine, yield func() error) error {
	list, err := e.solutions(o.operator)
	if err != nil {
		return err
	}
	rows := make([]ranked, len(list))
	for i, cells := range list {
		rows[i].cells = cells
		for _, at := range o.places {
			rows[i].ranks = append(rows[i].ranks, e.rank(cells[at]))
		}
	}
	slices.SortStableFunc(rows, func(a, b ranked) int {
		for i := range o.places {
			n := a.ranks[i].compare(b.ranks[i])
			if o.descending[i] {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	for _, r := range rows {
		if err := e.replay(r.cells, yield); err != nil {
			return err
		}
	}
	return nil
}

// groupBy yields one solution for each value of some variables, with a list of
// what the template is in the group.
type groupBy struct {
	operator
	by, template []int
	many         bool // the template is a list
	grouped      operand
}

func compileGroupBy(c *compiler, q map[string]any) (operator, error) {
	g := groupBy{}
	var ok bool
	if g.by, ok = c.variables(q["group_by"]); !ok {
		return nil, syntax(q)
	}
	if list, isList := q["template"].([]any); isList {
		g.many = true
		g.template, ok = c.variables(list)
	} else {
		var o operand
		o, ok = c.operand(q["template"], false)
		ok = ok && o.place >= 0
		g.template = []int{o.place}
	}
	if !ok {
		return nil, syntax(q)
	}
	var err error
	if g.operator, err = c.inner(q); err != nil {
		return nil, err
	}
	if g.grouped, ok = c.operand(q["grouped"], false); !ok {
		return nil, syntax(q)
	}
	return g, nil
}

func (g groupBy) run(e *engine, yield func() error) error {
	type group struct {
		first []cell
		list  []any
	}
	groups := map[string]*group{}
	var order []*group
	err := g.operator.run(e, func() error {
		k := e.keys(g.by)
		at := groups[k]
		if at == nil {
			at = &group{first: slices.Clone(e.cells)}
			groups[k] = at
			order = append(order, at)
		}
		values := make([]any, len(g.template))
		for i, place := range g.template {
			values[i] = e.show(e.cells[place])
		}
		if g.many {
			at.list = append(at.list, values)
		} else {
			at.list = append(at.list, values[0])
		}
		return e.step()
	})
	if err != nil {
		return err
	}
	for _, at := range order {
		cells := slices.Clone(e.cells)
		for _, place := range g.by {
			cells[place] = at.first[place]
		}
		if err := e.replay(cells, func() error { return e.unify(g.grouped, cell{json: at.list}, yield) }); err != nil {
			return err
		}
	}
	return nil
}

// count yields the number of solutions.
type count struct {
	operator
	n operand
}

func compileCount(c *compiler, q map[string]any) (operator, error) {
	c.hidden++
	op, err := c.inner(q)
	c.hidden--
	if err != nil {
		return nil, err
	}
	n, ok := c.operand(q["count"], false)
	if !ok {
		return nil, syntax(q)
	}
	return count{op, n}, nil
}

func (c count) run(e *engine, yield func() error) error {
	n := 0
	if err := c.operator.run(e, func() error { n++; return e.step() }); err != nil {
		return err
	}
	return e.unify(c.n, literal(xsd.Decimal, strconv.Itoa(n)), yield)
}

// compare yields if two values stand in an order.
type compare struct {
	left, right operand
	want        int // of cmp; 0 is equal
}

func compileCompare(c *compiler, q map[string]any, want int) (operator, error) {
	l, okL := c.operand(q["left"], false)
	r, okR := c.operand(q["right"], false)
	if !okL || !okR {
		return nil, syntax(q)
	}
	return compare{l, r, want}, nil
}

func compileEquals(c *compiler, q map[string]any) (operator, error)  { return compileCompare(c, q, 0) }
func compileGreater(c *compiler, q map[string]any) (operator, error) { return compileCompare(c, q, 1) }
func compileLess(c *compiler, q map[string]any) (operator, error)    { return compileCompare(c, q, -1) }

func (c compare) run(e *engine, yield func() error) error {
	l, r := e.value(c.left), e.value(c.right)
	if c.want == 0 {
		if l.bound() {
			return e.unify(c.right, l, yield)
		}
		return e.unify(c.left, r, yield)
	}
	if l.bound() && r.bound() && e.rank(l).compare(e.rank(r)) == c.want {
		return yield()
	}
	return nil
}
