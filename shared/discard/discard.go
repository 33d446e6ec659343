// Package discard tells which facts an operator has given up for a handler of
// facts, because its sink refuses them for good. A discard is itself a fact, in the
// chain of the database: projections that are made again from the log, and the
// checker, leave out what was discarded.
package discard

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// Type is the aggregate type of discards; each is an aggregate with one fact.
const Type event.AggregateType = "FactDiscard"

// EventType is the type of the event.
const EventType = "FACT_DISCARDED"

// Fact is one discard. Handler, aggregate and sequence name what is discarded.
type Fact struct {
	Handler       string              `json:"handler"`
	AggregateType event.AggregateType `json:"aggregate_type"`
	AggregateID   string              `json:"aggregate_id"`
	Sequence      uint64              `json:"sequence"`
	Event         event.ID            `json:"event_id"`         // of the fact
	Cause         string              `json:"cause"`            // why the sink refused it
	Reason        string              `json:"reason,omitempty"` // why the operator gave it up
}

// Aggregate names the discard. No handler and no type holds the separator.
func (f Fact) Aggregate() event.Aggregate {
	return event.Aggregate{Type: Type, ID: fmt.Sprintf("%s|%s|%d|%s", f.Handler, f.AggregateType, f.Sequence, f.AggregateID)}
}

// Data is the data of the event.
func (f Fact) Data() (json.RawMessage, error) { return json.Marshal(f) }

type key struct {
	handler   string
	aggregate event.Aggregate
	sequence  uint64
}

// Set holds discards. The zero value has none.
type Set map[key]bool

// Of gives the discards in the present life of a database.
func Of(ctx context.Context, log *eventlog.Log, database string) (Set, error) {
	rows, err := log.Under(ctx, database, Type, "")
	if err != nil {
		return nil, fmt.Errorf("discard: %w", err)
	}
	s := Set{}
	for _, row := range rows {
		if row.Database != database {
			continue // of the same chain
		}
		parts := strings.SplitN(row.Aggregate.ID, "|", 4)
		if len(parts) != 4 {
			return nil, fmt.Errorf("discard: aggregate %q is not handler|type|sequence|id", row.Aggregate.ID)
		}
		sequence, err := strconv.ParseUint(parts[2], 10, 63)
		if err != nil {
			return nil, fmt.Errorf("discard: aggregate %q: %w", row.Aggregate.ID, err)
		}
		s[key{parts[0], event.Aggregate{Type: event.AggregateType(parts[1]), ID: parts[3]}, sequence}] = true
	}
	return s, nil
}

// Has reports whether a fact is discarded for a handler.
func (s Set) Has(handler string, e *event.Event) bool {
	return len(s) > 0 && s[key{handler, e.Aggregate, e.Sequence}]
}
