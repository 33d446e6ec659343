package event

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// ID identifies an event within its chain. For a command it is the command id.
type ID string

// Kind tells the two sorts of events apart: a wish and what became of it.
type Kind string

// The kinds of events.
const (
	Command Kind = "command" // somebody asks for a change; consumes no sequence
	Domain  Kind = "domain"  // a fact about an aggregate, or the end of a command
)

// AggregateType names a family of aggregates, for example "Instance".
type AggregateType string

// The aggregate types that the log itself knows.
const (
	Database AggregateType = "Database" // its aggregate id is the database's name
)

// Aggregate names one stream of facts.
type Aggregate struct {
	Type AggregateType
	ID   string
}

// DatabaseAggregate names the aggregate of a database.
func DatabaseAggregate(name string) Aggregate { return Aggregate{Type: Database, ID: name} }

// String gives "type/id", for messages only.
func (a Aggregate) String() string { return string(a.Type) + "/" + a.ID }

// Compare orders aggregates by type and id.
func (a Aggregate) Compare(b Aggregate) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
}

// Lifecycle says what a fact does to the existence of its aggregate.
type Lifecycle string

// What a fact does to its aggregate. The log refuses a creation of what exists
// and a change or deletion of what does not.
const (
	Creates Lifecycle = "create"
	Changes Lifecycle = "change"
	Deletes Lifecycle = "delete"
)

// Outcome is how a command ended. An event with an outcome ends the command
// that its Command field names.
type Outcome string

// The terminal outcomes of a command.
const (
	Completed Outcome = "COMPLETED"
	Failed    Outcome = "FAILED"
	Cancelled Outcome = "CANCELLED"
)

// MaxSize is the most bytes that one event may take as a line of the log.
// Larger data goes to a content-addressed object, see [Ref].
const MaxSize = 256 << 10

// SchemaVersion is the newest envelope schema that this build reads and the one
// that it writes.
const SchemaVersion = 1

// Event is one envelope. Times are UTC. The zero value of an optional field
// means that the attribute is absent.
type Event struct {
	ID        ID
	Type      string // for example INSTANCE_CREATED or CREATE_INSTANCE_REQUESTED
	Source    string // a URI reference that names the producer, for example /functions/oms
	Time      time.Time
	Kind      Kind
	Aggregate Aggregate

	// Sequence is the fact's number within its aggregate, from 1, without gaps.
	// The log assigns it. Zero for commands and for outcomes that are no facts.
	Sequence uint64
	// Lifecycle makes a domain event a fact: it is set on facts and only there.
	Lifecycle Lifecycle
	// Expect is what a command expects of its aggregate (expect).
	Expect Expect
	// Created is the time of the fact that created the aggregate (createdtime), so
	// that a fact alone tells it. For a creation that is its own time; the log
	// assigns it to the others.
	Created time.Time
	// Command is the command that caused this domain event (causationid).
	Command ID
	// Outcome ends that command.
	Outcome Outcome
	// Previous is where the aggregate's fact before this one stands
	// (previousposition). The log assigns it.
	Previous Position

	Database string
	Branch   string
	Actor    string
	// Correlation ties together everything that one request of a client caused.
	Correlation string
	// Origin is a URI reference of what the data was made of, for example a row
	// of a dataset version (origin). Like the correlation it is not part of what
	// makes two facts equal.
	Origin string
	// TraceParent is the W3C trace context of the producer.
	TraceParent string
	// Schema is the envelope's schema version; zero is written as SchemaVersion.
	Schema int

	// Data is a JSON object, compact. It is empty when DataRef is set.
	Data json.RawMessage
	// DataRef points at data that is too large for an event.
	DataRef Ref

	// Position is where the event stands in the log; it is known after the
	// event was read from the log or delivered, and is not part of the line.
	Position Position
}

// Ref names a content-addressed object that holds an event's data.
type Ref struct {
	Key    string // object key in the event store's bucket
	Size   int64  // bytes
	SHA256 string // lower-case hex
}

// IsFact reports whether the event is a fact about its aggregate.
func (e *Event) IsFact() bool { return e.Lifecycle != "" }

// Ends reports whether the event ends a command.
func (e *Event) Ends() bool { return e.Outcome != "" }

// Validate checks what every encoding relies on. It does not look at Data's
// meaning. The error names the attribute.
func (e *Event) Validate() error {
	for _, a := range []struct{ name, value string }{
		{"id", string(e.ID)}, {"type", e.Type}, {"source", e.Source},
		{"aggregatetype", string(e.Aggregate.Type)}, {"subject", e.Aggregate.ID},
	} {
		if a.value == "" {
			return fmt.Errorf("event: attribute %s is empty", a.name)
		}
	}
	for _, a := range e.attributes() {
		if err := validText(a.value); err != nil {
			return fmt.Errorf("event: attribute %s: %w", a.name, err)
		}
	}
	if e.Time.IsZero() {
		return errors.New("event: attribute time is empty")
	}
	switch e.Kind {
	case Command:
		if e.IsFact() || e.Ends() || e.Sequence != 0 || e.Command != "" {
			return errors.New("event: a command has no lifecycle, sequence, causationid or outcome")
		}
	case Domain:
		if e.Expect != Any {
			return errors.New("event: only a command carries expect")
		}
		if !e.IsFact() && !e.Ends() {
			return errors.New("event: a domain event is a fact (lifecycle) or ends a command (outcome)")
		}
		if e.Ends() && e.Command == "" {
			return errors.New("event: outcome without causationid")
		}
	default:
		return fmt.Errorf("event: kind %q is neither command nor domain", e.Kind)
	}
	if !e.Expect.valid() {
		return fmt.Errorf("event: expect %q is unknown", e.Expect)
	}
	switch e.Lifecycle {
	case "", Creates, Changes, Deletes:
	default:
		return fmt.Errorf("event: lifecycle %q is unknown", e.Lifecycle)
	}
	switch e.Outcome {
	case "", Completed, Failed, Cancelled:
	default:
		return fmt.Errorf("event: outcome %q is unknown", e.Outcome)
	}
	if len(e.Data) > 0 && e.DataRef.Key != "" {
		return errors.New("event: both data and dataref are set")
	}
	return nil
}

// validText refuses what no transport can carry in an attribute.
func validText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("holds the control character %U", r)
		}
	}
	return nil
}
