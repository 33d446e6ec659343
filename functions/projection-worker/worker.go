// Package projectionworker writes what the log says into the sinks. It decides
// nothing: the log has decided, and what is written is a function of it.
//
//	POST /       facts, as CloudEvents
//	POST /timer  a timer's event: followers go on where they stand
//
// Documents in Elasticsearch are written fact by fact, in the order of each
// aggregate; followers read whole chains.
package projectionworker

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/trail"
)

// Function is the worker: two handlers, each with its own watermarks and its own
// parking, and followers, each with its own place in every chain.
type Function struct {
	mux                 *http.ServeMux
	instances, ontology *consume.Facts
	followers           []*follow.Follower
}

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	client, err := search.FromEnv(p.Config.Env, p.Transport)
	if err != nil {
		return nil, err
	}
	graph, err := openGraph(p)
	if err != nil {
		return nil, err
	}
	_, trail := trail.Open(p)
	return New(p.Log, p.Registry, client, p.Now, p.Logger, graph, trail), nil
}

// New makes the worker.
func New(log *eventlog.Log, registry consume.Registry, client *search.Client, now func() time.Time, logger *slog.Logger, followers ...*follow.Follower) *Function {
	f := &Function{mux: http.NewServeMux(), followers: followers}
	handler := func(h sweep.Handler, effect consume.Effect) *consume.Facts {
		return consume.NewFacts(consume.FactsConfig{
			Base: consume.Base{Handler: h.Name, Types: h.Types, Log: log, Registry: registry, Now: now, Logger: logger}, Effect: effect,
		})
	}
	s := &sink{log: log, client: client}
	f.instances = handler(sweep.Instances, s.instances)
	f.ontology = handler(sweep.Ontology, s.ontology)
	f.mux.Handle("/", &consume.HTTP{Handler: "projection_worker", Consume: f.consume, Registry: registry, Now: now, Logger: logger})
	f.mux.HandleFunc("POST /timer", f.tick)
	return f
}

// ServeHTTP implements http.Handler.
func (f *Function) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// tick wakes the followers. They work in the background, each at its own pace:
// a sink that is away holds up no other.
func (f *Function) tick(w http.ResponseWriter, r *http.Request) {
	for _, follower := range f.followers {
		if err := follower.WakeAll(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
}

// consume gives each handler what concerns it, and wakes the followers of the
// chains that the events stand in.
func (f *Function) consume(ctx context.Context, events []event.Event) error {
	for _, follower := range f.followers {
		for _, e := range events {
			follower.Wake(e.Position.Chain)
		}
	}
	return errors.Join(f.ontology.Consume(ctx, events), f.instances.Consume(ctx, events))
}

// Close waits for the batches in flight.
func (f *Function) Close() {
	for _, follower := range f.followers {
		follower.Close()
	}
	f.ontology.Close()
	f.instances.Close()
}

// sink is the read model as the handlers' effects see it.
type sink struct {
	log    *eventlog.Log
	client *search.Client
}

// document makes the document of the last fact of a work item: a fact carries
// the whole state, so it stands for those before it.
func (s *sink) document(ctx context.Context, w consume.Work, of func(*event.Event, []byte) (search.Document, error)) (search.Document, error) {
	e := &w.Facts[len(w.Facts)-1]
	data, err := s.log.Data(ctx, e)
	if err != nil {
		return search.Document{}, err
	}
	doc, err := of(e, data)
	if err != nil {
		return doc, consume.Permanent(err)
	}
	return doc, nil
}

// project writes the documents of work items whose database still lives the
// life that the facts belong to. Others have nothing left to be projected into.
func (s *sink) project(ctx context.Context, work []consume.Work, of func(*event.Event, []byte) (search.Document, error)) []error {
	errs := make([]error, len(work))
	lives := map[string]eventlog.State{}
	var docs []search.Document
	var at []int
	for i, w := range work {
		e := &w.Facts[len(w.Facts)-1]
		life, known := lives[e.Database]
		if !known {
			a := event.DatabaseAggregate(e.Database)
			states, _, err := s.log.States(ctx, e.Database, a)
			if err != nil {
				errs[i] = err
				continue
			}
			life = states[a]
			lives[e.Database] = life
		}
		if !life.Exists || e.Position.Compare(life.Born) < 0 {
			continue
		}
		doc, err := s.document(ctx, w, of)
		if errs[i] = err; err == nil {
			docs, at = append(docs, doc), append(at, i)
		}
	}
	for k, err := range s.client.Write(ctx, docs) {
		errs[at[k]] = err
	}
	return errs
}

func (s *sink) instances(ctx context.Context, work []consume.Work) []error {
	return s.project(ctx, work, search.OfInstance)
}

// ontology projects classes, and makes and removes a database's indices.
func (s *sink) ontology(ctx context.Context, work []consume.Work) []error {
	errs := make([]error, len(work))
	var ofClasses []consume.Work
	var at []int
	for i, w := range work {
		if w.Aggregate.Type == classes.Type {
			ofClasses, at = append(ofClasses, w), append(at, i)
			continue
		}
		errs[i] = s.database(ctx, w)
	}
	for k, err := range s.project(ctx, ofClasses, search.OfClass) {
		errs[at[k]] = err
	}
	return errs
}

func (s *sink) database(ctx context.Context, w consume.Work) error {
	aliases := []string{search.InstancesAlias(w.Aggregate.ID), search.ClassesAlias(w.Aggregate.ID)}
	for _, e := range w.Facts {
		for _, alias := range aliases {
			step := s.client.Ensure
			if e.Lifecycle == event.Deletes {
				step = s.client.Drop
			}
			if err := step(ctx, alias); err != nil {
				return err
			}
		}
	}
	return nil
}
