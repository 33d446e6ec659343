package woql

import (
	"encoding/json"
	"strconv"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// operand is a variable, by its place, or a constant; nothing at all for place
// -1 and no constant.
type operand struct {
	place    int
	constant cell
	template map[string]any // of a document with variables
}

type compiler struct {
	x      schema.Context
	places map[string]int
	names  []string
	shown  []int
	hidden int // more than 0: variables are not shown
	writes bool
}

// syntax is the error for what is no query.
func syntax(q any) error {
	return terr.New("vio:WOQLSyntaxError", map[string]any{"vio:path": []any{}, "vio:query": q}, "Not well formed WOQL JSON-LD")
}

// variable answers the place of a variable.
func (c *compiler) variable(name string) int {
	at, ok := c.places[name]
	if !ok {
		at = len(c.places)
		c.places[name] = at
	}
	if c.hidden == 0 {
		for _, s := range c.shown {
			if s == at {
				return at
			}
		}
		c.names, c.shown = append(c.names, name), append(c.shown, at)
	}
	return at
}

func (c *compiler) variables(v any) (places []int, ok bool) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		name, ok := e.(string)
		if !ok {
			return nil, false
		}
		places = append(places, c.variable(name))
	}
	return places, true
}

// operand reads a value; nodes without prefix are ids of documents, or names of
// the schema.
func (c *compiler) operand(v any, names bool) (operand, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return operand{place: -1}, false
	}
	if name, ok := m["variable"].(string); ok {
		return operand{place: c.variable(name)}, true
	}
	if node, ok := m["node"].(string); ok {
		iri := c.x.Data(node)
		if names {
			iri = c.x.Name(node)
		}
		t := graph.Node(iri)
		return operand{place: -1, constant: cell{term: &t}}, true
	}
	if data, ok := m["data"]; ok {
		t, ok := c.data(data)
		return operand{place: -1, constant: cell{term: &t}}, ok
	}
	if d, ok := m["dictionary"].(map[string]any); ok {
		return operand{place: -1, template: d}, true
	}
	if l, ok := m["list"].([]any); ok {
		return operand{place: -1, constant: cell{json: l}}, true
	}
	return operand{place: -1}, false
}

// data reads a literal.
func (c *compiler) data(v any) (graph.Term, bool) {
	switch x := v.(type) {
	case string:
		return graph.Term{Type: xsd.String, Text: x}, true
	case bool:
		return graph.Term{Type: xsd.Boolean, Text: strconv.FormatBool(x)}, true
	case json.Number:
		text, ok := xsd.Cast(x, xsd.Decimal)
		return graph.Term{Type: xsd.Decimal, Text: text}, ok
	case map[string]any:
		kind, ok := x["@type"].(string)
		if !ok {
			return graph.Term{}, false
		}
		iri := c.x.Name(kind)
		text, ok := xsd.Cast(x["@value"], iri)
		return graph.Term{Type: iri, Text: text}, ok
	}
	return graph.Term{}, false
}

// compile reads a query.
func (c *compiler) compile(v any) (operator, error) {
	q, ok := v.(map[string]any)
	if !ok {
		return nil, syntax(v)
	}
	kind, _ := q["@type"].(string)
	read, ok := words[kind]
	if !ok {
		return nil, syntax(v)
	}
	return read(c, q)
}

// all compiles a list of queries.
func (c *compiler) all(v any) ([]operator, bool, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, false, nil
	}
	ops := make([]operator, len(list))
	for i, q := range list {
		var err error
		if ops[i], err = c.compile(q); err != nil {
			return nil, true, err
		}
	}
	return ops, true, nil
}

// words are the queries that are known.
var words map[string]func(*compiler, map[string]any) (operator, error)

func init() {
	words = map[string]func(*compiler, map[string]any) (operator, error){
		"And": compileAnd, "Or": compileOr, "Not": compileNot, "Optional": compileOptional, "Using": compileUsing, "Once": compileOnce,
		"Select": compileSelect, "Distinct": compileDistinct, "Limit": compileLimit, "Start": compileStart,
		"OrderBy": compileOrderBy, "GroupBy": compileGroupBy, "Count": compileCount,
		"Triple": compileTriple, "IsA": compileIsA, "Path": compilePath, "ReadDocument": compileRead,
		"Equals": compileEquals, "Greater": compileGreater, "Less": compileLess, "Regexp": compileRegexp,
		"Typecast": compileTypecast, "Eval": compileEval,
		"InsertDocument": compileInsert, "UpdateDocument": compileUpdate, "DeleteDocument": compileDelete,
		"AddTriple": compileAddTriple, "DeleteTriple": compileDeleteTriple,
	}
}
