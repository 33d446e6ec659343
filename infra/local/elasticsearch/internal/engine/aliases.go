package engine

import (
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// AliasOptions are what an alias holds for one index.
type AliasOptions struct {
	Filter        string `json:"filter,omitempty"` // JSON of a query
	IsWriteIndex  string `json:"is_write_index,omitempty"`
	IndexRouting  string `json:"index_routing,omitempty"`
	SearchRouting string `json:"search_routing,omitempty"`
}

// Alias is the definition of an alias on one index.
type Alias struct {
	AliasOptions
	query search.Query
}

// JSON is the definition as GET _alias shows it.
func (a *Alias) JSON() xcontent.Obj {
	o := xcontent.Obj{}
	if a.Filter != "" {
		o = o.Add("filter", xcontent.Raw(a.Filter))
	}
	if a.IndexRouting != "" {
		o = o.Add("index_routing", a.IndexRouting)
	}
	if a.SearchRouting != "" {
		o = o.Add("search_routing", a.SearchRouting)
	}
	if a.IsWriteIndex != "" {
		o = o.Add("is_write_index", a.IsWriteIndex == "true")
	}
	return o
}

// setAlias adds a definition. The caller holds e.mu.
func (e *Engine) setAlias(alias, index string, a *Alias) {
	if e.aliases[alias] == nil {
		e.aliases[alias] = map[string]*Alias{}
	}
	e.aliases[alias][index] = a
}

// parseAlias reads the options of an alias; known reports other members.
func parseAlias(v xcontent.Value, known func(xcontent.Value) bool) (*Alias, *eserr.Error) {
	a := &Alias{}
	for m := range v.Members() {
		switch m.Key() {
		case "filter":
			if m.Kind() == xcontent.Null {
				continue
			}
			q, err := search.ParseQuery(m)
			if err != nil {
				return nil, err
			}
			a.Filter, a.query = m.Raw(), q
		case "is_write_index":
			a.IsWriteIndex = m.Text()
		case "routing":
			a.IndexRouting, a.SearchRouting = m.Text(), m.Text()
		case "index_routing":
			a.IndexRouting = m.Text()
		case "search_routing":
			a.SearchRouting = m.Text()
		default:
			if known == nil || !known(m) {
				return nil, eserr.XContent(m.KeyPos(), "[alias_action] unknown field [%s]", m.Key())
			}
		}
	}
	return a, nil
}

// aliasAction is one step of POST _aliases.
type aliasAction struct {
	kind             string // add, remove, remove_index
	indices, aliases []string
	alias            *Alias
}

func parseActions(body xcontent.Value) ([]aliasAction, *eserr.Error) {
	var out []aliasAction
	for m := range body.Members() {
		if m.Key() != "actions" {
			return nil, eserr.XContent(m.KeyPos(), "[aliases] unknown field [%s]", m.Key())
		}
		for step := range m.Members() {
			for act := range step.Members() {
				a := aliasAction{kind: act.Key()}
				if a.kind != "add" && a.kind != "remove" && a.kind != "remove_index" {
					return nil, eserr.XContent(act.KeyPos(), "[alias_action] unknown field [%s]%s", a.kind, xcontent.Suggest(a.kind, []string{"add", "remove", "remove_index"}))
				}
				alias, err := parseAlias(act, func(p xcontent.Value) bool {
					list := []string{p.Text()}
					if p.Kind() == xcontent.Array {
						list = nil
						for x := range p.Members() {
							list = append(list, x.Text())
						}
					}
					switch p.Key() {
					case "index", "indices":
						a.indices = list
					case "alias", "aliases":
						a.aliases = list
					case "must_exist", "is_hidden":
					default:
						return false
					}
					return true
				})
				if err != nil {
					return nil, err
				}
				a.alias = alias
				if len(a.indices) == 0 {
					return nil, eserr.IllegalArgument("One of [index] or [indices] is required")
				}
				if a.kind != "remove_index" && len(a.aliases) == 0 {
					return nil, eserr.IllegalArgument("One of [alias] or [aliases] is required")
				}
				out = append(out, a)
			}
		}
	}
	if len(out) == 0 {
		return nil, eserr.IllegalArgument("No action specified")
	}
	return out, nil
}

// UpdateAliases does the actions of a request all or not at all.
func (e *Engine) UpdateAliases(body xcontent.Value) *eserr.Error {
	actions, err := parseActions(body)
	if err != nil {
		return err
	}
	return e.changeAliases(actions)
}

// PutAlias adds an alias to indices; body may be absent.
func (e *Engine) PutAlias(indices []string, alias string, body xcontent.Value) *eserr.Error {
	a := &Alias{}
	if !body.IsZero() {
		var err *eserr.Error
		if a, err = parseAlias(body, nil); err != nil {
			return err
		}
	}
	return e.changeAliases([]aliasAction{{"add", indices, []string{alias}, a}})
}

// DeleteAlias removes aliases from indices.
func (e *Engine) DeleteAlias(indices, aliases []string) *eserr.Error {
	return e.changeAliases([]aliasAction{{"remove", indices, aliases, nil}})
}

func (e *Engine) changeAliases(actions []aliasAction) *eserr.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := make(map[string]map[string]*Alias, len(e.aliases))
	for alias, byIndex := range e.aliases {
		next[alias] = maps.Clone(byIndex)
	}
	doomed := map[string]*Index{}
	for _, a := range actions {
		if a.kind == "remove_index" {
			for _, name := range a.indices {
				if e.indices[name] == nil {
					return eserr.IndexNotFound(name)
				}
				doomed[name] = e.indices[name]
			}
		}
	}
	for _, a := range actions {
		if a.kind == "remove_index" {
			continue
		}
		indices, err := e.concrete(a.indices)
		if err != nil {
			return err
		}
		if err := e.changeAlias(next, a, indices, doomed); err != nil {
			return err
		}
	}
	old := e.aliases
	e.aliases = next
	for name := range doomed {
		e.forget(name)
	}
	if err := e.persist(); err != nil {
		e.aliases = old
		maps.Copy(e.indices, doomed)
		return err
	}
	for _, i := range doomed {
		e.destroy(i)
	}
	return nil
}

func (e *Engine) changeAlias(next map[string]map[string]*Alias, a aliasAction, indices []string, doomed map[string]*Index) *eserr.Error {
	for _, alias := range a.aliases {
		if a.kind == "remove" {
			removed := false
			for name, byIndex := range next {
				if !xcontent.Wildcard(alias, name) {
					continue
				}
				for _, index := range indices {
					if byIndex[index] != nil {
						delete(byIndex, index)
						removed = true
					}
				}
				if len(byIndex) == 0 {
					delete(next, name)
				}
			}
			if !removed {
				return aliasesMissing(a.aliases)
			}
			continue
		}
		if err := checkAlias(alias); err != nil {
			return err
		}
		if e.indices[alias] != nil && doomed[alias] == nil {
			return eserr.New(400, "invalid_alias_name_exception", "Invalid alias name [%s]: an index or data stream exists with the same name as the alias", alias)
		}
		for _, index := range indices {
			if next[alias] == nil {
				next[alias] = map[string]*Alias{}
			}
			next[alias][index] = a.alias
		}
		if writers := writeIndices(next[alias]); len(writers) > 1 {
			return eserr.New(400, "illegal_state_exception", "alias [%s] has more than one write index [%s]", alias, strings.Join(writers, ","))
		}
	}
	return nil
}

func checkAlias(name string) *eserr.Error {
	if err := checkName(name); err != nil && !strings.Contains(err.Reason, "lowercase") {
		return eserr.New(400, "invalid_alias_name_exception", "Invalid alias name [%s]: %s", name, strings.SplitN(err.Reason, ", ", 2)[1])
	}
	return nil
}

func aliasesMissing(names []string) *eserr.Error {
	list := strings.Join(names, ",")
	e := eserr.New(404, "aliases_not_found_exception", "aliases [%s] missing", list)
	e.Meta = xcontent.Obj{{Key: "resource.type", Val: "aliases"}, {Key: "resource.id", Val: list}}
	return e
}

// writeIndices lists the indices that an alias marks for writing.
func writeIndices(byIndex map[string]*Alias) []string {
	var out []string
	for index, a := range byIndex {
		if a.IsWriteIndex == "true" {
			out = append(out, index)
		}
	}
	slices.Sort(out)
	return out
}

// Aliases lists the aliases of an index that match a pattern, by name.
func (e *Engine) Aliases(index string, match func(alias string) bool) xcontent.Obj {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := xcontent.Obj{}
	for alias, byIndex := range e.aliases {
		if a := byIndex[index]; a != nil && match(alias) {
			out = out.Add(alias, a.JSON())
		}
	}
	slices.SortFunc(out, func(a, b xcontent.Field) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// AliasNames lists all aliases, sorted, each with its indices, sorted.
func (e *Engine) AliasNames() xcontent.Obj {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := xcontent.Obj{}
	for alias, byIndex := range e.aliases {
		out = out.Add(alias, slices.Sorted(maps.Keys(byIndex)))
	}
	slices.SortFunc(out, func(a, b xcontent.Field) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// Alias returns one definition, nil if there is none.
func (e *Engine) Alias(alias, index string) *Alias {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.aliases[alias][index]
}
