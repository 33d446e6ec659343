package eventlog

import (
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/event"
)

// Entry is one event to append, with what it expects.
type Entry struct {
	Event event.Event
	// Expect is about the event's own aggregate. A command stores it in the
	// log, so that whoever executes the command checks it again.
	Expect event.Expect
	// Require is about other aggregates of the same database.
	Require []Require

	span trace.Span // of the append; nil without tracing
}

// Result is the log's answer to an entry that is, or was before, stored.
type Result struct {
	Position  event.Position
	Sequence  uint64 // of the fact; 0 for other events
	Duplicate bool   // the same event had been stored before
	// Ended is set if the entry would have ended a command which already has
	// an outcome: that outcome stands, and nothing was stored.
	Ended *CommandRow
}

// verdict is a decided entry.
type verdict struct {
	result Result
	err    error
	// final: already the log says so, no PUT needs to confirm it.
	final bool
}

// decider decides the entries of one batch, in order, against one view. It
// plays what it accepts into the view and into the segment that is being made.
type decider struct {
	view View
	seg  *Segment
}

func (d *decider) decide(en *Entry) verdict {
	e := en.Event // a copy: the next attempt starts from the caller's event again
	if e.Kind == event.Command {
		e.Expect = en.Expect
	}
	content := ContentOf(&e)
	if v, known := d.stored(&e, content); known {
		return v
	}
	if r := d.refuse(&e, en); r != nil {
		return verdict{err: r}
	}
	if v, ended := d.ended(&e); ended {
		return v
	}
	if e.IsFact() {
		last := d.view.Aggregates[e.Aggregate]
		e.Sequence, e.Previous = last.Sequence+1, last.Position
		if e.Lifecycle != event.Creates {
			e.Created = last.Created
		}
	}
	if err := d.seg.add(&e); err != nil {
		return verdict{err: err, final: true}
	}
	d.play(&e, content)
	return verdict{result: Result{Position: e.Position, Sequence: e.Sequence}}
}

// stored answers an entry whose event is in the log, or in this segment,
// already.
func (d *decider) stored(e *event.Event, content Content) (verdict, bool) {
	row, known := d.view.Events[e.ID]
	if !known && e.Kind == event.Command {
		// The id of an open command is remembered however old it is.
		c, open := d.view.Commands[e.ID]
		row, known = EventRow{ID: c.ID, Content: c.Content, Position: c.Position}, open
	}
	switch {
	case !known:
		return verdict{}, false
	case row.Content != content:
		return verdict{err: &Refusal{Reason: IDReused, Aggregate: e.Aggregate}}, true
	}
	return verdict{
		result: Result{Position: row.Position, Sequence: row.Sequence, Duplicate: true},
		final:  row.Position.Segment < d.seg.Number,
	}, true
}

// ended answers an entry that would end a command a second time.
func (d *decider) ended(e *event.Event) (verdict, bool) {
	c := d.view.Commands[e.Command]
	if !e.Ends() || c.Open() {
		return verdict{}, false
	}
	return verdict{result: Result{Position: c.End, Duplicate: true, Ended: &c}, final: c.End.Segment < d.seg.Number}, true
}

// refuse finds the first reason against an event.
func (d *decider) refuse(e *event.Event, en *Entry) *Refusal {
	if e.Command != "" {
		c, known := d.view.Commands[e.Command]
		if !known {
			return &Refusal{Reason: CommandUnknown, Aggregate: e.Aggregate, Command: CommandRow{ID: e.Command}}
		}
		if !c.Open() {
			if e.Ends() {
				return nil // see ended
			}
			return &Refusal{Reason: CommandEnded, Aggregate: e.Aggregate, Command: c}
		}
	}
	if e.Kind == event.Command || e.IsFact() {
		if r := d.refuseState(e, en); r != nil {
			return r
		}
	}
	return nil
}

// refuseState checks a command or a fact against the state of the database.
func (d *decider) refuseState(e *event.Event, en *Entry) *Refusal {
	if e.Database != "" && e.Aggregate.Type != event.Database {
		db := event.DatabaseAggregate(e.Database)
		if _, exists := d.state(db); !exists {
			return &Refusal{Reason: DatabaseMissing, Aggregate: db, Expect: event.Present}
		}
	}
	expectations := []event.Expect{en.Expect}
	switch e.Lifecycle {
	case event.Creates:
		expectations = append(expectations, event.Absent)
	case event.Changes, event.Deletes:
		expectations = append(expectations, event.Present)
	}
	for _, x := range expectations {
		if r := d.check(Conflict, e.Aggregate, x); r != nil {
			return r
		}
	}
	for _, q := range en.Require {
		if r := d.check(RequireConflict, q.Aggregate, q.Expect); r != nil {
			return r
		}
	}
	if e.Kind == event.Command && en.Expect.Exclusive() {
		for _, c := range d.view.Pending[e.Aggregate] {
			if still := d.view.Commands[c.ID]; c.Expect == en.Expect && still.Open() {
				row, exists := d.state(e.Aggregate)
				return &Refusal{Reason: PendingCommand, Aggregate: e.Aggregate, Expect: en.Expect, Sequence: row.Sequence, Exists: exists, Command: c}
			}
		}
	}
	return nil
}

func (d *decider) check(reason Reason, a event.Aggregate, x event.Expect) *Refusal {
	row, exists := d.state(a)
	ok := true
	switch sequence, at := x.Sequence(); {
	case at:
		ok = exists && row.Sequence == sequence
	case x == event.Absent:
		ok = !exists
	case x == event.Present:
		ok = exists
	}
	if ok {
		return nil
	}
	return &Refusal{Reason: reason, Aggregate: a, Expect: x, Sequence: row.Sequence, Exists: exists}
}

// state gives the row of an aggregate and whether it exists: its last fact is
// no deletion and does not belong to an earlier life of its database.
func (d *decider) state(a event.Aggregate) (AggregateRow, bool) {
	row, known := d.view.Aggregates[a]
	return row, known && Exists(row, d.view.Aggregates[event.DatabaseAggregate(row.Database)])
}

// Exists reports whether an aggregate exists, given its row and the row of its
// database (the zero row for events without a database).
func Exists(row, database AggregateRow) bool {
	if row.Sequence == 0 || row.Deleted {
		return false
	}
	if row.Database == "" || row.Aggregate.Type == event.Database {
		return true
	}
	return database.Sequence > 0 && !database.Deleted && row.Position.Compare(database.Born) > 0
}

// play makes the accepted event visible to the entries after it.
func (d *decider) play(e *event.Event, content Content) {
	d.view.Events[e.ID] = EventRow{ID: e.ID, Content: content, Sequence: e.Sequence, Position: e.Position}
	if e.Kind == event.Command {
		c := commandRow(e, d.seg)
		d.view.Commands[e.ID] = c
		d.view.Pending[e.Aggregate] = append(d.view.Pending[e.Aggregate], c)
	}
	if e.IsFact() {
		row := factRow(e)
		if row.Born.IsZero() {
			row.Born = d.view.Aggregates[e.Aggregate].Born
		}
		d.view.Aggregates[e.Aggregate] = row
	}
	if e.Ends() {
		c := d.view.Commands[e.Command]
		c.Outcome, c.EndID, c.End = e.Outcome, e.ID, e.Position
		d.view.Commands[e.Command] = c
	}
}

// queryFor names the rows that deciding the entries needs.
func queryFor(entries []*Entry) Query {
	var q Query
	aggregates := map[event.Aggregate]bool{}
	commands := map[event.ID]bool{}
	add := func(a event.Aggregate) {
		if a.ID != "" && !aggregates[a] {
			aggregates[a] = true
			q.Aggregates = append(q.Aggregates, a)
		}
	}
	for _, en := range entries {
		e := &en.Event
		q.Events = append(q.Events, e.ID)
		add(e.Aggregate)
		add(event.DatabaseAggregate(e.Database))
		for _, r := range en.Require {
			add(r.Aggregate)
		}
		id := e.Command
		if e.Kind == event.Command {
			id = e.ID
		}
		if id != "" && !commands[id] {
			commands[id] = true
			q.Commands = append(q.Commands, id)
		}
	}
	return q
}
