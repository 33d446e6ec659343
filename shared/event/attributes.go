package event

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// attribute is one CloudEvents context attribute in its text form. The list in
// [Event.attributes] is the single definition that all encodings share.
type attribute struct{ name, value string }

// attributes lists the set attributes, specversion, datacontenttype and the
// transports' own (position, partitionkey) aside.
func (e *Event) attributes() []attribute {
	list := make([]attribute, 0, 20)
	add := func(name, value string) {
		if value != "" {
			list = append(list, attribute{name, value})
		}
	}
	add("id", string(e.ID))
	add("source", e.Source)
	add("type", e.Type)
	add("subject", e.Aggregate.ID)
	add("time", e.Time.UTC().Format(time.RFC3339Nano))
	add("kind", string(e.Kind))
	add("aggregatetype", string(e.Aggregate.Type))
	if e.Sequence > 0 {
		add("sequence", strconv.FormatUint(e.Sequence, 10))
	}
	add("lifecycle", string(e.Lifecycle))
	if !e.Created.IsZero() && e.Lifecycle != Creates {
		add("createdtime", e.Created.UTC().Format(time.RFC3339Nano))
	}
	add("expect", string(e.Expect))
	add("causationid", string(e.Command))
	add("outcome", string(e.Outcome))
	add("previousposition", e.Previous.String())
	add("database", e.Database)
	add("branch", e.Branch)
	add("actor", e.Actor)
	add("correlationid", e.Correlation)
	add("origin", e.Origin)
	add("traceparent", e.TraceParent)
	add("schemaversion", strconv.Itoa(max(e.Schema, SchemaVersion)))
	if e.DataRef.Key != "" {
		add("dataref", e.DataRef.Key)
		add("datasize", strconv.FormatInt(e.DataRef.Size, 10))
		add("datasha256", e.DataRef.SHA256)
	}
	return list
}

// set stores one attribute. Unknown names are ignored: a newer producer of the
// same schema version may add some, and transports add their own.
func (e *Event) set(name, value string) (err error) {
	switch name {
	case "id":
		e.ID = ID(value)
	case "source":
		e.Source = value
	case "type":
		e.Type = value
	case "subject":
		e.Aggregate.ID = value
	case "time":
		e.Time, err = time.Parse(time.RFC3339Nano, value)
		e.Time = e.Time.UTC()
	case "kind":
		e.Kind = Kind(value)
	case "aggregatetype":
		e.Aggregate.Type = AggregateType(value)
	case "sequence":
		e.Sequence, err = strconv.ParseUint(value, 10, 63)
	case "lifecycle":
		e.Lifecycle = Lifecycle(value)
	case "createdtime":
		e.Created, err = time.Parse(time.RFC3339Nano, value)
		e.Created = e.Created.UTC()
	case "expect":
		e.Expect = Expect(value)
	case "causationid":
		e.Command = ID(value)
	case "outcome":
		e.Outcome = Outcome(value)
	case "previousposition":
		e.Previous, err = ParsePosition(value)
	case "database":
		e.Database = value
	case "branch":
		e.Branch = value
	case "actor":
		e.Actor = value
	case "correlationid":
		e.Correlation = value
	case "origin":
		e.Origin = value
	case "traceparent":
		e.TraceParent = value
	case "schemaversion":
		e.Schema, err = strconv.Atoi(value)
	case "dataref":
		e.DataRef.Key = value
	case "datasize":
		e.DataRef.Size, err = strconv.ParseInt(value, 10, 64)
	case "datasha256":
		e.DataRef.SHA256 = value
	case "position":
		e.Position, err = ParsePosition(value)
	}
	if err != nil {
		return fmt.Errorf("event: attribute %s: %w", name, err)
	}
	return nil
}

// ErrNewerSchema is returned for an event that a newer release wrote. A reader
// stops there: to skip it would lose a fact. Deploy that release.
var ErrNewerSchema = errors.New("event: schema version is newer than this build reads; deploy the release that wrote it")

// decoded finishes every decoding: the schema is known and the event valid.
func (e *Event) decoded() error {
	if e.Schema > SchemaVersion {
		return fmt.Errorf("%w (version %d, event %s)", ErrNewerSchema, e.Schema, e.ID)
	}
	if e.Lifecycle == Creates {
		e.Created = e.Time
	}
	return e.Validate()
}
