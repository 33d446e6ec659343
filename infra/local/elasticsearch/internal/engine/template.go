package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Template is a composable index template: what new indices start with.
type Template struct {
	definition
	patterns []string
	priority int64
	body     string
}

func parseTemplate(body string) (*Template, *eserr.Error) {
	doc, err := xcontent.Parse(body)
	if err != nil {
		return nil, eserr.Syntax(err)
	}
	t := &Template{body: body}
	for m := range doc.Root().Members() {
		switch m.Key() {
		case "index_patterns":
			if m.Kind() != xcontent.Array {
				t.patterns = []string{m.Text()}
			}
			for p := range m.Members() {
				t.patterns = append(t.patterns, p.Text())
			}
		case "priority":
			n, err := strconv.ParseInt(m.Text(), 10, 64)
			if err != nil {
				return nil, eserr.NumberFormat(m.Text())
			}
			t.priority = n
		case "template":
			d, err := parseDefinition(m)
			if err != nil {
				return nil, err
			}
			t.definition = d
		case "version", "_meta":
		default:
			return nil, eserr.XContent(m.KeyPos(), "[index_template] unknown field [%s]", m.Key())
		}
	}
	if len(t.patterns) == 0 {
		return nil, eserr.Validation("index patterns are missing")
	}
	return t, nil
}

// JSON is the template as GET shows it.
func (t *Template) JSON() xcontent.Obj {
	inner := xcontent.Obj{}
	if len(t.settings) > 0 {
		inner = inner.Add("settings", nest(t.settings))
	}
	if !t.mappings.IsZero() {
		inner = inner.Add("mappings", t.mappings.Tree())
	}
	if !t.aliases.IsZero() {
		inner = inner.Add("aliases", t.aliases.Tree())
	}
	return xcontent.Obj{
		{Key: "index_patterns", Val: t.patterns}, {Key: "template", Val: inner},
		{Key: "composed_of", Val: []any{}}, {Key: "priority", Val: t.priority},
	}
}

// templateFor finds the template of the highest priority for a name. The
// caller holds e.mu.
func (e *Engine) templateFor(name string) *Template {
	var best *Template
	for _, t := range e.templates {
		if slices.ContainsFunc(t.patterns, func(p string) bool { return xcontent.Wildcard(p, name) }) && (best == nil || t.priority > best.priority) {
			best = t
		}
	}
	return best
}

// PutTemplate stores a template.
func (e *Engine) PutTemplate(name, body string) *eserr.Error {
	t, err := parseTemplate(body)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for other, o := range e.templates {
		if other == name || o.priority != t.priority || !overlap(o.patterns, t.patterns) {
			continue
		}
		return eserr.IllegalArgument("index template [%s] has index patterns [%s] matching patterns from existing templates [%s] with patterns (%s) that have the same priority [%d], multiple index templates may not match during index creation, please use a different priority",
			name, strings.Join(t.patterns, ", "), other, fmt.Sprintf("%s => [%s]", other, strings.Join(o.patterns, ", ")), t.priority)
	}
	e.templates[name] = t
	return e.persist()
}

// overlap reports whether a name can match patterns of both lists.
func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if meets(x, y) {
				return true
			}
		}
	}
	return false
}

// meets reports whether two patterns have a common match.
func meets(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case a != "" && a[0] == '*':
		return meets(a[1:], b) || b != "" && meets(a, b[1:])
	case b != "" && b[0] == '*':
		return meets(a, b[1:]) || a != "" && meets(a[1:], b)
	}
	return a != "" && b != "" && a[0] == b[0] && meets(a[1:], b[1:])
}

// DeleteTemplate removes a template.
func (e *Engine) DeleteTemplate(name string) *eserr.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.templates[name] == nil {
		return eserr.New(404, "index_template_missing_exception", "index_template [%s] missing", name)
	}
	delete(e.templates, name)
	return e.persist()
}

// Templates lists the templates that match a pattern, by name.
func (e *Engine) Templates(pattern string) []xcontent.Obj {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var names []string
	for n := range e.templates {
		if pattern == "" || xcontent.Wildcard(pattern, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	out := []xcontent.Obj{}
	for _, n := range names {
		out = append(out, xcontent.Obj{{Key: "name", Val: n}, {Key: "index_template", Val: e.templates[n].JSON()}})
	}
	return out
}
