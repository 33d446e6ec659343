// Package reads answers lists, searches and single instances from the read
// model, and waits for it where a client asks to see its own writes.
package reads

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/history"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// waitLimit is how long a read waits for the read model to catch up.
const waitLimit = 5 * time.Second

// Progress tells how far a handler is.
type Progress interface {
	// Behind reports whether a handler has yet to apply a fact of a database
	// that stands at or before a position.
	Behind(ctx context.Context, h sweep.Handler, database string, upTo event.Position) (bool, error)
}

// Reads answers reads.
type Reads struct {
	Log      *eventlog.Log
	Search   *search.Client
	Classes  *classes.Reader
	Progress Progress
	Logger   *slog.Logger
}

// Document is a stored document with numbers as text, as clients get it.
type Document = map[string]any

// internal fields of documents exist for queries only.
var internal = []string{"idx", "text", "targets", "deleted", "links", "position"}

// public makes a stored document what clients read.
func public(source []byte) (Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("reads: document: %w", err)
	}
	d["index_status"] = map[string]any{"event_sequence": d["event_sequence"], "position": d["position"], "last_indexed_at": d["event_timestamp"]}
	for _, name := range internal {
		delete(d, name)
	}
	return d, nil
}

// Page is a list of documents.
type Page struct {
	Total     int
	Documents []Document
	Last      json.RawMessage // the place of the last one, to go on from
}

// List finds documents. minPosition, if set, is waited for.
func (r *Reads) List(ctx context.Context, database string, h sweep.Handler, q search.Query, minPosition event.Position) (Page, error) {
	if err := r.CatchUp(ctx, database, h, q.Alias, minPosition); err != nil {
		return Page{}, err
	}
	hits, err := r.Search.Find(ctx, q)
	if err != nil {
		return Page{}, unavailable(err)
	}
	page := Page{Total: hits.Total, Documents: []Document{}, Last: hits.Last}
	for _, source := range hits.Documents {
		d, err := public(source)
		if err != nil {
			return Page{}, err
		}
		page.Documents = append(page.Documents, d)
	}
	return page, nil
}

// CatchUp waits until a search shows what stands at a position, if one is given.
func (r *Reads) CatchUp(ctx context.Context, database string, h sweep.Handler, alias string, minPosition event.Position) error {
	if minPosition.IsZero() {
		return nil
	}
	if err := r.wait(ctx, database, h, minPosition); err != nil {
		return err
	}
	if err := r.Search.Refresh(ctx, alias); err != nil {
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) error {
	return problem.Unavailable(problem.ServiceUnavailable, "search", err)
}

func (r *Reads) wait(ctx context.Context, database string, h sweep.Handler, upTo event.Position) error {
	return eventually(ctx, upTo.String(), nil, func() (bool, error) {
		behind, err := r.Progress.Behind(ctx, h, database, upTo)
		if err != nil {
			return false, problem.Unavailable(problem.DBUnavailable, "registry", err)
		}
		return !behind, nil
	})
}

// eventually asks until it is so, for a few seconds, then answers READ_BEHIND.
func eventually(ctx context.Context, wanted, reached any, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		done, err := ok()
		if done || err != nil {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return problem.Behind(wanted, reached, time.Second)
		}
	}
}

// Instance reads one instance with its links, both ways. minSequence, if not 0,
// is waited for. While the read model is away, the log answers.
func (r *Reads) Instance(ctx context.Context, ref instance.Ref, minSequence uint64) (Document, error) {
	alias, id := search.InstancesAlias(ref.Database), search.InstanceID(ref.Class, ref.ID)
	var source []byte
	var found bool
	get := func() (err error) {
		source, found, err = r.Search.Get(ctx, alias, id)
		return err
	}
	err := get()
	if err == nil && minSequence > 0 {
		err = eventually(ctx, minSequence, nil, func() (bool, error) {
			if found {
				var state struct {
					Sequence uint64 `json:"event_sequence"`
				}
				if json.Unmarshal(source, &state) == nil && state.Sequence >= minSequence {
					return true, nil
				}
			}
			return false, get()
		})
	}
	if _, known := problem.AsProblem(err); known {
		return nil, err
	}
	if err != nil {
		r.Logger.WarnContext(ctx, "the read model is away; the log answers", "error", err)
		return r.fromLog(ctx, ref)
	}
	if !found {
		return nil, problem.NotFound(problem.KindInstance, ref.ID)
	}
	d, err := public(source)
	if err != nil {
		return nil, err
	}
	return d, r.links(ctx, ref, source, d)
}

// fromLog makes the document that the read model will have.
func (r *Reads) fromLog(ctx context.Context, ref instance.Ref) (Document, error) {
	a := writes.InstanceAggregate(ref)
	states, _, err := r.Log.States(ctx, ref.Database, a)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !states[a].Exists {
		return nil, problem.NotFound(problem.KindInstance, ref.ID)
	}
	e, data, err := r.Log.EventData(ctx, states[a].Position)
	if err != nil {
		return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	return ofFact(&e, data)
}

// ofFact makes the document that the read model has, or had, for a fact.
func ofFact(e *event.Event, data []byte) (Document, error) {
	doc, err := search.OfInstance(e, data)
	if err != nil {
		return nil, problem.Internal(err)
	}
	source, err := json.Marshal(doc.Body)
	if err != nil {
		return nil, problem.Internal(err)
	}
	d, err := public(source)
	if err != nil {
		return nil, err
	}
	d["links"] = map[string]any{"outgoing": outgoing(doc.Body.Links)}
	return d, nil
}

// AsOf reads the state that an instance had at a moment, from the log. Where its
// links led is told, not whether the far ends existed.
func (r *Reads) AsOf(ctx context.Context, ref instance.Ref, m history.Moment) (Document, error) {
	v, err := (&history.Reader{Log: r.Log}).At(ctx, ref, m)
	if err != nil {
		return nil, err
	}
	return ofFact(&v.Event, v.Raw)
}
