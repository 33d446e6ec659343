package lineage

import (
	"strings"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/writes"
)

// Record is what one event belongs to. It needs the event's attributes alone.
type Record struct {
	Position  event.Position
	ID        event.ID
	Kind      event.Kind
	Type      string
	Aggregate event.Aggregate
	Database  string
	Branch    string
	Sequence  uint64
	Lifecycle event.Lifecycle
	Outcome   event.Outcome
	Actor     string
	Time      time.Time
	Command   event.ID // behind a domain event
	Job       string   // the objectify job behind a command
	Version   string   // the dataset version that a fact was made of, with its row and line
	Row, Line int64
}

// jobSource is the source of the commands of objectify jobs. Their correlation is
// the job; that of a client's command is whatever the client says.
const jobSource = "/functions/objectify-worker"

// RecordOf gives the record of an event.
func RecordOf(e *event.Event) Record {
	r := Record{
		Position: e.Position, ID: e.ID, Kind: e.Kind, Type: e.Type, Aggregate: e.Aggregate, Database: e.Database, Branch: e.Branch,
		Sequence: e.Sequence, Lifecycle: e.Lifecycle, Outcome: e.Outcome, Actor: e.Actor, Time: e.Time, Command: e.Command,
	}
	if e.Kind == event.Command && e.Source == jobSource {
		r.Job = e.Correlation
	}
	if e.Origin != "" {
		if source, row, line, err := writes.ParseOrigin(e.Origin); err == nil {
			if _, version, ok := strings.Cut(source, "/versions/"); ok {
				r.Version, r.Row, r.Line = version, row, line
			}
		}
	}
	return r
}

// IsFact reports whether the record is of a fact about its aggregate.
func (r *Record) IsFact() bool { return r.Lifecycle != "" }

// documented reports whether facts of an aggregate become documents in the read
// model and in the graph.
func documented(t event.AggregateType) bool { return t == writes.Instances || t == classes.Type }

// edges counts the edges that the record stands for, as neighbours.go makes them.
func (r *Record) edges() int {
	n := 2 // its aggregate, its segment
	for _, more := range []bool{r.Command != "", r.Job != "", r.Version != "", r.IsFact()} {
		if more {
			n++
		}
	}
	if r.IsFact() && documented(r.Aggregate.Type) {
		n += 2
	}
	return n
}
