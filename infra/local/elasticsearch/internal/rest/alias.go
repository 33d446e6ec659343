package rest

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

var aliasesDone = xcontent.Obj{{Key: "acknowledged", Val: true}, {Key: "errors", Val: false}}

func (h *Handler) updateAliases(q *request) reply {
	body, err := q.object()
	if err == nil {
		err = h.e.UpdateAliases(body)
	}
	if err != nil {
		return failed(err)
	}
	return ok(aliasesDone)
}

func (h *Handler) getAlias(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	var patterns []string
	if text := q.vars["alias"]; text != "" && text != "_all" {
		patterns = strings.Split(text, ",")
	}
	seen := map[string]bool{}
	match := func(alias string) bool {
		fits := len(patterns) == 0
		for _, p := range patterns {
			if xcontent.Wildcard(p, alias) {
				seen[p], fits = true, true
			}
		}
		return fits
	}
	out := xcontent.Obj{}
	for _, t := range targets {
		if found := h.e.Aliases(t.Name, match); len(found) > 0 || len(patterns) == 0 {
			out = out.Add(t.Name, xcontent.Obj{{Key: "aliases", Val: found}})
		}
	}
	missing := slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return seen[p] || strings.Contains(p, "*") })
	if len(missing) == 0 {
		return ok(out)
	}
	text := "alias [" + missing[0] + "] missing"
	if len(missing) > 1 {
		text = "aliases [" + strings.Join(missing, ",") + "] missing"
	}
	return reply{status: 404, body: append(xcontent.Obj{{Key: "error", Val: text}, {Key: "status", Val: 404}}, out...)}
}

func (h *Handler) putAlias(q *request) reply {
	var body xcontent.Value
	if q.body != "" {
		var err *eserr.Error
		if body, err = q.object(); err != nil {
			return failed(err)
		}
	}
	if err := h.e.PutAlias(strings.Split(q.vars["index"], ","), q.vars["alias"], body); err != nil {
		return failed(err)
	}
	return ok(aliasesDone)
}

func (h *Handler) deleteAlias(q *request) reply {
	if err := h.e.DeleteAlias(strings.Split(q.vars["index"], ","), strings.Split(q.vars["alias"], ",")); err != nil {
		return failed(err)
	}
	return ok(aliasesDone)
}

func (h *Handler) getTemplate(q *request) reply {
	list := h.e.Templates(q.vars["name"])
	if name := q.vars["name"]; len(list) == 0 && name != "" && !strings.Contains(name, "*") {
		return failed(eserr.New(404, "resource_not_found_exception", "index template matching [%s] not found", name))
	}
	return ok(xcontent.Obj{{Key: "index_templates", Val: list}})
}

func (h *Handler) putTemplate(q *request) reply {
	if _, err := q.object(); err != nil {
		return failed(err)
	}
	if err := h.e.PutTemplate(q.vars["name"], q.body); err != nil {
		return failed(err)
	}
	return ok(acknowledged)
}

func (h *Handler) deleteTemplate(q *request) reply {
	if err := h.e.DeleteTemplate(q.vars["name"]); err != nil {
		return failed(err)
	}
	return ok(acknowledged)
}

func (h *Handler) resolveIndex(q *request) reply {
	indices, aliases := []xcontent.Obj{}, []xcontent.Obj{}
	patterns := strings.Split(q.vars["name"], ",")
	match := func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return xcontent.Wildcard(p, name) })
	}
	all := h.e.AliasNames()
	for _, name := range h.e.IndexNames() {
		if !match(name) {
			continue
		}
		o := xcontent.Obj{{Key: "name", Val: name}}
		if own := h.e.Aliases(name, func(string) bool { return true }); len(own) > 0 {
			names := []string{}
			for _, a := range own {
				names = append(names, a.Key)
			}
			o = o.Add("aliases", names)
		}
		indices = append(indices, o.Add("attributes", []string{"open"}))
	}
	for _, a := range all {
		if match(a.Key) {
			aliases = append(aliases, xcontent.Obj{{Key: "name", Val: a.Key}, {Key: "indices", Val: a.Val}})
		}
	}
	return ok(xcontent.Obj{{Key: "indices", Val: indices}, {Key: "aliases", Val: aliases}, {Key: "data_streams", Val: []any{}}})
}
