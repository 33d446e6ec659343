package engine

import (
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Expression is the index part of a request path.
type Expression struct {
	// Names are indices, aliases or patterns; -name takes away from what
	// patterns before it gave. Empty means all.
	Names []string
	// IgnoreUnavailable drops missing and closed indices.
	IgnoreUnavailable bool
	// RequireMatch makes a pattern without match an error.
	RequireMatch bool
	// Closed lets closed indices through, for administration.
	Closed bool
}

// Target is an index that an expression names.
type Target struct {
	*Index
	// filters of the aliases by which it was named; nil if by name.
	filters []search.Query
	direct  bool
}

// Resolve finds the indices of an expression, in the order of their names.
func (e *Engine) Resolve(x Expression) ([]Target, *eserr.Error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	found := map[string]*Target{}
	add := func(name string, filter search.Query, direct bool) {
		t := found[name]
		if t == nil {
			t = &Target{Index: e.indices[name]}
			found[name] = t
		}
		if t.direct = t.direct || direct; filter != nil {
			t.filters = append(t.filters, filter)
		}
	}
	names := x.Names
	if len(names) == 0 {
		names = []string{"*"}
	}
	wild := false
	for n, name := range names {
		if name == "_all" {
			name = "*"
		}
		if rest, minus := strings.CutPrefix(name, "-"); minus && wild && n > 0 {
			maps.DeleteFunc(found, func(have string, _ *Target) bool { return xcontent.Wildcard(rest, have) })
			continue
		}
		if strings.Contains(name, "*") {
			wild = true
			if !e.expand(name, x, add) && x.RequireMatch {
				return nil, eserr.IndexNotFound(name)
			}
			continue
		}
		if err := e.one(name, x, add); err != nil {
			return nil, err
		}
	}
	out := make([]Target, 0, len(found))
	for _, n := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[n])
	}
	return out, nil
}

// expand adds what a pattern matches; closed indices are passed over.
func (e *Engine) expand(pattern string, x Expression, add func(string, search.Query, bool)) bool {
	matched := false
	for name, i := range e.indices {
		if xcontent.Wildcard(pattern, name) && (x.Closed || !i.isClosed()) {
			add(name, nil, true)
			matched = true
		}
	}
	for alias, byIndex := range e.aliases {
		if !xcontent.Wildcard(pattern, alias) {
			continue
		}
		for name, a := range byIndex {
			if x.Closed || !e.indices[name].isClosed() {
				add(name, a.query, a.query == nil)
				matched = true
			}
		}
	}
	return matched
}

func (e *Engine) one(name string, x Expression, add func(string, search.Query, bool)) *eserr.Error {
	if byIndex := e.aliases[name]; byIndex != nil {
		for index, a := range byIndex {
			if !x.Closed && e.indices[index].isClosed() {
				if !x.IgnoreUnavailable {
					return closedError(e.indices[index])
				}
				continue
			}
			add(index, a.query, a.query == nil)
		}
		return nil
	}
	i := e.indices[name]
	switch {
	case i == nil && x.IgnoreUnavailable:
		return nil
	case i == nil:
		return eserr.IndexNotFound(name)
	case !x.Closed && i.isClosed():
		if x.IgnoreUnavailable {
			return nil
		}
		return closedError(i)
	}
	add(name, nil, true)
	return nil
}

func (i *Index) isClosed() bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.closed
}

// concrete resolves names to names of indices. The caller holds e.mu.
func (e *Engine) concrete(names []string) ([]string, *eserr.Error) {
	var out []string
	for _, n := range names {
		switch {
		case strings.Contains(n, "*"):
			for _, have := range e.names() {
				if xcontent.Wildcard(n, have) {
					out = append(out, have)
				}
			}
		case e.indices[n] != nil:
			out = append(out, n)
		case e.aliases[n] != nil:
			out = append(out, slices.Sorted(maps.Keys(e.aliases[n]))...)
		default:
			return nil, eserr.IndexNotFound(n)
		}
	}
	return out, nil
}

// writeIndex finds the index of a write, or creates it.
func (e *Engine) writeIndex(op *Op) (*Index, *eserr.Error) {
	e.mu.RLock()
	idx, err := e.existing(op)
	auto := e.clusterText("action.auto_create_index")
	e.mu.RUnlock()
	if idx != nil || err != nil {
		return idx, err
	}
	external := op.VersionType == External || op.VersionType == ExternalGTE
	switch {
	case op.Action == DeleteDoc && (op.RequireAlias || !external):
		return nil, eserr.IndexNotFound(op.Index)
	case op.RequireAlias:
		return nil, requireAlias(op.Index)
	case auto == "false":
		return nil, eserr.New(404, "index_not_found_exception", "no such index [%s] and [action.auto_create_index] is [false]", op.Index).In(op.Index, "_na_")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if idx := e.indices[op.Index]; idx != nil {
		return idx, nil
	}
	return e.create(op.Index, definition{})
}

func requireAlias(name string) *eserr.Error {
	return eserr.New(404, "index_not_found_exception", "no such index [%s] and [require_alias] request flag is [true] and [%s] is not an alias", name, name).In(name, "_na_")
}

// existing finds the index of a write. The caller holds e.mu for reading.
func (e *Engine) existing(op *Op) (*Index, *eserr.Error) {
	byIndex := e.aliases[op.Index]
	if byIndex == nil {
		if op.RequireAlias && op.Action != DeleteDoc {
			return nil, requireAlias(op.Index)
		}
		return e.indices[op.Index], nil
	}
	if writers := writeIndices(byIndex); len(writers) == 1 {
		return e.indices[writers[0]], nil
	}
	if len(byIndex) == 1 {
		for name, a := range byIndex {
			if a.IsWriteIndex != "false" {
				return e.indices[name], nil
			}
		}
	}
	return nil, eserr.IllegalArgument("no write index is defined for alias [%s]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index", op.Index)
}

// single finds the index of a read of one document.
func (e *Engine) single(name string) (*Index, *eserr.Error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if byIndex := e.aliases[name]; len(byIndex) > 1 {
		return nil, eserr.IllegalArgument("alias [%s] has more than one index associated with it [%s], can't execute a single index op", name, strings.Join(slices.Sorted(maps.Keys(byIndex)), ", "))
	} else if len(byIndex) == 1 {
		for index := range byIndex {
			name = index
		}
	}
	if i := e.indices[name]; i != nil {
		return i, nil
	}
	return nil, eserr.IndexNotFound(name)
}

// Exists reports whether a name is an index or an alias.
func (e *Engine) Exists(name string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.indices[name] != nil || e.aliases[name] != nil
}
