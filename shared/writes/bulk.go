package writes

import (
	"context"
	"encoding/json"
	"strconv"

	"spiceharvester/shared/command"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
)

var textExpectedRow = problem.Define("instance.expected_row", "expected_seq must be a whole number from 1", "expected_seq는 1 이상의 정수여야 합니다.")

// BulkRow is a row of a bulk update or deletion.
type BulkRow struct {
	Instance string
	Expected *uint64        // the sequence that the instance must have, nil for any
	Data     map[string]any // the merge patch of an update
}

// ParseBulkRow reads a row of a bulk update, {"instance_id", "data", "expected_seq"},
// or deletion: the same without data, or only the id. The errors name the fields below
// loc.
func ParseBulkRow(item any, kind string, loc ...any) (row BulkRow, err error) {
	if id, ok := item.(string); ok && kind == BulkDelete {
		item = map[string]any{"instance_id": id}
	}
	fields, ok := item.(map[string]any)
	if !ok {
		return row, problem.Validation(problem.WrongType(problem.TypeDict, loc, item))
	}
	var errs problem.FieldErrors
	for name, value := range fields {
		at := problem.At(loc, name)
		switch {
		case name == "instance_id":
			if row.Instance, ok = value.(string); !ok {
				errs = append(errs, problem.WrongType(problem.TypeString, at, value))
			} else if err := instance.CheckID(row.Instance); err != nil {
				errs = append(errs, problem.InvalidValue(at, problem.MessageOf(err), value))
			}
		case name == "expected_seq":
			if value == nil {
				continue
			}
			n, _ := value.(json.Number)
			sequence, err := strconv.ParseUint(n.String(), 10, 62)
			if err != nil || sequence == 0 {
				errs = append(errs, problem.InvalidValue(at, textExpectedRow.With(), value))
			}
			row.Expected = &sequence
		case name == "data" && kind == BulkUpdate:
			if row.Data, ok = value.(map[string]any); !ok {
				errs = append(errs, problem.WrongType(problem.TypeDict, at, value))
			}
		default:
			errs = append(errs, problem.Unexpected(at))
		}
	}
	required := []string{"instance_id"}
	if kind == BulkUpdate {
		required = append(required, "data")
	}
	for _, name := range required {
		if _, given := fields[name]; !given {
			errs = append(errs, problem.Missing(problem.At(loc, name)))
		}
	}
	return row, errs.Err()
}

// Bulk accepts a bulk command: BulkCreate, BulkUpsert, BulkUpdate or BulkDelete. The
// shape of the rows is checked now; whether a row can be done is decided when the
// command is executed, one by one: a bad row is refused alone, with its reasons.
//
//   - A creation refuses a row whose instance exists.
//   - An upsert creates what is absent, merges the row into what exists (null removes a
//     value) and makes no fact where nothing changes.
//   - An update and a deletion refuse rows whose instance does not exist, or is not at
//     the sequence that the row expects.
func (s *Service) Bulk(ctx context.Context, c Caller, kind string, t InstanceTarget, rows []any, metadata map[string]any) (command.Accepted, error) {
	if _, err := s.classFor(ctx, t.Database, t.Branch, t.Class); err != nil {
		return s.replayed(ctx, c, t.Database, err)
	}
	if len(rows) > MaxRows {
		return command.Accepted{}, problem.Validation(problem.TooBig([]any{"body", "instances"}, MaxRows, len(rows)))
	}
	var errs problem.FieldErrors
	for i, row := range rows {
		if kind == BulkUpdate || kind == BulkDelete {
			_, err := ParseBulkRow(row, kind, "body", "instances", i)
			errs = append(errs, problem.FieldErrorsOf(err)...)
		} else if _, ok := row.(map[string]any); !ok {
			errs = append(errs, problem.WrongType(problem.TypeDict, []any{"body", "instances", i}, row))
		}
	}
	if err := errs.Err(); err != nil {
		return command.Accepted{}, err
	}
	return s.submit(ctx, c, command.Request{
		Type: kind, Aggregate: BulkAggregate(t), Database: t.Database, Branch: t.Branch, Metadata: metadata,
		Require: []eventlog.Require{classRequired(t.Database, t.Branch, t.Class)},
		Payload: BulkPayload{Class: t.Class, Instances: rows},
	})
}

// BulkCreate accepts the creation of many instances.
func (s *Service) BulkCreate(ctx context.Context, c Caller, t InstanceTarget, rows []any, metadata map[string]any) (command.Accepted, error) {
	return s.Bulk(ctx, c, BulkCreate, t, rows, metadata)
}
