package eventlog

import (
	"context"
	"time"

	"spiceharvester/shared/event"
)

// Index answers quickly what the log says. All of it can be rebuilt from the
// segments; it may be behind the log, never ahead.
type Index interface {
	// Bind ties an empty index to a log and checks that a bound one belongs to
	// it, else ErrOtherLog.
	Bind(ctx context.Context, log Meta) error
	// Snapshot reads the head of a chain and the asked rows, all at one moment.
	Snapshot(ctx context.Context, chain int, q Query) (View, error)
	// Apply moves the head from d.Number to d.Number+1 and, only if it moved,
	// stores the rows of d, in one transaction. It reports whether it moved.
	Apply(ctx context.Context, d Delta) (bool, error)
	// Rebuild replaces everything about a chain by what fill applies, from an empty
	// index on. Others see the old rows until fill is done, and for good if it fails;
	// who applies meanwhile waits or is undone, which a reader of the log heals.
	Rebuild(ctx context.Context, chain int, fill func(apply func(Delta) (bool, error)) error) error
	// Forget drops event ids and outcomes of segments written before the day
	// of t (UTC).
	Forget(ctx context.Context, t time.Time) error
	// FindCommand looks a command up in all chains. ok is false if none knows it.
	FindCommand(ctx context.Context, id event.ID) (c CommandRow, ok bool, err error)
	// OverdueCommands lists open commands of all chains whose segment was
	// written before a time, by chain in log order.
	OverdueCommands(ctx context.Context, before time.Time, limit int) ([]CommandRow, error)
	// CommandsOf lists commands of an actor, of all chains: the open ones, and those that
	// ended in a segment written at a time or later. If there are more than limit, the
	// newest by Written; the oldest of the list comes first.
	CommandsOf(ctx context.Context, actor string, since time.Time, limit int) ([]CommandRow, error)
	// Databases lists the aggregates of type Database that exist, by name.
	Databases(ctx context.Context) ([]AggregateRow, error)
	// Under lists the aggregates of a type in a chain whose ids begin with a prefix
	// and whose last fact stands behind a position and is no deletion, by id.
	Under(ctx context.Context, chain int, t event.AggregateType, prefix string, since event.Position) ([]AggregateRow, error)
	// CountUnder counts them.
	CountUnder(ctx context.Context, chain int, t event.AggregateType, prefix string, since event.Position) (int, error)
	// Cursor reads a reader's place in a chain; the zero Head if it has none.
	Cursor(ctx context.Context, reader string, chain int) (Head, error)
	// MoveCursor stores a reader's place. It never moves back.
	MoveCursor(ctx context.Context, reader string, chain int, to Head) error
}

// Head is a place between two segments: the number of the next one and the
// digest of the last one (zero at the start).
type Head struct {
	Next   uint64
	Digest Digest
}

// Query names the rows that a decision needs.
type Query struct {
	Events     []event.ID        // by id: were they stored?
	Commands   []event.ID        // are they open, how did they end?
	Aggregates []event.Aggregate // last fact, and commands that wait for it
}

// View is an index at one moment. Absent keys are absent rows.
type View struct {
	Head       Head
	Events     map[event.ID]EventRow
	Commands   map[event.ID]CommandRow
	Aggregates map[event.Aggregate]AggregateRow
	// Pending holds the open commands of the asked aggregates that expect a
	// certain last fact.
	Pending map[event.Aggregate][]CommandRow
}

// EventRow remembers an event for a few days.
type EventRow struct {
	ID       event.ID
	Content  Content
	Sequence uint64
	Position event.Position
}

// AggregateRow says where an aggregate stands. There is one per aggregate that
// ever had a fact, for ever.
type AggregateRow struct {
	Aggregate event.Aggregate
	Database  string
	Sequence  uint64         // of the last fact
	Position  event.Position // of the last fact, which carries the full state
	Deleted   bool           // the last fact is a deletion
	// Born is the position of the fact that last created the aggregate. For a
	// database it tells which facts in it belong to an earlier life.
	Born event.Position
	// Created is the time of that fact.
	Created time.Time
	// Content digests the last fact: who would write the same again can tell
	// without reading it.
	Content Content
}

// CommandRow is what the index knows of a command. An open command is kept
// until it ends; its end is remembered a few days.
type CommandRow struct {
	ID        event.ID
	Type      string
	Aggregate event.Aggregate
	Database  string
	Actor     string // who submitted it; "" is nobody
	Expect    event.Expect
	Content   Content
	Position  event.Position // of the command
	Written   time.Time      // of the segment that holds the command, or, if ended, its end

	Outcome event.Outcome  // "" while open
	EndID   event.ID       // the event that ended it
	End     event.Position // where that event stands
}

// Open reports whether the command has no outcome yet.
func (c *CommandRow) Open() bool { return c.Outcome == "" }

// Content is a digest of what an event says: type, subject and data. Time,
// trace and run are left out, so that a retry is recognised.
type Content [16]byte

// Delta is what one segment changes in the index.
type Delta struct {
	Chain   int
	Number  uint64
	Digest  Digest
	Written time.Time
	// Forgotten says that the segment is older than ids are remembered: Events
	// and the outcomes in Ended are not stored, but their commands are closed.
	Forgotten bool
	Events    []EventRow
	// Facts holds the last fact per aggregate of the segment; its Born is zero
	// if the segment does not create the aggregate.
	Facts []AggregateRow
	// Opened holds commands that are still open at the end of the segment.
	Opened []CommandRow
	// Ended holds outcomes. Type, Actor, Expect and Content are empty unless the
	// command itself lies in the same segment: the index has them.
	Ended []CommandRow
}

// NewView makes an empty view at a head, for implementations of Index.
func NewView(head Head) View {
	return View{
		Head:       head,
		Events:     map[event.ID]EventRow{},
		Commands:   map[event.ID]CommandRow{},
		Aggregates: map[event.Aggregate]AggregateRow{},
		Pending:    map[event.Aggregate][]CommandRow{},
	}
}
