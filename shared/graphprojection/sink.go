package graphprojection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/terminus"
	"spiceharvester/shared/writes"
)

// Handler is the projection's name in the registry.
const Handler = "projection_worker:graph"

// reader is the name of the projection's place in the index.
const reader = "graph"

// Index keeps the projection's place in each chain, and knows the databases.
type Index interface {
	Cursor(ctx context.Context, reader string, chain int) (eventlog.Head, error)
	MoveCursor(ctx context.Context, reader string, chain int, to eventlog.Head) error
	Databases(ctx context.Context) ([]eventlog.AggregateRow, error)
}

// Parking remembers facts that TerminusDB refuses.
type Parking interface {
	Load(ctx context.Context, handler string, aggregates []event.Aggregate) (map[event.Aggregate]consume.Mark, error)
	Save(ctx context.Context, handler string, now time.Time, done []consume.Progress) error
}

// Config holds what a Sink needs.
type Config struct {
	Log     *eventlog.Log
	Client  *terminus.Client
	Index   Index
	Parking Parking
	Now     func() time.Time
	Logger  *slog.Logger
	Facts   int // in one commit, default 150
}

// Sink writes the log into TerminusDB. It is safe for concurrent use.
//
// Its place in a chain lies in the index and moves after the databases have
// moved: what is read again because of that, their fences skip.
type Sink struct {
	Config

	mu      sync.Mutex
	states  map[string]*state     // by the name of the database there; a cache
	resumes map[string]resume     // how far databases are that are made again; a cache
	seen    map[int]bool          // chains whose databases were looked for
	behind  map[string]waiting    // databases that were left behind
	places  map[int]eventlog.Head // how far chains were read beyond databases that were left behind
}

var _ follow.Sink = (*Sink)(nil)

// state is what a process knows about a database. It may be old: the fence tells.
type state struct {
	born    int64 // the key of the fact that created the database
	fence   fence
	schema  *schema
	commits int // that this process made since the layers were joined
}

// New makes a Sink. It does no I/O.
func New(c Config) *Sink {
	c.Facts = cmp.Or(c.Facts, 150)
	return &Sink{Config: c, states: map[string]*state{}, resumes: map[string]resume{}, seen: map[int]bool{}, behind: map[string]waiting{}, places: map[int]eventlog.Head{}}
}

// Place implements [follow.Sink]. The first time in a process it looks for
// databases that TerminusDB has lost, and makes them again.
func (s *Sink) Place(ctx context.Context, chain int) (eventlog.Head, error) {
	place, err := s.Index.Cursor(ctx, reader, chain)
	if err != nil {
		return place, fmt.Errorf("graphprojection: place: %w", err)
	}
	s.mu.Lock()
	seen := s.seen[chain]
	s.mu.Unlock()
	if !seen {
		if err := s.recover(ctx, chain, place); err != nil {
			return place, err
		}
		s.mu.Lock()
		s.seen[chain] = true
		s.mu.Unlock()
	}
	return s.retry(ctx, chain, place)
}

// Apply implements [follow.Sink]: the events are cut by database, and each
// database takes its own in as few commits as it can. One that fails does not
// keep the others from theirs.
func (s *Sink) Apply(ctx context.Context, chain int, _, to eventlog.Head, events []event.Event) error {
	facts := map[string][]event.Event{}
	var order []string
	for _, e := range events {
		if !concerns(&e) {
			continue
		}
		if facts[e.Database] == nil {
			order = append(order, e.Database)
		}
		facts[e.Database] = append(facts[e.Database], e)
	}
	var errs []error
	for _, database := range order {
		errs = append(errs, s.bring(ctx, chain, to, database, facts[database]))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.moveTo(ctx, chain, to)
}

// moved tells a follower to look again where a database went away under its
// hands: somebody rebuilds it.
func moved(err error) error {
	if terminus.IsMissing(err) || errors.Is(err, errNotMade) {
		return fmt.Errorf("%w: %w", follow.ErrMoved, err)
	}
	return err
}

// concerns tells the facts that the graph shows.
func concerns(e *event.Event) bool {
	if !e.IsFact() {
		return false
	}
	switch e.Aggregate.Type {
	case event.Database:
		return e.Lifecycle != event.Changes
	case classes.Type, writes.Instances:
		return e.Branch == "" || e.Branch == ontology.MainBranch
	}
	return false
}

// project brings one database up to a place in its chain. facts are those that
// the batch holds.
func (s *Sink) project(ctx context.Context, chain int, to eventlog.Head, database string, facts []event.Event) error {
	for i := range facts {
		if e := &facts[i]; e.Aggregate.Type == event.Database && e.Lifecycle == event.Deletes {
			if err := s.drop(ctx, e); err != nil {
				return err
			}
		}
	}
	life, exists, err := life(ctx, s.Log, database)
	if err != nil || !exists {
		return err
	}
	var own []event.Event // of the life that the database lives
	for _, e := range facts {
		if e.Position.Compare(life) >= 0 {
			own = append(own, e)
		}
	}
	if len(own) == 0 && !s.isBehind(database) {
		return nil
	}
	whole := len(own) > 0 && own[0].Position.Compare(life) == 0 // nothing of this life stands before
	own = slices.DeleteFunc(own, func(e event.Event) bool { return e.Aggregate.Type == event.Database })
	name := DatabaseName(database, life)
	st, err := s.state(ctx, name)
	if terminus.IsMissing(err) || errors.Is(err, errNotMade) {
		if err = s.make(ctx, database, life, whole); err == nil {
			st, err = s.state(ctx, name)
		}
	}
	if err != nil {
		return err
	}
	if st.fence.complete == 0 || st.skips(own) || s.isBehind(database) {
		return s.catchUp(ctx, chain, database, life, to)
	}
	return s.apply(ctx, name, st, own, nil)
}

// life gives the position of the fact that created a database, if it exists.
func life(ctx context.Context, log *eventlog.Log, database string) (born event.Position, exists bool, err error) {
	a := event.DatabaseAggregate(database)
	states, _, err := log.States(ctx, database, a)
	if err != nil {
		return born, false, fmt.Errorf("graphprojection: %w", err)
	}
	return states[a].Born, states[a].Exists, nil
}

// drop removes the database of the life that a fact ends.
func (s *Sink) drop(ctx context.Context, end *event.Event) error {
	for e, err := range s.Log.History(ctx, end.Previous) {
		if err != nil {
			return fmt.Errorf("graphprojection: %w", err)
		}
		if e.Lifecycle == event.Creates {
			name := DatabaseName(e.Database, e.Position)
			s.forget(name)
			return s.Client.DeleteDatabase(ctx, name)
		}
	}
	return nil
}

// skips reports whether facts follow on one that the graph has not seen: the
// server was set back.
func (st *state) skips(facts []event.Event) bool {
	within := map[event.Position]bool{}
	for i := range facts {
		e := &facts[i]
		if e.Aggregate.Type != event.Database && e.Sequence > 1 && positionKey(e.Previous) >= st.fence.position && !within[e.Previous] {
			return true
		}
		within[e.Position] = true
	}
	return false
}

var errNotMade = errors.New("graphprojection: the database is not made yet")

// state reads where a database is, from the cache or from the server.
func (s *Sink) state(ctx context.Context, name string) (*state, error) {
	s.mu.Lock()
	st := s.states[name]
	s.mu.Unlock()
	if st != nil {
		return st, nil
	}
	docs, _, err := s.Client.ByIDs(ctx, name, terminus.DefaultBranch, fenceID)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, errNotMade
	}
	st = &state{}
	st.born, _ = parseDatabaseName(name)
	if st.fence, err = readFence(docs[0]); err != nil {
		return nil, err
	}
	if st.schema, _, err = s.readSchema(ctx, name); err != nil {
		return nil, err
	}
	if st.schema.mark < st.fence.schema {
		// A writer that slept has put back an old schema.
		s.Logger.WarnContext(ctx, "the schema of a graph is older than its documents: it is made again from the log", "database", name)
		if err := s.Client.DeleteDatabase(ctx, name); err != nil {
			return nil, err
		}
		return nil, errNotMade
	}
	s.remember(name, st)
	return st, nil
}

// readSchema reads the schema, with the version that it was read at.
func (s *Sink) readSchema(ctx context.Context, name string) (*schema, string, error) {
	docs, version, err := s.Client.All(ctx, name, terminus.DefaultBranch, terminus.Schema)
	if err != nil {
		return nil, "", err
	}
	present, ok := readSchema(docs)
	if !ok {
		return nil, "", errNotMade
	}
	return present, version, nil
}

func (s *Sink) remember(name string, st *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[name] = st
}

func (s *Sink) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, name)
}

// make makes the database of a life. Whoever else does it at the same time: each
// of the steps happens once. whole says that nothing of this life stands before
// what follows now; otherwise all of it has to be read from the log.
func (s *Sink) make(ctx context.Context, database string, life event.Position, whole bool) error {
	name := DatabaseName(database, life)
	f := fence{position: positionKey(life)}
	if whole {
		f.complete = 1
	}
	commit := commitTo(f.position)
	steps := []func() error{
		func() error { return s.Client.CreateDatabase(ctx, name, database, "projection of the log") },
		func() error {
			return s.Client.Insert(ctx, name, terminus.DefaultBranch, terminus.Schema, commit, baseSchema())
		},
		func() error {
			return s.Client.Insert(ctx, name, terminus.DefaultBranch, terminus.Instances, commit, []terminus.Document{f.document()})
		},
	}
	for _, step := range steps {
		if err := step(); err != nil && !terminus.IsConflict(err) {
			return err
		}
	}
	return nil
}
