package rest

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func (h *Handler) analyze(q *request) reply {
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	name, field := "", ""
	var texts []string
	for m := range body.Members() {
		switch m.Key() {
		case "analyzer":
			name = m.Text()
		case "field":
			field = m.Text()
		case "text":
			texts = []string{m.Text()}
			if m.Kind() == xcontent.Array {
				texts = nil
				for t := range m.Members() {
					texts = append(texts, t.Text())
				}
			}
		default:
			return failed(eserr.XContent(m.KeyPos(), "[analyze_request] unknown field [%s]", m.Key()))
		}
	}
	if texts == nil {
		return failed(eserr.Validation("text is missing"))
	}
	a, err := h.analyzer(q, name, field)
	if err != nil {
		return failed(err)
	}
	tokens := []any{}
	for _, text := range texts {
		for _, t := range a.Analyze(text) {
			tokens = append(tokens, xcontent.Obj{
				{Key: "token", Val: t.Text}, {Key: "start_offset", Val: t.Start}, {Key: "end_offset", Val: t.End},
				{Key: "type", Val: t.Type}, {Key: "position", Val: t.Position},
			})
		}
	}
	return ok(xcontent.Obj{{Key: "tokens", Val: tokens}})
}

// analyzer finds an analyzer by name or by field.
func (h *Handler) analyzer(q *request, name, field string) (analysis.Analyzer, *eserr.Error) {
	var reg *analysis.Registry
	if q.vars["index"] != "" {
		targets, err := h.targets(q)
		if err != nil {
			return nil, err
		}
		if len(targets) != 1 {
			return nil, eserr.IllegalArgument("analysis requests should only specify a single index")
		}
		m := targets[0].Mapping()
		reg = m.Registry()
		if f, _ := m.Field(field); name == "" && f != nil {
			if f.Class == mapping.Text {
				return f.Analyzer, nil
			}
			name = "keyword"
		}
	}
	if name == "" {
		name = "standard"
	}
	a := reg.Analyzer(name)
	if a == nil {
		if reg == nil {
			return nil, eserr.IllegalArgument("failed to find global analyzer [%s]", name)
		}
		return nil, eserr.IllegalArgument("failed to find analyzer [%s]", name)
	}
	return a, nil
}

// fieldCaps tells the types of fields over indices.
func (h *Handler) fieldCaps(q *request) reply {
	patterns := strings.Split(q.params.Get("fields"), ",")
	fields, names := xcontent.Obj{}, []string{}
	err := h.e.Search(q.expression(), false, func(readers []*search.Reader) {
		for _, r := range readers {
			names = append(names, r.Index)
			r.Mapping.Leaves(func(f *mapping.Field) {
				if !slices.ContainsFunc(patterns, func(p string) bool { return xcontent.Wildcard(p, f.Path) }) {
					return
				}
				types, _ := fields.Get(f.Path).(xcontent.Obj)
				fields = fields.Set(f.Path, types.Set(f.Type, xcontent.Obj{
					{Key: "type", Val: f.Type}, {Key: "metadata_field", Val: false},
					{Key: "searchable", Val: f.Searchable()}, {Key: "aggregatable", Val: f.DocValues},
				}))
			})
		}
	})
	if err != nil {
		return failed(err)
	}
	return ok(xcontent.Obj{{Key: "indices", Val: names}, {Key: "fields", Val: fields}})
}
