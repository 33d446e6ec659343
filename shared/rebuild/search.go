package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spiceharvester/shared/checker"
	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// Watermarks are moved to where the rebuilt documents stand.
type Watermarks interface {
	// Advance moves the watermarks of a handler for aggregates of a database whose
	// last fact stands at or before a position, never back.
	Advance(ctx context.Context, h sweep.Handler, database string, upTo event.Position) error
}

// Search rebuilds documents in Elasticsearch.
type Search struct {
	Log        *eventlog.Log
	Client     *search.Client
	Checker    *checker.Checker
	Watermarks Watermarks
	Databases  func(ctx context.Context) ([]string, error)
	Now        func() time.Time
}

// Limits: documents of one bulk; rounds before the switch, whatever still comes.
const (
	searchBatch = 1000
	maxRounds   = 20
)

// Sink is the rebuild of all databases.
func (s *Search) Sink() Sink {
	return Sink{Name: "search", Rebuild: func(ctx context.Context) (Report, error) {
		total := Report{Equal: true}
		names, err := s.Databases(ctx)
		if err != nil {
			return total, err
		}
		for _, name := range names {
			r, err := s.Database(ctx, name)
			if err != nil {
				return total, fmt.Errorf("database %s: %w", name, err)
			}
			total.Rows, total.Events, total.Equal = total.Rows+r.Rows, total.Events+r.Events, total.Equal && r.Equal
			total.Notes = append(total.Notes, r.Notes...)
		}
		return total, nil
	}}
}

// Database rebuilds the documents of one database: new indices are filled beside
// those in use, take their names in one step, and then get what was written
// meanwhile. Versions keep older documents from replacing newer ones, whoever
// else writes. If it breaks off behind the switch, it has to be run again.
func (s *Search) Database(ctx context.Context, database string) (r Report, err error) {
	b := &build{Search: s, database: database, staged: map[string]string{}}
	if err := b.stage(ctx, search.InstancesAlias(database), search.ClassesAlias(database)); err != nil {
		return r, errors.Join(err, b.discard(ctx))
	}
	// Each round reads what came during the one before, until that is little.
	for round, before := 0, b.at; round == 0 || round < maxRounds && b.at.Next-before.Next > 1; round++ {
		before = b.at
		if err := b.read(ctx); err != nil {
			return r, errors.Join(err, b.discard(ctx))
		}
	}
	for alias, index := range b.staged {
		if err := s.Client.Promote(ctx, alias, index); err != nil {
			return r, errors.Join(err, b.discard(ctx))
		}
	}
	b.staged = nil
	if err := b.read(ctx); err != nil {
		return r, err
	}
	for _, h := range []sweep.Handler{sweep.Ontology, sweep.Instances} {
		if err := s.Watermarks.Advance(ctx, h, database, b.last); err != nil {
			return r, err
		}
	}
	r.Rows, r.Events, r.Notes = int64(len(b.seen)), b.events, b.notes
	check, err := s.Checker.Check(ctx, database)
	if err != nil {
		return r, err
	}
	r.Equal = true
	for _, c := range check.Classes {
		if !c.Equal {
			r.Equal = false
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s %s: %d missing, %d surplus, %d different", database, c.Kind, c.Class, c.Missing, c.Surplus, c.Different))
		}
	}
	return r, nil
}

// build is the rebuild of one database under way.
type build struct {
	*Search
	database string
	chain    int
	born     event.Position            // facts before it belong to an earlier life
	staged   map[string]string         // alias to index; nil after the switch
	chosen   func(e *event.Event) bool // nil chooses every fact
	given    discard.Set               // facts that are left out
	at       eventlog.Head
	last     event.Position
	seen     map[string]bool // ids of documents
	events   int64
	notes    []string
}

func (b *build) stage(ctx context.Context, aliases ...string) (err error) {
	if b.chain, err = b.Log.ChainOf(ctx, b.database); err != nil {
		return err
	}
	a := event.DatabaseAggregate(b.database)
	states, _, err := b.Log.States(ctx, b.database, a)
	if err != nil {
		return err
	}
	b.born, b.seen = states[a].Born, map[string]bool{}
	suffix := fmt.Sprintf("v%d", b.Now().UnixMilli())
	for _, alias := range aliases {
		index, err := b.Client.Stage(ctx, alias, suffix)
		if err != nil {
			return err
		}
		b.staged[alias] = index
	}
	return nil
}

func (b *build) discard(ctx context.Context) error {
	var errs []error
	for _, index := range b.staged {
		errs = append(errs, b.Client.Discard(context.WithoutCancel(ctx), index))
	}
	return errors.Join(errs...)
}

// read writes the documents of all facts from the present place to the end of
// the log.
func (b *build) read(ctx context.Context) (err error) {
	if b.given, err = discard.Of(ctx, b.Log, b.database); err != nil {
		return err
	}
	var docs []search.Document
	for seg, err := range b.Log.Read(ctx, b.chain, b.at) {
		if err != nil {
			return err
		}
		for i := range seg.Events {
			e := &seg.Events[i]
			b.last = e.Position
			b.events++
			doc, ok, err := b.document(ctx, e)
			if err != nil {
				return err
			}
			if ok {
				b.seen[doc.Alias+"/"+doc.ID] = true
				docs = append(docs, doc)
			}
		}
		if len(docs) >= searchBatch {
			if err := b.write(ctx, docs); err != nil {
				return err
			}
			docs = docs[:0]
		}
		b.at = seg.After()
	}
	return b.write(ctx, docs)
}

// document makes the document of a fact of the database's present life.
func (b *build) document(ctx context.Context, e *event.Event) (doc search.Document, ok bool, err error) {
	if !e.IsFact() || e.Database != b.database || e.Position.Compare(b.born) < 0 {
		return doc, false, nil
	}
	of, handler := search.OfInstance, sweep.Instances
	switch e.Aggregate.Type {
	case classes.Type:
		of, handler = search.OfClass, sweep.Ontology
	case writes.Instances:
	default:
		return doc, false, nil
	}
	if b.given.Has(handler.Name, e) || b.chosen != nil && !b.chosen(e) {
		return doc, false, nil
	}
	data, err := b.Log.Data(ctx, e)
	if err != nil {
		return doc, false, err
	}
	doc, err = of(e, data)
	return doc, err == nil, err
}

func (b *build) write(ctx context.Context, docs []search.Document) error {
	byAlias := map[string][]search.Document{}
	for _, d := range docs {
		byAlias[d.Alias] = append(byAlias[d.Alias], d)
	}
	for alias, list := range byAlias {
		var errs []error
		if index, staged := b.staged[alias]; staged {
			errs = b.Client.WriteStaged(ctx, index, list)
		} else {
			errs = b.Client.Write(ctx, list)
		}
		for i, err := range errs {
			if consume.IsPermanent(err) {
				b.notes = append(b.notes, fmt.Sprintf("%s: document %s is refused: %v", b.database, list[i].ID, err))
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
