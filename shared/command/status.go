package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
)

// Status is a command's state as clients read it (CommandResult, bff-api 1.7).
type Status struct {
	CommandID   event.ID       `json:"command_id"`
	Status      string         `json:"status"` // PENDING, PROCESSING, RETRYING, COMPLETED, FAILED or CANCELLED
	Result      map[string]any `json:"result"`
	Error       *string        `json:"error"`
	CompletedAt *string        `json:"completed_at"`
	RetryCount  int            `json:"retry_count"`

	// Problem is why the command failed, if its outcome says so.
	Problem *problem.Problem `json:"-"`
}

// The states of a command without outcome.
const (
	Pending    = "PENDING"
	Processing = "PROCESSING" // a worker has said so; the log does not know it
	Retrying   = "RETRYING"
)

// Ended reports whether the status is terminal; then it never changes.
func (s *Status) Ended() bool {
	return s.Status != Pending && s.Status != Processing && s.Status != Retrying
}

// Move sets another state of a command without outcome.
func (s *Status) Move(status string, retries int, reason *string) {
	s.set(status)
	s.RetryCount, s.Error = retries, reason
}

// Order ranks the states of one command: they come in this order, and a status that is
// not above the one known before is old news. All outcomes rank the same, since a
// command has one.
func (s *Status) Order() int64 {
	switch s.Status {
	case Pending:
		return 0
	case Retrying:
		return 2 * int64(s.RetryCount)
	case Processing:
		return 2*int64(s.RetryCount) + 1
	}
	return 1 << 40
}

// Reader answers what became of commands, from the index of the log.
type Reader struct {
	Log      *eventlog.Log
	Registry consume.Registry
	// Workers tells which handler executes the commands of an aggregate type.
	Workers map[event.AggregateType]string
}

// Workers is the project's assignment.
var Workers = map[event.AggregateType]string{"Instance": "instance_worker", "OntologyClass": "ontology_worker", event.Database: "ontology_worker"}

// Status looks a command up. Errors are problems.
func (r *Reader) Status(ctx context.Context, id event.ID) (Status, error) {
	row, known, err := r.Log.Command(ctx, id)
	if err != nil {
		return Status{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !known {
		return Status{}, problem.NotFound(problem.KindCommand, string(id))
	}
	if row.Open() {
		return r.open(ctx, &row)
	}
	return r.ended(ctx, &row)
}

func base(row *eventlog.CommandRow) Status {
	return Status{CommandID: row.ID, Result: map[string]any{"command_type": typeOf(row), "aggregate_id": row.Aggregate.ID}}
}

func typeOf(row *eventlog.CommandRow) string {
	const suffix = "_REQUESTED"
	return row.Type[:max(0, len(row.Type)-len(suffix))]
}

func (r *Reader) open(ctx context.Context, row *eventlog.CommandRow) (Status, error) {
	s := Fresh(row)
	if handler := r.Workers[row.Aggregate.Type]; handler != "" {
		marks, err := r.Registry.Load(ctx, handler, []event.Aggregate{row.Aggregate})
		if err != nil {
			return Status{}, problem.Unavailable(problem.DBUnavailable, "registry", err)
		}
		if p := marks[row.Aggregate].Parked; p != nil {
			s.Move(Retrying, p.Attempts, &p.Reason)
		}
	}
	return s, nil
}

func (r *Reader) ended(ctx context.Context, row *eventlog.CommandRow) (Status, error) {
	e, data, err := r.Log.EventData(ctx, row.End)
	if err != nil {
		return Status{}, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	s, err := Outcome(row, &e, data)
	if err != nil {
		return Status{}, problem.Internal(err)
	}
	return s, nil
}

// Fresh is the status of a command that the log has just taken.
func Fresh(row *eventlog.CommandRow) Status {
	s := base(row)
	s.set(Pending)
	s.Result["created_at"] = problem.Timestamp(row.Written)
	return s
}

func (s *Status) set(status string) {
	s.Status, s.Result["status"], s.Result["message"] = status, status, "Command is "+status
}

// Outcome is the status of a command that the event e, which carries data, has ended.
// Of the row, id, type, aggregate and outcome are used.
func Outcome(row *eventlog.CommandRow, e *event.Event, data []byte) (Status, error) {
	s := base(row)
	s.set(string(row.Outcome))
	at := problem.Timestamp(e.Time)
	s.CompletedAt = &at
	s.Result["position"] = e.Position.String()
	s.Result["event_id"] = e.ID
	if e.IsFact() {
		s.Result["sequence"] = e.Sequence
	}
	var outcome struct {
		Result  map[string]any   `json:"result"`
		Error   string           `json:"error"`
		Problem *problem.Problem `json:"problem"`
		// What facts say about where they belong.
		Database string `json:"db_name"`
		Branch   string `json:"branch"`
		Class    string `json:"class_id"`
		Instance string `json:"instance_id"`
	}
	if len(data) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber() // a refused value is shown as it was sent
		if err := decoder.Decode(&outcome); err != nil {
			return Status{}, fmt.Errorf("command: outcome %s: %w", e.ID, err)
		}
	}
	for name, value := range map[string]string{"db_name": outcome.Database, "branch": outcome.Branch, "class_id": outcome.Class, "instance_id": outcome.Instance} {
		if value != "" {
			s.Result[name] = value
		}
	}
	for name, value := range outcome.Result {
		s.Result[name] = value
	}
	if row.Outcome == event.Failed {
		s.Error, s.Problem = &outcome.Error, outcome.Problem
	}
	return s, nil
}

// Wait looks a command up until it has ended or the time is over, and returns
// the last status.
func (r *Reader) Wait(ctx context.Context, id event.ID, d time.Duration) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		s, err := r.Status(context.WithoutCancel(ctx), id)
		if err != nil || s.Ended() {
			return s, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return s, nil
		}
	}
}

// CancelledType is the type of the event that ends a command on request.
const CancelledType = "COMMAND_CANCELLED"

var textEnded = problem.Define("command.ended", "The command has ended as {status}; it cannot be cancelled any more.", "명령이 이미 {status} 상태로 종료되어 취소할 수 없습니다.")

// Cancel ends an open command. A command that has ended is a 409. Whatever a
// bulk command had done before stays done.
func (r *Reader) Cancel(ctx context.Context, s *Service, id event.ID, actor string) (Status, error) {
	row, known, err := r.Log.Command(ctx, id)
	if err != nil {
		return Status{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !known {
		return Status{}, problem.NotFound(problem.KindCommand, string(id))
	}
	if row.Open() {
		result, err := s.Log.Append(ctx, eventlog.Entry{Event: event.Event{
			ID: event.DomainID(id, CancelledType, row.Aggregate.ID), Type: CancelledType, Source: s.Source, Time: s.Now().UTC(), Kind: event.Domain,
			Aggregate: row.Aggregate, Database: row.Database, Command: id, Outcome: event.Cancelled, Actor: actor,
		}})
		switch {
		case err != nil:
			return Status{}, Problem(err)
		case result.Ended == nil && !result.Duplicate:
			return r.Status(ctx, id)
		case result.Ended != nil:
			row = *result.Ended
		default:
			row.Outcome = event.Cancelled
		}
	}
	return Status{}, problem.Conflict(textEnded.With("status", string(row.Outcome))).WithContext("command_id", id).WithContext("status", row.Outcome)
}
