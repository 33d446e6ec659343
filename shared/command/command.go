// Package command takes, follows and cancels commands. Both HTTP APIs use it:
// they are two faces of the same writes.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/telemetry"
)

// Request is a wish for a change.
type Request struct {
	Type      string // for example CREATE_INSTANCE
	Aggregate event.Aggregate
	Database  string
	Branch    string
	Expect    event.Expect
	Require   []eventlog.Require
	Payload   any            // per type, see shared/writes
	Metadata  map[string]any // the client's own
	Actor     string

	// ID is the command's id, see NewID.
	ID event.ID
	// Correlation and TraceParent come from the HTTP request.
	Correlation, TraceParent string
}

// Data is what a command's event carries.
type Data struct {
	Type     string          `json:"command_type"`
	Payload  json.RawMessage `json:"payload"`
	Metadata map[string]any  `json:"metadata,omitempty"`
}

// Accepted says where a command stands in the log.
type Accepted struct {
	ID       event.ID
	Position event.Position
	Repeated bool // the same command had been accepted before
}

// Service takes commands for one API.
type Service struct {
	Log    *eventlog.Log
	Source string // URI reference of the API, for example /functions/bff
	Now    func() time.Time
	Valve  *Valve // nil takes every command
}

// NewID gives a command's id: derived from the client's Idempotency-Key, so
// that a repeated request is the same command, else a new UUIDv7.
func NewID(database, endpoint, idempotencyKey string) (event.ID, error) {
	if idempotencyKey != "" {
		return event.IdempotentCommandID(database, endpoint, idempotencyKey), nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("command: new id: %w", err)
	}
	return event.ID(id.String()), nil
}

// Submit appends a command. Errors are problems.
func (s *Service) Submit(ctx context.Context, r Request) (Accepted, error) {
	if err := s.Valve.Check(ctx); err != nil {
		return Accepted{}, err
	}
	payload, err := json.Marshal(r.Payload)
	if err != nil {
		return Accepted{}, problem.Internal(fmt.Errorf("command: payload: %w", err))
	}
	data, err := json.Marshal(Data{Type: r.Type, Payload: payload, Metadata: r.Metadata})
	if err != nil {
		return Accepted{}, problem.Internal(fmt.Errorf("command: data: %w", err))
	}
	e := event.Event{
		ID: r.ID, Type: r.Type + "_REQUESTED", Source: s.Source, Time: s.Now().UTC(), Kind: event.Command,
		Aggregate: r.Aggregate, Database: r.Database, Branch: r.Branch, Actor: r.Actor,
		Correlation: r.Correlation, TraceParent: r.TraceParent, Data: data,
	}
	if err := s.Log.Outline(ctx, &e); err != nil {
		return Accepted{}, problem.UnknownOutcome(time.Second, err)
	}
	telemetry.Commanded(ctx, string(r.ID))
	result, err := s.Log.Append(ctx, eventlog.Entry{Event: e, Expect: r.Expect, Require: r.Require})
	if err != nil {
		return Accepted{}, Problem(err)
	}
	return Accepted{ID: r.ID, Position: result.Position, Repeated: result.Duplicate}, nil
}

var (
	textIDReused = problem.Define("command.id_reused",
		"The Idempotency-Key was used for another request; choose a new one.", "이 Idempotency-Key는 다른 요청에 이미 사용되었습니다. 새 키를 사용하세요.")
	textRequire = problem.Define("command.require_conflict",
		"'{name}' has changed or does not exist any more; read it again and repeat the request.", "'{name}'이(가) 변경되었거나 더 이상 존재하지 않습니다. 다시 조회한 후 요청을 반복하세요.")
)

// kinds names the aggregates in messages.
var kinds = map[event.AggregateType]problem.Kind{
	"Instance": problem.KindInstance, "OntologyClass": problem.KindClass, event.Database: problem.KindDatabase,
}

func kindOf(t event.AggregateType) problem.Kind {
	if k, ok := kinds[t]; ok {
		return k
	}
	return problem.KindResource
}

// Problem turns what the log says into what a client is told.
func Problem(err error) *problem.Problem {
	var r *eventlog.Refusal
	if !errors.As(err, &r) {
		switch {
		case errors.Is(err, eventlog.ErrTooLarge):
			return problem.PayloadTooLarge(event.MaxSize).Because(err)
		case errors.Is(err, eventlog.ErrUnknown):
			return problem.UnknownOutcome(time.Second, err)
		}
		return problem.Internal(err)
	}
	wanted, _ := r.Expect.Sequence()
	switch r.Reason {
	case eventlog.Conflict, eventlog.RequireConflict:
		switch {
		case r.Expect == event.Absent:
			return problem.SequenceConflict(r.Aggregate.ID, 0, int64(r.Sequence)).Because(err)
		case !r.Exists:
			return problem.NotFound(kindOf(r.Aggregate.Type), r.Aggregate.ID).Because(err)
		case r.Reason == eventlog.RequireConflict:
			return problem.Conflict(textRequire.With("name", r.Aggregate.ID)).Because(err)
		}
		return problem.SequenceConflict(r.Aggregate.ID, int64(wanted), int64(r.Sequence)).Because(err)
	case eventlog.PendingCommand:
		return problem.PendingCommand(r.Aggregate.ID, int64(wanted), int64(r.Sequence), string(r.Command.ID), time.Second).Because(err)
	case eventlog.IDReused:
		return problem.Conflict(textIDReused.With()).Because(err)
	case eventlog.DatabaseMissing:
		return problem.NotFound(problem.KindDatabase, r.Aggregate.ID).Because(err)
	}
	return problem.Internal(err)
}
