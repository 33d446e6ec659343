package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// stateVersion is the format of the state file.
const stateVersion = 1

// state is everything besides documents and mappings; it is small and written
// as a whole.
type state struct {
	Version   int             `json:"version"`
	Indices   []stateIndex    `json:"indices"`
	Aliases   []stateAlias    `json:"aliases"`
	Templates []stateTemplate `json:"templates"`
	Cluster   json.RawMessage `json:"cluster"`
}

type stateIndex struct {
	Name     string          `json:"name"`
	UUID     string          `json:"uuid"`
	Created  int64           `json:"created"`
	Closed   bool            `json:"closed"`
	Settings json.RawMessage `json:"settings"`
}

type stateAlias struct {
	Alias string `json:"alias"`
	Index string `json:"index"`
	AliasOptions
}

type stateTemplate struct {
	Name string          `json:"name"`
	Body json.RawMessage `json:"body"`
}

func (e *Engine) statePath() string { return filepath.Join(e.dir, "state.json") }

// save writes the state file. The caller holds e.mu.
func (e *Engine) save() error {
	if e.dir == "" {
		return nil
	}
	s := state{Version: stateVersion, Cluster: xcontent.Append(nil, nonNil(e.settings))}
	for _, name := range e.names() {
		i := e.indices[name]
		s.Indices = append(s.Indices, stateIndex{name, i.UUID, i.Created.UnixMilli(), i.closed, xcontent.Append(nil, nonNil(i.settings))})
	}
	for alias, byIndex := range e.aliases {
		for index, a := range byIndex {
			s.Aliases = append(s.Aliases, stateAlias{alias, index, a.AliasOptions})
		}
	}
	slices.SortFunc(s.Aliases, func(a, b stateAlias) int { return strings.Compare(a.Alias+"\x00"+a.Index, b.Alias+"\x00"+b.Index) })
	for name, t := range e.templates {
		s.Templates = append(s.Templates, stateTemplate{name, json.RawMessage(t.body)})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("elasticsearch: write state: %w", err)
	}
	tmp := e.statePath() + ".tmp"
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return fmt.Errorf("elasticsearch: write state: %w", err)
	}
	if err := os.Rename(tmp, e.statePath()); err != nil {
		return fmt.Errorf("elasticsearch: write state: %w", err)
	}
	return nil
}

func nonNil(o xcontent.Obj) xcontent.Obj {
	if o == nil {
		return xcontent.Obj{}
	}
	return o
}

// load reads the state file and the journals.
func (e *Engine) load() error {
	b, err := os.ReadFile(e.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("elasticsearch: read state: %w", err)
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("elasticsearch: read state: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("elasticsearch: %s has format %d, this version reads %d: use another data folder or the version that wrote it", e.statePath(), s.Version, stateVersion)
	}
	if e.settings, err = flatObject(string(s.Cluster)); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, si := range s.Indices {
		i := newIndex(si.Name, si.UUID, time.UnixMilli(si.Created))
		if i.settings, err = flatObject(string(si.Settings)); err != nil {
			return err
		}
		i.closed = si.Closed
		if err := i.replay(e, e.journalPath(si.UUID)); err != nil {
			return err
		}
		e.indices[si.Name] = i
		known[si.UUID+".journal"] = true
	}
	for _, a := range s.Aliases {
		alias := &Alias{AliasOptions: a.AliasOptions}
		if a.Filter != "" {
			doc, err := xcontent.Parse(a.Filter)
			if err != nil {
				return fmt.Errorf("elasticsearch: filter of alias [%s]: %w", a.Alias, err)
			}
			q, bad := search.ParseQuery(doc.Root())
			if bad != nil {
				return fmt.Errorf("elasticsearch: filter of alias [%s]: %w", a.Alias, bad)
			}
			alias.query = q
		}
		e.setAlias(a.Alias, a.Index, alias)
	}
	for _, t := range s.Templates {
		parsed, bad := parseTemplate(string(t.Body))
		if bad != nil {
			return fmt.Errorf("elasticsearch: template [%s]: %w", t.Name, bad)
		}
		e.templates[t.Name] = parsed
	}
	return e.sweep(known)
}

// sweep removes journals of indices that were being created or deleted when
// the process died.
func (e *Engine) sweep(known map[string]bool) error {
	files, err := filepath.Glob(filepath.Join(e.dir, "*.journal*"))
	if err != nil {
		return fmt.Errorf("elasticsearch: list journals: %w", err)
	}
	for _, f := range files {
		if !known[filepath.Base(f)] {
			if err := os.Remove(f); err != nil {
				return fmt.Errorf("elasticsearch: remove old journal: %w", err)
			}
		}
	}
	return nil
}

func flatObject(text string) (xcontent.Obj, error) {
	doc, err := xcontent.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: read settings: %w", err)
	}
	out := xcontent.Obj{}
	for m := range doc.Root().Members() {
		if m.Kind() == xcontent.Array {
			var list []string
			for x := range m.Members() {
				list = append(list, x.Text())
			}
			out = out.Add(m.Key(), list)
			continue
		}
		out = out.Add(m.Key(), m.Text())
	}
	return out, nil
}
