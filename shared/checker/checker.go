// Package checker compares the read model and the graph with the fold of the
// log: each class of each database, document for document.
package checker

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// ClassReport compares one class. Digests are SHA-256 over the documents in the
// order of their ids.
type ClassReport struct {
	Kind           string   `json:"kind"` // instances or ontologies
	Class          string   `json:"class_id"`
	Expected       int      `json:"expected"`
	Present        int      `json:"present"`
	Missing        int      `json:"missing"`
	Surplus        int      `json:"surplus"`
	Different      int      `json:"different"`
	ExpectedDigest string   `json:"expected_digest"`
	PresentDigest  string   `json:"present_digest"`
	Equal          bool     `json:"equal"`
	Examples       []string `json:"examples,omitempty"` // some ids that are not equal
}

// DatabaseReport compares one database at a position of the log.
type DatabaseReport struct {
	Database string        `json:"db_name"`
	Position string        `json:"position"` // of the last event that was folded
	Accepted int           `json:"commands_accepted"`
	Ended    int           `json:"commands_ended"`
	Open     []event.ID    `json:"commands_open"`
	Classes  []ClassReport `json:"classes"`
	Equal    bool          `json:"equal"` // every class is equal and no command is open
	Graph    *GraphReport  `json:"graph,omitempty"`
}

// GraphReport compares the graph of a database, which follows the log at a pace of
// its own.
type GraphReport struct {
	Classes []ClassReport `json:"classes"`
	Equal   bool          `json:"equal"`
	Error   string        `json:"error,omitempty"` // why the graph could not be read
}

// Checker makes reports.
type Checker struct {
	Log    *eventlog.Log
	Search *search.Client
	Graph  *graphprojection.Graph // nil: it is not compared
}

type documentKey struct{ kind, class, id string }

// Check folds a database out of the log and compares the read model with it.
// Facts that are appended meanwhile may show as differences.
func (c *Checker) Check(ctx context.Context, database string) (DatabaseReport, error) {
	f, err := c.fold(ctx, database)
	if err != nil {
		return DatabaseReport{}, err
	}
	present := map[documentKey][sha256.Size]byte{}
	for kind, alias := range map[string]string{"instances": search.InstancesAlias(database), "ontologies": search.ClassesAlias(database)} {
		if err := c.Search.Refresh(ctx, alias); err != nil {
			return DatabaseReport{}, err
		}
		err := c.Search.Scan(ctx, alias, func(id string, source json.RawMessage) error {
			var head struct {
				Class string `json:"class_id"`
			}
			digest, err := canonical(source)
			if err := errors.Join(err, json.Unmarshal(source, &head)); err != nil {
				return fmt.Errorf("checker: document %s: %w", id, err)
			}
			present[documentKey{kind, head.Class, id}] = digest
			return nil
		})
		if err != nil {
			return DatabaseReport{}, err
		}
	}
	report := DatabaseReport{Database: database, Position: f.last.String(), Accepted: f.accepted, Ended: f.ended, Open: []event.ID{}, Classes: compare(f.documents, present)}
	for id := range f.open {
		report.Open = append(report.Open, id)
	}
	slices.Sort(report.Open)
	report.Equal = len(report.Open) == 0 && !slices.ContainsFunc(report.Classes, func(r ClassReport) bool { return !r.Equal })
	if c.Graph != nil {
		report.Graph = c.checkGraph(ctx, database, f.graph)
	}
	return report, nil
}

// checkGraph reads the graph. That it cannot be read is part of the report: what
// else there is to say does not depend on it.
func (c *Checker) checkGraph(ctx context.Context, database string, expected map[documentKey][sha256.Size]byte) *GraphReport {
	present := map[documentKey][sha256.Size]byte{}
	err := c.Graph.Scan(ctx, database, func(i graphprojection.Item) { present[documentKey{i.Kind, i.Class, i.ID}] = i.Digest })
	if err != nil {
		return &GraphReport{Classes: []ClassReport{}, Error: err.Error()}
	}
	r := &GraphReport{Classes: compare(expected, present)}
	r.Equal = !slices.ContainsFunc(r.Classes, func(c ClassReport) bool { return !c.Equal })
	return r
}

// folded is what the log says a database holds.
type folded struct {
	documents       map[documentKey][sha256.Size]byte
	graph           map[documentKey][sha256.Size]byte
	open            map[event.ID]bool
	given           discard.Set // facts that a projection leaves out
	accepted, ended int
	last            event.Position
}

func (c *Checker) fold(ctx context.Context, database string) (*folded, error) {
	chain, err := c.Log.ChainOf(ctx, database)
	if err != nil {
		return nil, err
	}
	f := &folded{documents: map[documentKey][sha256.Size]byte{}, graph: map[documentKey][sha256.Size]byte{}, open: map[event.ID]bool{}}
	if f.given, err = discard.Of(ctx, c.Log, database); err != nil {
		return nil, err
	}
	for seg, err := range c.Log.Read(ctx, chain, eventlog.Head{}) {
		if err != nil {
			return nil, err
		}
		for i := range seg.Events {
			if e := &seg.Events[i]; e.Database == database {
				if err := c.foldEvent(ctx, f, e); err != nil {
					return nil, err
				}
			}
		}
	}
	return f, nil
}

func (c *Checker) foldEvent(ctx context.Context, f *folded, e *event.Event) error {
	f.last = e.Position
	if e.Kind == event.Command {
		f.open[e.ID] = true
		f.accepted++
	}
	if e.Ends() {
		if !f.open[e.Command] {
			return fmt.Errorf("checker: event %s at %s ends command %s, which is not open", e.ID, e.Position, e.Command)
		}
		delete(f.open, e.Command)
		f.ended++
	}
	if !e.IsFact() {
		return nil
	}
	of, kind, handler := search.OfInstance, "instances", sweep.Instances
	switch e.Aggregate.Type {
	case event.Database:
		if e.Lifecycle != event.Changes {
			clear(f.documents) // a new life, or none
			clear(f.graph)
		}
		return nil
	case classes.Type:
		of, kind, handler = search.OfClass, "ontologies", sweep.Ontology
	case writes.Instances:
	default:
		return nil
	}
	data, err := c.Log.Data(ctx, e)
	if err != nil {
		return err
	}
	if c.Graph != nil && !f.given.Has(graphprojection.Handler, e) {
		item, ok, err := graphprojection.ItemOf(e, data)
		if err != nil {
			return err
		}
		if ok {
			f.graph[documentKey{item.Kind, item.Class, item.ID}] = item.Digest
		}
	}
	if f.given.Has(handler.Name, e) {
		return nil
	}
	doc, err := of(e, data)
	if err != nil {
		return err
	}
	source, err := json.Marshal(doc.Body)
	if err != nil {
		return fmt.Errorf("checker: %w", err)
	}
	digest, err := canonical(source)
	f.documents[documentKey{kind, doc.Body.Class, doc.ID}] = digest
	return err
}

// canonical digests a document whatever the order of its keys; numbers count by
// their text.
func canonical(source []byte) (digest [sha256.Size]byte, err error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return digest, err
	}
	sorted, err := json.Marshal(v)
	return sha256.Sum256(sorted), err
}

// maxExamples bounds the ids that a report names.
const maxExamples = 10

func compare(expected, present map[documentKey][sha256.Size]byte) []ClassReport {
	type class struct{ kind, id string }
	reports := map[class]*ClassReport{}
	of := func(k documentKey) *ClassReport {
		c := class{k.kind, k.class}
		if reports[c] == nil {
			reports[c] = &ClassReport{Kind: k.kind, Class: k.class}
		}
		return reports[c]
	}
	example := func(r *ClassReport, id string) {
		if len(r.Examples) < maxExamples {
			r.Examples = append(r.Examples, id)
		}
	}
	expectedKeys, presentKeys := sorted(expected), sorted(present)
	for _, k := range expectedKeys {
		r := of(k)
		r.Expected++
		found, ok := present[k]
		switch {
		case !ok:
			r.Missing++
			example(r, k.id)
		case found != expected[k]:
			r.Different++
			example(r, k.id)
		}
	}
	for _, k := range presentKeys {
		r := of(k)
		r.Present++
		if _, ok := expected[k]; !ok {
			r.Surplus++
			example(r, k.id)
		}
	}
	list := []ClassReport{}
	for c, r := range reports {
		r.ExpectedDigest = digestOf(expected, expectedKeys, c.kind, c.id)
		r.PresentDigest = digestOf(present, presentKeys, c.kind, c.id)
		r.Equal = r.Missing+r.Surplus+r.Different == 0
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b ClassReport) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Class, b.Class)) })
	return list
}

func sorted(m map[documentKey][sha256.Size]byte) []documentKey {
	keys := make([]documentKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b documentKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.class, b.class), cmp.Compare(a.id, b.id))
	})
	return keys
}

func digestOf(documents map[documentKey][sha256.Size]byte, keys []documentKey, kind, class string) string {
	h := sha256.New()
	for _, k := range keys {
		if k.kind == kind && k.class == class {
			digest := documents[k]
			h.Write([]byte(k.id))
			h.Write([]byte{0})
			h.Write(digest[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
