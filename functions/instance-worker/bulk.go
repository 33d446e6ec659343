package instanceworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// Limits of a bulk command's work and of its result.
const (
	rowsPerAppend   = 500
	rowErrorsInline = 100 // refused rows that the result tells in full
	sampleIDs       = 5
)

// rowError is a refused row in the result of a bulk command.
type rowError struct {
	Row     int              `json:"row"`
	Problem *problem.Problem `json:"problem"`
}

// bulkResult is what a bulk command came to.
type bulkResult struct {
	Created   int        `json:"created"`
	Refused   int        `json:"refused"`
	Total     int        `json:"total"`
	SampleIDs []string   `json:"sample_instance_ids"`
	Errors    []rowError `json:"errors"`
}

// bulkCreate appends one fact per row and then the result that ends the command.
// Event ids derive from command and instance, so a second run, after a crash or
// beside the first, finds what is done.
func (f *Function) bulkCreate(ctx context.Context, cmd *event.Event) error {
	data, err := execute.Data(ctx, f.log, cmd)
	if err != nil {
		return err
	}
	payload, err := strictjson.Object(data.Payload)
	if err != nil {
		return consume.Permanent(fmt.Errorf("payload: %w", err))
	}
	class, _ := payload["class_id"].(string)
	rows, _ := payload["instances"].([]any)
	result := bulkResult{Total: len(rows), SampleIDs: []string{}, Errors: []rowError{}}
	refused := map[int]*problem.Problem{}
	todo := make([]int, len(rows))
	for i := range rows {
		todo[i] = i
	}
	for round := 1; len(todo) > 0; round++ {
		d, err := f.classes.Get(ctx, cmd.Database, cmd.Branch, class)
		if err != nil {
			return err
		}
		made := instance.CreateRows(d.Schema, rows, string(cmd.ID), "body", "instances")
		var again []int
		for start := 0; start < len(todo); start += rowsPerAppend {
			moved, err := f.appendRows(ctx, cmd, d, class, made, todo[start:min(start+rowsPerAppend, len(todo))], &result, refused)
			if err != nil {
				return err
			}
			again = append(again, moved...)
		}
		if todo = again; round == 5 && len(todo) > 0 {
			return fmt.Errorf("class %s keeps changing", class)
		}
	}
	for i := range rows {
		if p := refused[i]; p != nil {
			if result.Refused++; len(result.Errors) < rowErrorsInline {
				result.Errors = append(result.Errors, rowError{i, p})
			}
		}
	}
	return f.endBulk(ctx, cmd, result)
}

// appendRows appends the facts of some rows. It returns the rows to decide again
// because the class moved on.
func (f *Function) appendRows(ctx context.Context, cmd *event.Event, d *classes.Definition, class string, made []instance.Row, rows []int, result *bulkResult, refused map[int]*problem.Problem) (moved []int, err error) {
	var entries []eventlog.Entry
	var at []int
	for _, i := range rows {
		if err := made[i].Errors.Err(); err != nil {
			refused[i] = problem.From(err)
			continue
		}
		ref := instance.Ref{Database: cmd.Database, Branch: cmd.Branch, Class: class, ID: made[i].Instance.ID}
		entry, err := f.fact(cmd, instanceCreated, event.Creates, ref, made[i].Instance, d)
		if err != nil {
			return nil, err
		}
		entry.Expect = event.Absent
		entry.Event.Outcome = "" // a row does not end the command
		entry.Event.ID = event.DomainID(cmd.ID, instanceCreated, entry.Event.Aggregate.ID)
		entries, at = append(entries, entry), append(at, i)
	}
	for k, o := range f.log.AppendAll(ctx, entries) {
		i := at[k]
		var r *eventlog.Refusal
		switch {
		case o.Err == nil:
			if result.Created++; len(result.SampleIDs) < sampleIDs {
				result.SampleIDs = append(result.SampleIDs, made[i].Instance.ID)
			}
		case !errors.As(o.Err, &r):
			return nil, o.Err
		case r.Reason == eventlog.CommandEnded || r.Reason == eventlog.CommandUnknown:
			return nil, o.Err
		case r.Reason == eventlog.RequireConflict && r.Aggregate.Type == classes.Type:
			moved = append(moved, i)
		case r.Reason == eventlog.RequireConflict:
			refused[i] = missingTarget(r, made[i].Instance.Data, "body", "instances", i)
		default:
			refused[i] = problem.From(execute.Permanent(o.Err))
		}
	}
	return moved, nil
}

// endBulk ends the command: completed if any row was created or there was
// none, failed if every row was refused.
func (f *Function) endBulk(ctx context.Context, cmd *event.Event, result bulkResult) error {
	outcome := map[string]any{"result": result}
	if result.Total > 0 && result.Created == 0 {
		outcome["error"] = fmt.Sprintf("all %d rows were refused", result.Total)
		outcome["problem"] = result.Errors[0].Problem
	}
	body, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	e, err := execute.Ending(cmd, bulkCreated, source, f.now(), json.RawMessage(body))
	if err != nil {
		return err
	}
	if outcome["error"] != nil {
		e.Outcome = event.Failed
	}
	if len(body) > event.MaxSize-8<<10 {
		e.Data = nil
		if e.DataRef, err = f.log.PutData(ctx, body); err != nil {
			return err
		}
	}
	_, err = f.log.Append(ctx, eventlog.Entry{Event: e})
	return err
}
