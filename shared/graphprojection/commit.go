package graphprojection

import (
	"context"
	"fmt"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/terminus"
	"spiceharvester/shared/writes"
)

// maxBytes bounds the data of the facts of one commit.
const maxBytes = 2 << 20

// apply writes facts of one database, in order, in as few commits as it can.
// Those that the fence has passed are skipped. last, if there is one, is where the
// fence is at the end.
func (s *Sink) apply(ctx context.Context, name string, st *state, facts []event.Event, last *fence) error {
	var err error
	for from := 0; from < len(facts); {
		if positionKey(facts[from].Position) < st.fence.position {
			from++
			continue
		}
		to, size := from, 0
		for to < len(facts) && to-from < s.Facts && (to == from || size < maxBytes) {
			size += len(facts[to].Data) + int(facts[to].DataRef.Size)
			to++
		}
		if st, err = s.commit(ctx, name, st, facts[from:to], false); err != nil {
			return err
		}
		from = to
	}
	if last == nil {
		return nil
	}
	target := *last
	target.position, target.schema = max(target.position, st.fence.position), st.fence.schema
	if target == st.fence {
		return nil
	}
	_, err = s.move(ctx, name, st, target, nil)
	return err
}

// change is what facts change: the last state of each thing, for one commit
// knows no order of its writes.
type change struct {
	documents   []Document
	created     map[string]bool // by document: its first fact ever is among the facts
	definitions map[string]definition
	fields      map[string][]string // by class, those of its definition
	aggregates  []event.Aggregate   // of the documents
}

// fold reads facts. Those that cannot be read are given back with the reason.
func (s *Sink) fold(ctx context.Context, st *state, facts []event.Event) (c change, refused map[int]error, err error) {
	c = change{created: map[string]bool{}, definitions: map[string]definition{}, fields: map[string][]string{}}
	refused = map[int]error{}
	at := map[event.Aggregate]int{}
	for i := range facts {
		e := &facts[i]
		if e.Aggregate.Type != classes.Type && e.Aggregate.Type != writes.Instances {
			continue
		}
		data, err := s.Log.Data(ctx, e)
		if err != nil {
			return c, nil, err
		}
		if e.Aggregate.Type == classes.Type {
			d, fields, err := ofClass(e, data)
			if err != nil {
				refused[i] = err
				continue
			}
			c.definitions[d.Class], c.fields[d.Class] = d, append(c.fields[d.Class], fields...)
			continue
		}
		d, err := OfInstance(e, data)
		if err != nil {
			refused[i] = err
			continue
		}
		if known, again := at[e.Aggregate]; again {
			c.documents[known] = d
			continue
		}
		at[e.Aggregate] = len(c.documents)
		c.documents, c.aggregates = append(c.documents, d), append(c.aggregates, e.Aggregate)
		c.created[d.NodeID()] = e.Previous.IsZero() || positionKey(e.Previous) < st.born
	}
	return c, refused, nil
}

// commit writes facts in one commit and moves the fence behind them. At first it
// relies on what the facts say is there. What is refused so it writes whatever is
// there, with stubs for links to what is not; what is refused then it cuts in
// halves, until the fact is found that is to be parked.
func (s *Sink) commit(ctx context.Context, name string, st *state, facts []event.Event, careful bool) (*state, error) {
	for len(facts) > 0 && positionKey(facts[0].Position) < st.fence.position {
		facts = facts[1:]
	}
	if len(facts) == 0 {
		return st, nil
	}
	next, err := s.try(ctx, name, st, facts, careful)
	if !terminus.IsRefused(err) && !terminus.IsFailure(err) {
		return next, err
	}
	cause := err
	// Perhaps it is the schema, or somebody who was faster.
	s.forget(name)
	if st, err = s.state(ctx, name); err != nil {
		return nil, err
	}
	switch {
	case !careful:
		return s.commit(ctx, name, st, facts, true)
	case len(facts) > 1:
		half := len(facts) / 2
		if st, err = s.commit(ctx, name, st, facts[:half], true); err != nil {
			return nil, err
		}
		return s.commit(ctx, name, st, facts[half:], true)
	}
	// If it is the server that is unwell, this fails too, and nothing is parked.
	if next, err = s.move(ctx, name, st, st.behind(facts), nil); err != nil {
		return nil, err
	}
	return next, s.park(ctx, &facts[0], cause)
}

// behind is the fence after facts.
func (st *state) behind(facts []event.Event) fence {
	f := st.fence
	f.position, f.schema = positionKey(facts[len(facts)-1].Position)+1, st.schema.mark
	return f
}

// try writes facts, all or none.
func (s *Sink) try(ctx context.Context, name string, st *state, facts []event.Event, careful bool) (*state, error) {
	c, refused, err := s.fold(ctx, st, facts)
	if err != nil {
		return nil, err
	}
	for i, cause := range refused {
		if err := s.park(ctx, &facts[i], cause); err != nil {
			return nil, err
		}
	}
	if st, err = s.grow(ctx, name, st, c, careful, facts); err != nil {
		return nil, err
	}
	next, err := s.move(ctx, name, st, st.behind(facts), operations(c, careful))
	if err == nil {
		err = s.unpark(ctx, c.aggregates)
	}
	return next, err
}

// move runs operations and moves the fence, and remembers where it is then.
func (s *Sink) move(ctx context.Context, name string, st *state, to fence, operations []terminus.Term) (*state, error) {
	moved, err := move(ctx, s.Client, name, st.fence, to, operations)
	if err == nil && moved {
		st = &state{born: st.born, fence: to, schema: st.schema, commits: st.commits + 1}
		s.optimize(ctx, name, st)
		s.remember(name, st)
		return st, nil
	}
	s.forget(name)
	if terminus.IsMissing(err) || err == nil {
		return nil, fmt.Errorf("%s: %w", name, follow.ErrMoved)
	}
	return nil, err
}

// optimizeAfter is how many commits of one process are followed by joining the
// layers that they made.
const optimizeAfter = 300

// optimize joins layers now and then. What fails costs time only, later.
func (s *Sink) optimize(ctx context.Context, name string, st *state) {
	if st.commits < optimizeAfter {
		return
	}
	st.commits = 0
	if err := s.Client.Optimize(ctx, name); err != nil {
		s.Logger.WarnContext(ctx, "the layers of a graph are not joined", "database", name, "error", err)
	}
}

// grow lets the schema have what a change needs. The fence moves first, to the
// first of the facts, so that nobody who knows only the schema before writes.
func (s *Sink) grow(ctx context.Context, name string, st *state, c change, careful bool, facts []event.Event) (*state, error) {
	if len(c.growth(st.schema, careful).changed) == 0 {
		return st, nil
	}
	if first := positionKey(facts[0].Position); st.fence.position < first {
		to := st.fence
		to.position = first
		var err error
		if st, err = s.move(ctx, name, st, to, nil); err != nil {
			return nil, err
		}
	}
	present, version, err := s.readSchema(ctx, name)
	if err != nil {
		return nil, err
	}
	g := c.growth(present, careful)
	if len(g.changed) > 0 {
		mark := max(st.behind(facts).position, present.mark)
		err := s.Client.Put(ctx, name, terminus.DefaultBranch, terminus.Schema, commitTo(mark), version, g.documents(mark))
		if terminus.IsMissing(err) || terminus.IsConflict(err) {
			s.forget(name)
			return nil, fmt.Errorf("%s: %w", name, follow.ErrMoved)
		}
		if err != nil {
			return nil, err
		}
		present = g.grown(mark)
	}
	st = &state{born: st.born, fence: st.fence, schema: present, commits: st.commits}
	s.remember(name, st)
	return st, nil
}

// growth is what a schema lacks for a change.
func (c change) growth(present *schema, careful bool) growth {
	g := growth{present: present, changed: map[string]class{}}
	for class, d := range c.definitions {
		g.define(d, c.fields[class])
	}
	for _, d := range c.documents {
		g.needDocument(d)
		for _, target := range stubsOf(d, careful) {
			g.need(target.Class)
		}
	}
	return g
}

// operations write a change.
func operations(c change, careful bool) []terminus.Term {
	var list []terminus.Term
	within := map[string]bool{}
	for _, d := range c.documents {
		within[d.NodeID()] = true
	}
	for _, d := range c.documents {
		switch fields := d.fields(); {
		case careful:
			list = append(list, terminus.Or(
				terminus.And(terminus.HasType(d.NodeID(), escape(d.Class)), terminus.UpdateDocument(fields)),
				terminus.And(terminus.Not(terminus.HasType(d.NodeID(), escape(d.Class))), terminus.InsertDocument(fields))))
		case c.created[d.NodeID()]:
			list = append(list, terminus.InsertDocument(fields))
		default:
			list = append(list, terminus.UpdateDocument(fields))
		}
		for _, target := range stubsOf(d, careful) {
			node := target.NodeID()
			if within[node] {
				continue
			}
			within[node] = true
			here := terminus.HasType(node, escape(target.Class))
			list = append(list, terminus.Or(here, terminus.And(terminus.Not(here), terminus.InsertDocument(target.fields()))))
		}
	}
	return list
}

// stubsOf gives what stands for a document's targets where they are missing.
func stubsOf(d Document, careful bool) (stubs []Document) {
	if !careful {
		return nil
	}
	for _, targets := range d.Links {
		for _, node := range targets {
			if target, ok := stub(node); ok {
				stubs = append(stubs, target)
			}
		}
	}
	return stubs
}

// park records a fact that TerminusDB will never take. A later fact of the same
// aggregate is tried again: it carries the whole state.
func (s *Sink) park(ctx context.Context, e *event.Event, cause error) error {
	s.Logger.ErrorContext(ctx, "parked for good", "handler", Handler, "aggregate", e.Aggregate.String(), "sequence", e.Sequence, "error", cause)
	now := s.Now().UTC()
	err := s.Parking.Save(ctx, Handler, now, []consume.Progress{{Aggregate: e.Aggregate, Park: &consume.Parked{
		Handler: Handler, Aggregate: e.Aggregate, Database: e.Database, Next: e.Sequence, Attempts: 1, NextTry: now, Dead: true,
		Reason: cause.Error(), Position: e.Position, Since: now,
	}}})
	if err != nil {
		return fmt.Errorf("graphprojection: park: %w", err)
	}
	return nil
}

// unpark removes the rows of aggregates that are written now.
func (s *Sink) unpark(ctx context.Context, aggregates []event.Aggregate) error {
	if len(aggregates) == 0 {
		return nil
	}
	marks, err := s.Parking.Load(ctx, Handler, aggregates)
	if err != nil {
		return fmt.Errorf("graphprojection: parked: %w", err)
	}
	var free []consume.Progress
	for a, m := range marks {
		if m.Parked != nil {
			free = append(free, consume.Progress{Aggregate: a})
		}
	}
	if len(free) == 0 {
		return nil
	}
	if err := s.Parking.Save(ctx, Handler, s.Now(), free); err != nil {
		return fmt.Errorf("graphprojection: parked: %w", err)
	}
	return nil
}
