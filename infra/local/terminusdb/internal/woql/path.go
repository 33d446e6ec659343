package woql

import (
	"slices"

	"spiceharvester/infra/local/terminusdb/internal/graph"
)

// path yields the ends of the paths of a pattern. Each path is a solution, as
// on the real server; a step of Plus or Star comes to a node once.
type path struct {
	from, to  operand
	pattern   pattern
	path      operand
	wantsPath bool
	once      bool // each end once: the query asks for no more
}

// maxHops bounds the repetition of a pattern.
const maxHops = 1_000

func compilePath(c *compiler, q map[string]any) (operator, error) {
	p := &path{}
	var ok bool
	if p.from, ok = c.operand(q["subject"], false); !ok {
		return nil, syntax(q)
	}
	if p.pattern, ok = c.pattern(q["pattern"]); !ok {
		return nil, syntax(q)
	}
	if p.to, ok = c.operand(q["object"], false); !ok {
		return nil, syntax(q)
	}
	if v, has := q["path"]; has {
		if p.path, ok = c.operand(v, false); !ok {
			return nil, syntax(q)
		}
		p.wantsPath = true
	}
	return p, nil
}

// walk is a way from the start: where it ends, how many are alike, and its
// edges if they are wanted.
type walk struct {
	end   graph.ID
	alike int
	edges []graph.Triple
}

// pattern goes on from the ends of walks.
type pattern interface {
	follow(w *walker, from []walk) ([]walk, error)
	inverse() pattern
}

type walker struct {
	e     *engine
	edges bool // keep edges; else walks of one end are counted
	once  bool
}

func (p *path) run(e *engine, yield func() error) error {
	w := &walker{e: e, edges: p.wantsPath, once: p.once}
	from, to, pattern := p.from, p.to, p.pattern
	if !e.value(from).bound() && e.value(to).bound() && !p.wantsPath {
		from, to, pattern = to, from, pattern.inverse()
	}
	start, ok := e.given(from)
	if !ok {
		return nil
	}
	starts := []graph.ID{start}
	if start == 0 {
		starts = e.subjects()
	}
	target, ok := e.given(to)
	if !ok {
		return nil
	}
	for _, s := range starts {
		ends, err := pattern.follow(w, []walk{{end: s, alike: 1}})
		if err != nil {
			return err
		}
		err = e.unify(from, cell{id: s}, func() error {
			for _, end := range ends {
				if target != 0 && end.end != target {
					continue
				}
				if target != 0 && !p.wantsPath || p.once {
					end.alike = 1
				}
				for range end.alike {
					if err := p.yield(e, to, end, yield); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *path) yield(e *engine, to operand, end walk, yield func() error) error {
	if err := e.step(); err != nil {
		return err
	}
	return e.unify(to, cell{id: end.end}, func() error {
		if !p.wantsPath {
			return yield()
		}
		list := make([]any, len(end.edges))
		for i, t := range end.edges {
			list[i] = map[string]any{
				"@type": "woql:Edge", "woql:subject": e.show(cell{id: t.S}), "woql:predicate": e.show(cell{id: t.P}), "woql:object": e.show(cell{id: t.O}),
			}
		}
		return e.unify(p.path, cell{json: list}, yield)
	})
}

// subjects are all nodes that something is said about.
func (e *engine) subjects() (list []graph.ID) {
	for t := range e.view.Graph.Match(graph.Triple{}) {
		if len(list) == 0 || list[len(list)-1] != t.S {
			list = append(list, t.S)
		}
	}
	return list
}

// merge puts walks of one end together, in the order in which they came.
func (w *walker) merge(walks []walk) []walk {
	if w.edges {
		return walks
	}
	at := make(map[graph.ID]int, len(walks))
	merged := walks[:0:0]
	for _, x := range walks {
		i, ok := at[x.end]
		if !ok {
			at[x.end] = len(merged)
			merged = append(merged, x)
			continue
		}
		if !w.once {
			merged[i].alike = min(merged[i].alike+x.alike, maxRows)
		}
	}
	return merged
}

// hop is an edge of a predicate, or of any for 0 and any.
type hop struct {
	predicate graph.Term
	any       bool
	backward  bool
}

func (h hop) inverse() pattern { h.backward = !h.backward; return h }

func (h hop) follow(w *walker, from []walk) ([]walk, error) {
	id := w.e.view.Terms.Lookup(h.predicate)
	if id == 0 && !h.any {
		return nil, nil
	}
	var ends []walk
	for _, x := range from {
		want := graph.Triple{S: x.end, P: id}
		if h.backward {
			want = graph.Triple{O: x.end, P: id}
		}
		for t := range w.e.view.Graph.Match(want) {
			end := walk{end: t.O, alike: x.alike}
			if h.backward {
				end.end = t.S
			}
			if w.edges {
				end.edges = append(slices.Clone(x.edges), t)
			}
			ends = append(ends, end)
			if err := w.e.step(); err != nil {
				return nil, err
			}
		}
	}
	return w.merge(ends), nil
}

// sequence follows patterns one after another.
type sequence []pattern

func (s sequence) inverse() pattern {
	r := make(sequence, len(s))
	for i, p := range s {
		r[len(s)-1-i] = p.inverse()
	}
	return r
}

func (s sequence) follow(w *walker, from []walk) ([]walk, error) {
	var err error
	for _, p := range s {
		if from, err = p.follow(w, from); err != nil {
			return nil, err
		}
	}
	return from, nil
}

// either follows each of some patterns.
type either []pattern

func (s either) inverse() pattern {
	r := make(either, len(s))
	for i, p := range s {
		r[i] = p.inverse()
	}
	return r
}

func (s either) follow(w *walker, from []walk) ([]walk, error) {
	var all []walk
	for _, p := range s {
		ends, err := p.follow(w, from)
		if err != nil {
			return nil, err
		}
		all = append(all, ends...)
	}
	return w.merge(all), nil
}

// times follows a pattern n to m times.
type times struct {
	pattern
	n, m int
}

func (t times) inverse() pattern { return times{t.pattern.inverse(), t.n, t.m} }

func (t times) follow(w *walker, from []walk) ([]walk, error) {
	var all []walk
	for i := 0; i <= t.m && len(from) > 0; i++ {
		if i >= t.n {
			all = append(all, from...)
		}
		if i == t.m {
			break
		}
		var err error
		if from, err = t.pattern.follow(w, from); err != nil {
			return nil, err
		}
	}
	if w.edges {
		return all, nil
	}
	// Walks of different length stay apart, but for queries that want each end once.
	if w.once {
		return w.merge(all), nil
	}
	return all, nil
}

// closure follows a pattern again and again, to each node once.
type closure struct {
	pattern
	start bool // with the start itself
}

func (c closure) inverse() pattern { return closure{c.pattern.inverse(), c.start} }

func (c closure) follow(w *walker, from []walk) ([]walk, error) {
	var all []walk
	for _, x := range from {
		seen := map[graph.ID]bool{}
		if c.start {
			seen[x.end] = true
			all = append(all, x)
		}
		for front := []walk{x}; len(front) > 0; {
			next, err := c.pattern.follow(w, front)
			if err != nil {
				return nil, err
			}
			front = front[:0:0]
			for _, y := range next {
				if !seen[y.end] {
					seen[y.end] = true
					y.alike = x.alike
					front = append(front, y)
				}
			}
			all = append(all, front...)
		}
	}
	return all, nil
}

// pattern reads a path pattern.
func (c *compiler) pattern(v any) (pattern, bool) {
	m, _ := v.(map[string]any)
	kind, _ := m["@type"].(string)
	switch kind {
	case "PathPredicate", "InversePathPredicate":
		name, named := m["predicate"].(string)
		return hop{graph.Node(c.x.Name(name)), !named, kind == "InversePathPredicate"}, true
	case "PathSequence":
		list, ok := c.patterns(m["sequence"])
		return sequence(list), ok
	case "PathOr":
		list, ok := c.patterns(m["or"])
		return either(list), ok
	case "PathPlus":
		p, ok := c.pattern(m["plus"])
		return closure{p, false}, ok
	case "PathStar":
		p, ok := c.pattern(m["star"])
		return closure{p, true}, ok
	case "PathTimes":
		p, ok := c.pattern(m["times"])
		n, okN := whole(m["from"])
		to, okM := whole(m["to"])
		return times{p, n, to}, ok && okN && okM && to <= maxHops
	}
	return nil, false
}

func (c *compiler) patterns(v any) (list []pattern, ok bool) {
	all, ok := v.([]any)
	for _, e := range all {
		p, ok := c.pattern(e)
		if !ok {
			return nil, false
		}
		list = append(list, p)
	}
	return list, ok && len(list) > 0
}
