// Package classes reads class definitions from the log: a class is its last
// fact, found through the index. Compiled classes are cached by position; facts
// never change, so an entry is right for ever.
package classes

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/telemetry"
)

// Type is the aggregate type of classes.
const Type event.AggregateType = "OntologyClass"

// cacheLimit bounds each cache; it is emptied when it is full. It is well above the
// number of classes of a large database, whose classes are read together.
const cacheLimit = 10_000

// maxParents bounds a chain of parents: longer ones are cycles.
const maxParents = 32

// Aggregate names a class in the log.
func Aggregate(database, branch, id string) event.Aggregate {
	return event.Aggregate{Type: Type, ID: ontology.AggregateID(database, branch, id)}
}

// Fact is the data of an event about a class.
type Fact struct {
	Database string          `json:"db_name"`
	Branch   string          `json:"branch"`
	Class    string          `json:"class_id"`
	Body     *ontology.Class `json:"class,omitempty"` // absent when the class is deleted
}

// Definition is a class as the log has it.
type Definition struct {
	Class    ontology.Class // as declared, without what it inherits
	Schema   *ontology.Schema
	Sequence uint64
	Position event.Position
	Created  time.Time // of the fact that created it
	Updated  time.Time // of the last fact
	// Requires holds the class and its parents at the sequences that the schema
	// was made of: an event that was checked with it requires them.
	Requires []eventlog.Require
}

// Reader reads definitions. It is safe for concurrent use.
type Reader struct {
	Log *eventlog.Log

	mu      sync.Mutex
	facts   map[event.Position]stored
	schemas map[string]*ontology.Schema // by the positions that it was made of
}

// stored is a class fact.
type stored struct {
	class ontology.Class
	time  time.Time
}

// NewReader makes a Reader.
func NewReader(log *eventlog.Log) *Reader {
	return &Reader{Log: log, facts: map[event.Position]stored{}, schemas: map[string]*ontology.Schema{}}
}

// Get reads a class with its parents. A class that does not exist is a 404
// problem.
func (r *Reader) Get(ctx context.Context, database, branch, id string) (*Definition, error) {
	d := &Definition{}
	var chain []ontology.Class
	var key string
	for next := id; next != ""; {
		if len(chain) == maxParents {
			return nil, problem.Internal(fmt.Errorf("classes: %s has more than %d parents", id, maxParents))
		}
		a := Aggregate(database, branch, next)
		states, _, err := r.Log.States(ctx, database, a)
		if err != nil {
			return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
		}
		state := states[a]
		if !state.Exists {
			return nil, problem.NotFound(problem.KindClass, next)
		}
		fact, err := r.at(ctx, state.Position)
		if err != nil {
			return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		class := fact.class
		if len(chain) == 0 {
			born, err := r.at(ctx, state.Born)
			if err != nil {
				return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
			}
			d.Class, d.Sequence, d.Position, d.Created, d.Updated = class, state.Sequence, state.Position, born.time, fact.time
		}
		key += state.Position.String() + " "
		d.Requires = append(d.Requires, eventlog.Require{Aggregate: a, Expect: event.At(state.Sequence)})
		chain = append(chain, class)
		next = ""
		if class.ParentClass != nil {
			next = *class.ParentClass
		}
	}
	var err error
	d.Schema, err = r.schema(ctx, key, chain)
	return d, err
}

// Schemas reads the schemas of a database's classes.
func (r *Reader) Schemas(database, branch string) func(ctx context.Context, id string) (*ontology.Schema, error) {
	return func(ctx context.Context, id string) (*ontology.Schema, error) {
		d, err := r.Get(ctx, database, branch, id)
		if err != nil {
			return nil, err
		}
		return d.Schema, nil
	}
}

// schema compiles a class with what it inherits.
func (r *Reader) schema(ctx context.Context, key string, chain []ontology.Class) (*ontology.Schema, error) {
	r.mu.Lock()
	cached := r.schemas[key]
	r.mu.Unlock()
	telemetry.LookedUp(ctx, "classes", cached != nil)
	if cached != nil {
		return cached, nil
	}
	whole := chain[len(chain)-1]
	for i := len(chain) - 2; i >= 0; i-- {
		whole = chain[i].Inherit(whole)
	}
	schema, errs := ontology.Compile(whole)
	if len(errs) > 0 {
		return nil, problem.Internal(fmt.Errorf("classes: %s as stored at %s does not compile: %w", chain[0].ID, key, errs.Err()))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.schemas) >= cacheLimit {
		clear(r.schemas)
	}
	r.schemas[key] = schema
	return schema, nil
}

// at reads a class fact by position.
func (r *Reader) at(ctx context.Context, p event.Position) (stored, error) {
	r.mu.Lock()
	s, ok := r.facts[p]
	r.mu.Unlock()
	if ok {
		return s, nil
	}
	e, data, err := r.Log.EventData(ctx, p)
	if err != nil {
		return s, err
	}
	f, err := Decode(data)
	if err != nil {
		return s, fmt.Errorf("classes: fact %s: %w", e.ID, err)
	}
	if f.Body == nil {
		return s, fmt.Errorf("classes: fact %s has no class", e.ID)
	}
	s = stored{*f.Body, e.Time}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.facts) >= cacheLimit {
		clear(r.facts)
	}
	r.facts[p] = s
	return s, nil
}

// Decode reads the data of a class fact.
func Decode(data []byte) (f Fact, err error) {
	if err = json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("class fact: %w", err)
	}
	return f, nil
}

// Exists reports whether a class exists.
func (r *Reader) Exists(ctx context.Context, database, branch, id string) (bool, error) {
	a := Aggregate(database, branch, id)
	states, _, err := r.Log.States(ctx, database, a)
	if err != nil {
		return false, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	return states[a].Exists, nil
}
