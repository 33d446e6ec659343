package engine

import (
	"os"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// definition is the content of a create request or of a template.
type definition struct {
	settings xcontent.Obj
	mappings xcontent.Value
	aliases  xcontent.Value
}

// Create makes an index. body is the JSON of the request, "" if absent.
func (e *Engine) Create(name, body string) (*Index, *eserr.Error) {
	d := definition{}
	if body != "" {
		doc, err := xcontent.Parse(body)
		if err != nil {
			return nil, eserr.Syntax(err)
		}
		var bad *eserr.Error
		if d, bad = parseDefinition(doc.Root()); bad != nil {
			return nil, bad
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.create(name, d)
}

func parseDefinition(v xcontent.Value) (definition, *eserr.Error) {
	d := definition{}
	for m := range v.Members() {
		switch m.Key() {
		case "settings":
			s, err := parseSettings(m)
			if err != nil {
				return d, err
			}
			d.settings = s
		case "mappings":
			d.mappings = m
		case "aliases":
			d.aliases = m
		default:
			return d, eserr.New(400, "parse_exception", "unknown key [%s] for create index", m.Key())
		}
	}
	return d, nil
}

// create makes an index from a request and the template that fits its name.
// The caller holds e.mu.
func (e *Engine) create(name string, d definition) (*Index, *eserr.Error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if old := e.indices[name]; old != nil {
		return nil, eserr.New(400, "resource_already_exists_exception", "index [%s/%s] already exists", name, old.UUID).In(name, old.UUID)
	}
	if e.aliases[name] != nil {
		return nil, eserr.New(400, "invalid_index_name_exception", "Invalid index name [%s], already exists as alias", name).In(name, "_na_")
	}
	parts := []definition{d}
	if t := e.templateFor(name); t != nil {
		parts = []definition{t.definition, d}
	}
	i := newIndex(name, randomID(16), e.clock())
	i.settings = xcontent.Obj{}
	for _, p := range parts {
		for _, f := range p.settings {
			if f.Val != nil {
				i.settings = i.settings.Set(f.Key, f.Val)
			}
		}
	}
	m, err := i.firstMapping(parts)
	if err != nil {
		return nil, err
	}
	i.mapping.Store(m)
	aliases := map[string]*Alias{}
	for _, p := range parts {
		if p.aliases.IsZero() {
			continue
		}
		for a := range p.aliases.Members() {
			parsed, err := parseAlias(a, nil)
			if err != nil {
				return nil, err
			}
			aliases[a.Key()] = parsed
		}
	}
	if e.dir != "" {
		j, err := createJournal(e.journalPath(i.UUID))
		if err != nil {
			return nil, eserr.New(500, "i_o_exception", "%s", err.Error())
		}
		i.journal = j
		j.mapping(m)
		if err := j.flush(); err != nil {
			return nil, eserr.New(500, "i_o_exception", "%s", err.Error())
		}
	}
	e.indices[name] = i
	for a, def := range aliases {
		e.setAlias(a, name, def)
	}
	return i, e.persist()
}

func (i *Index) firstMapping(parts []definition) (*mapping.Mapping, *eserr.Error) {
	reg, err := registry(i.settings)
	if err != nil {
		return nil, err
	}
	m := mapping.Empty(reg)
	for _, p := range parts {
		if p.mappings.IsZero() {
			continue
		}
		add, err := mapping.Parse(p.mappings, reg)
		if err != nil {
			return nil, err
		}
		if m, err = m.Merge(add, i.limits()); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// PutMapping adds fields to indices.
func (e *Engine) PutMapping(list []*Index, v xcontent.Value) *eserr.Error {
	for _, i := range list {
		update, err := mapping.Parse(v, i.Mapping().Registry())
		if err != nil {
			return err
		}
		i.mu.Lock()
		if err = i.extend(update); err == nil {
			if bad := i.flush(e); bad != nil {
				err = eserr.New(500, "i_o_exception", "%s", bad.Error())
			}
		}
		i.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete removes indices by exact names; wildcards only if the cluster allows
// it. Nothing is removed if one name is missing.
func (e *Engine) Delete(names []string, ignoreMissing bool) *eserr.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	destructive := e.clusterText("action.destructive_requires_name") == "false"
	var list []string
	for _, n := range names {
		if strings.Contains(n, "*") || n == "_all" || n == "" {
			if !destructive {
				return eserr.IllegalArgument("Wildcard expressions or all indices are not allowed")
			}
			for _, have := range e.names() {
				if n == "_all" || n == "" || xcontent.Wildcard(n, have) {
					list = append(list, have)
				}
			}
			continue
		}
		switch {
		case e.indices[n] != nil:
			list = append(list, n)
		case e.aliases[n] != nil:
			return eserr.IllegalArgument("The provided expression [%s] matches an alias, specify the corresponding concrete indices instead.", n)
		case !ignoreMissing:
			return eserr.IndexNotFound(n)
		}
	}
	var doomed []*Index
	for _, n := range list {
		if i := e.indices[n]; i != nil {
			doomed = append(doomed, i)
			e.forget(n)
		}
	}
	if err := e.persist(); err != nil {
		return err
	}
	for _, i := range doomed {
		e.destroy(i)
	}
	return nil
}

// forget takes an index and its aliases out of the tables. The caller holds
// e.mu.
func (e *Engine) forget(name string) {
	delete(e.indices, name)
	for alias, byIndex := range e.aliases {
		if delete(byIndex, name); len(byIndex) == 0 {
			delete(e.aliases, alias)
		}
	}
}

// destroy removes the files of an index that is in no table any more.
func (e *Engine) destroy(i *Index) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.gone = true
	if i.journal == nil {
		return
	}
	i.journal.buf = nil
	i.journal.close()
	if err := os.Remove(i.journal.path); err != nil {
		e.log.Warn("elasticsearch: old journal not removed", "error", err)
	}
	i.journal = nil
}

// SetClosed closes or opens indices.
func (e *Engine) SetClosed(list []*Index, closed bool) *eserr.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range list {
		i.mu.Lock()
		i.closed = closed
		i.mu.Unlock()
	}
	return e.persist()
}
