package writes

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
)

// MaxRows bounds a bulk command.
const MaxRows = 10_000

// InstancePayload is the payload of a command on one instance.
type InstancePayload struct {
	Class    string         `json:"class_id"`
	Instance string         `json:"instance_id"`
	Data     map[string]any `json:"data,omitempty"`
	Restores *Restores      `json:"restores,omitempty"`
}

// BulkPayload is the payload of a bulk command.
type BulkPayload struct {
	Class     string  `json:"class_id"`
	Instances []any   `json:"instances"`
	Origin    *Origin `json:"origin,omitempty"`
}

// Origin says of which rows of a file the instances of a bulk command were made.
type Origin struct {
	Source string     `json:"source"` // a URI reference of the file
	Rows   [][2]int64 `json:"rows"`   // of each instance: row, from 1 without the header, and line of the file
}

// Of gives the origin of an instance: the source with its row and line, or "".
func (o *Origin) Of(i int) string {
	if o == nil || i >= len(o.Rows) {
		return ""
	}
	return fmt.Sprintf("%s?row=%d&line=%d", o.Source, o.Rows[i][0], o.Rows[i][1])
}

// ParseOrigin takes an origin apart.
func ParseOrigin(text string) (source string, row, line int64, err error) {
	u, err := url.Parse(text)
	if err == nil {
		row, err = strconv.ParseInt(u.Query().Get("row"), 10, 64)
	}
	if err == nil {
		line, err = strconv.ParseInt(u.Query().Get("line"), 10, 64)
	}
	if err != nil {
		return "", 0, 0, fmt.Errorf("writes: origin %q: %w", text, err)
	}
	return u.Path, row, line, nil
}

// BulkResult is what a bulk command came to, in the outcome's "result".
type BulkResult struct {
	Created   int        `json:"created"`
	Updated   int        `json:"updated"`
	Deleted   int        `json:"deleted"`
	Unchanged int        `json:"unchanged"`
	Refused   int        `json:"refused"`
	Total     int        `json:"total"`
	SampleIDs []string   `json:"sample_instance_ids"`
	Errors    []RowError `json:"errors"`
}

// RowError is a refused row of a bulk command; rows count from 0.
type RowError struct {
	Row      int              `json:"row"`
	Instance string           `json:"instance_id,omitempty"` // what the row names, for updates and deletions
	Problem  *problem.Problem `json:"problem"`
}

// InstanceTarget says where an instance lives.
type InstanceTarget struct {
	Database, Branch, Class string
}

func (t InstanceTarget) ref(id string) instance.Ref {
	return instance.Ref{Database: t.Database, Branch: t.Branch, Class: t.Class, ID: id}
}

// InstanceAggregate names an instance in the log.
func InstanceAggregate(r instance.Ref) event.Aggregate {
	return event.Aggregate{Type: Instances, ID: r.AggregateID()}
}

// CreateInstance accepts an instance. It gives the instance's id.
func (s *Service) CreateInstance(ctx context.Context, c Caller, t InstanceTarget, data, metadata map[string]any) (command.Accepted, string, error) {
	fail := func(err error) (command.Accepted, string, error) { return command.Accepted{}, "", err }
	definition, err := s.classFor(ctx, t.Database, t.Branch, t.Class)
	if err != nil {
		return fail(err)
	}
	if definition, err = ForLinks(ctx, s.Classes, t.Database, t.Branch, definition, data); err != nil {
		return fail(err)
	}
	id, err := command.NewID(t.Database, c.Endpoint, c.IdempotencyKey)
	if err != nil {
		return fail(problem.Internal(err))
	}
	made, errs := instance.Create(definition.Schema, data, string(id), 0, "body", "data")
	if err := errs.Err(); err != nil {
		return fail(err)
	}
	accepted, err := s.submit(ctx, c, command.Request{
		ID: id, Type: CreateInstance, Aggregate: InstanceAggregate(t.ref(made.ID)), Database: t.Database, Branch: t.Branch, Metadata: metadata,
		Expect: event.Absent, Require: []eventlog.Require{classRequired(t.Database, t.Branch, t.Class)},
		Payload: InstancePayload{Class: t.Class, Instance: made.ID, Data: data},
	})
	return accepted, made.ID, err
}

// UpdateInstance accepts a merge patch of an instance.
func (s *Service) UpdateInstance(ctx context.Context, c Caller, t InstanceTarget, id string, expected uint64, patch, metadata map[string]any) (command.Accepted, error) {
	definition, err := s.classFor(ctx, t.Database, t.Branch, t.Class)
	if err != nil {
		return s.replayed(ctx, c, t.Database, err)
	}
	if err := pathParam("instance_id", id, instance.CheckID); err != nil {
		return command.Accepted{}, err
	}
	a := InstanceAggregate(t.ref(id))
	state, err := s.instanceState(ctx, t.Database, a)
	if err != nil {
		return command.Accepted{}, err
	}
	if state == nil {
		return s.replayed(ctx, c, t.Database, problem.NotFound(problem.KindInstance, id))
	}
	if definition, err = ForLinks(ctx, s.Classes, t.Database, t.Branch, definition, patch); err != nil {
		return command.Accepted{}, err
	}
	if _, _, errs := instance.Update(definition.Schema, id, state, patch, "body", "data"); len(errs) > 0 {
		return command.Accepted{}, errs.Err()
	}
	return s.submit(ctx, c, command.Request{
		Type: UpdateInstance, Aggregate: a, Database: t.Database, Branch: t.Branch, Metadata: metadata, Expect: event.At(expected),
		Payload: InstancePayload{Class: t.Class, Instance: id, Data: patch},
	})
}

// DeleteInstance accepts the deletion of an instance.
func (s *Service) DeleteInstance(ctx context.Context, c Caller, t InstanceTarget, id string, expected uint64) (command.Accepted, error) {
	if _, err := s.classFor(ctx, t.Database, t.Branch, t.Class); err != nil {
		return s.replayed(ctx, c, t.Database, err)
	}
	if err := pathParam("instance_id", id, instance.CheckID); err != nil {
		return command.Accepted{}, err
	}
	return s.submit(ctx, c, command.Request{
		Type: DeleteInstance, Aggregate: InstanceAggregate(t.ref(id)), Database: t.Database, Branch: t.Branch, Expect: event.At(expected),
		Payload: InstancePayload{Class: t.Class, Instance: id},
	})
}

// BulkUpsert accepts rows of a file: absent instances are created, different ones
// updated. The caller derives the command's id from what it does, so that a
// repeated call is the same command.
func (s *Service) BulkUpsert(ctx context.Context, c Caller, id event.ID, t InstanceTarget, rows []any, o *Origin, metadata map[string]any) (command.Accepted, error) {
	return s.submit(ctx, c, command.Request{
		ID: id, Type: BulkUpsert, Aggregate: BulkAggregate(t), Database: t.Database, Branch: t.Branch, Metadata: metadata,
		Require: []eventlog.Require{classRequired(t.Database, t.Branch, t.Class)},
		Payload: BulkPayload{Class: t.Class, Instances: rows, Origin: o},
	})
}

// BulkAggregate is the aggregate of bulk commands: the class's instances, an
// instance's aggregate id without its last part. It has no facts.
func BulkAggregate(t InstanceTarget) event.Aggregate {
	return event.Aggregate{Type: Instances, ID: t.ref("").ClassAggregateID()}
}

// instanceState reads the payload of an instance from its last fact, nil if
// the instance does not exist.
func (s *Service) instanceState(ctx context.Context, database string, a event.Aggregate) (map[string]any, error) {
	log := s.Commands.Log
	states, _, err := log.States(ctx, database, a)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !states[a].Exists {
		return nil, nil
	}
	fact, err := ReadInstance(ctx, log, states[a].Position)
	if err != nil {
		return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	return fact.Data, nil
}

// ReadInstance reads an instance's fact by position.
func ReadInstance(ctx context.Context, log *eventlog.Log, p event.Position) (instance.Fact, error) {
	_, data, err := log.EventData(ctx, p)
	if err != nil {
		return instance.Fact{}, err
	}
	return instance.DecodeFact(data)
}
