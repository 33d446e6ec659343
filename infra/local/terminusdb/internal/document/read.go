package document

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/xsd"
)

// Form says how documents are shown.
type Form struct {
	Unfold   bool // parts in full, not as ids
	Compress bool // short names
	Typed    bool // numbers of all types as numbers, as answers of queries have them
}

// maxDepth bounds how deep parts are shown.
const maxDepth = 100

// Read shows the document of a node, nil if there is none.
func Read(v *store.View, id graph.Term, f Form) map[string]any {
	return read(v, id, f, maxDepth)
}

func read(v *store.View, id graph.Term, f Form, depth int) map[string]any {
	iri := v.ClassOf(id)
	if iri == "" {
		return nil
	}
	class := v.Schema.Class(iri)
	names, ids := v.Schema.Context.Short, v.Schema.Context.ShortID
	if !f.Compress {
		names = func(s string) string { return s }
		ids = names
	}
	doc := map[string]any{"@id": ids(id.Text), "@type": names(iri)}
	r := reader{v, f, ids, depth}
	arrays := map[string][]graph.Term{}
	for s := range v.Subject(id) {
		if s.P == store.Type {
			continue
		}
		name := names(s.P.Text)
		var p *schema.Property
		if class != nil {
			p = class.Property(s.P.Text)
		}
		switch {
		case p != nil && p.Family == schema.List:
			doc[name] = r.list(s.O)
		case p != nil && p.Family == schema.Array:
			arrays[name] = append(arrays[name], s.O)
		case p != nil && p.Family == schema.Set:
			list, _ := doc[name].([]any)
			doc[name] = append(list, r.value(s.O))
		default:
			// One value by the schema; more are shown as they are.
			switch known := doc[name].(type) {
			case nil:
				doc[name] = r.value(s.O)
			case []any:
				doc[name] = append(known, r.value(s.O))
			default:
				doc[name] = []any{known, r.value(s.O)}
			}
		}
	}
	for name, nodes := range arrays {
		doc[name] = r.array(nodes)
	}
	return doc
}

type reader struct {
	v     *store.View
	f     Form
	ids   func(string) string
	depth int
}

func (r reader) value(o graph.Term) any {
	if !o.IsNode() {
		if r.f.Typed {
			return xsd.ReadTyped(o.Text, o.Type)
		}
		return xsd.Read(o.Text, o.Type)
	}
	if text, ok := enumValue(r.v.Schema, o.Text); ok {
		return text
	}
	if r.f.Unfold && r.depth > 0 {
		if class := r.v.Schema.Class(r.v.ClassOf(o)); class != nil && class.Subdocument {
			return read(r.v, o, r.f, r.depth-1)
		}
	}
	return r.ids(o.Text)
}

// enumValue is the value that a node of an enum stands for.
func enumValue(s *schema.Schema, iri string) (string, bool) {
	class, value, ok := cutLast(iri)
	if !ok || !strings.HasPrefix(iri, s.Context.Schema) {
		return "", false
	}
	if c := s.Class(class); c == nil || c.Kind != "Enum" {
		return "", false
	}
	text, err := url.PathUnescape(value)
	return text, err == nil
}

func cutLast(iri string) (before, after string, ok bool) {
	i := strings.LastIndexByte(iri, '/')
	if i < 0 {
		return "", "", false
	}
	return iri[:i], iri[i+1:], true
}

func (r reader) list(cons graph.Term) []any {
	list := []any{}
	for seen := map[graph.Term]bool{}; cons != nilList && !seen[cons]; {
		seen[cons] = true
		next := nilList
		for s := range r.v.Subject(cons) {
			switch s.P {
			case first:
				list = append(list, r.value(s.O))
			case rest:
				next = s.O
			}
		}
		cons = next
	}
	return list
}

// cell is an element of an array with its place, outermost first.
type cell struct {
	place []int
	value any
}

func (r reader) array(nodes []graph.Term) []any {
	var cells []cell
	for _, n := range nodes {
		var c cell
		at := map[int]int{}
		for s := range r.v.Subject(n) {
			if s.P == arrayAt {
				c.value = r.value(s.O)
			} else if number, ok := strings.CutPrefix(s.P.Text, xsd.Sys+"index"); ok {
				dimension := 0
				if number != "" {
					dimension, _ = strconv.Atoi(number)
					dimension--
				}
				at[dimension], _ = strconv.Atoi(s.O.Text)
			}
		}
		for k := len(at) - 1; k >= 0; k-- {
			c.place = append(c.place, at[k])
		}
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b cell) int { return slices.Compare(a.place, b.place) })
	return nest(cells, 0)
}

// nest makes lists of lists of cells that are in order.
func nest(cells []cell, depth int) []any {
	list := []any{}
	for i := 0; i < len(cells); {
		if depth+1 >= len(cells[i].place) {
			list = append(list, cells[i].value)
			i++
			continue
		}
		end := i
		for end < len(cells) && cells[end].place[depth] == cells[i].place[depth] {
			end++
		}
		list = append(list, nest(cells[i:end], depth+1))
		i = end
	}
	return list
}
