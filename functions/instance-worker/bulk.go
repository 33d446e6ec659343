package instanceworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"slices"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/writes"
)

// Limits of a bulk command's work and of its result.
const (
	rowsPerAppend = 500
	bulkRounds    = 5 // how often rows are decided again
	sampleIDs     = 5
	parallelReads = 16
)

// bulk is one bulk command at work. A row is created, or, for an upsert,
// updated or found unchanged, or refused alone with its reasons.
//
// Event ids derive from command and instance, so a second run, after a crash or
// beside the first, finds what is done.
type bulk struct {
	*Function
	cmd    *event.Event
	class  string
	rows   []any
	origin *writes.Origin
	kind   string // the command's type
	upsert bool

	result  writes.BulkResult
	refused map[int]*problem.Problem
}

func (f *Function) bulk(ctx context.Context, cmd *event.Event) error {
	data, err := execute.Data(ctx, f.log, cmd)
	if err != nil {
		return err
	}
	payload, err := strictjson.Object(data.Payload)
	if err != nil {
		return consume.Permanent(fmt.Errorf("payload: %w", err))
	}
	var from struct {
		Origin *writes.Origin `json:"origin"`
	}
	if err := json.Unmarshal(data.Payload, &from); err != nil {
		return consume.Permanent(fmt.Errorf("payload: %w", err))
	}
	b := &bulk{Function: f, cmd: cmd, kind: data.Type, upsert: data.Type == writes.BulkUpsert, origin: from.Origin, refused: map[int]*problem.Problem{}}
	b.class, _ = payload["class_id"].(string)
	b.rows, _ = payload["instances"].([]any)
	b.result = writes.BulkResult{Total: len(b.rows), SampleIDs: []string{}, Errors: []writes.RowError{}}
	b.tell(ctx)
	decide := b.work
	if b.kind == writes.BulkUpdate || b.kind == writes.BulkDelete {
		decide = b.changes
	}
	if err := decide(ctx); err != nil {
		return err
	}
	return b.end(ctx)
}

// payloads are the rows that are objects; CreateRows refuses the others.
func (b *bulk) payloads() []map[string]any {
	list := make([]map[string]any, 0, len(b.rows))
	for _, row := range b.rows {
		if payload, ok := row.(map[string]any); ok {
			list = append(list, payload)
		}
	}
	return list
}

// work decides all rows, those again whose ground moved meanwhile.
func (b *bulk) work(ctx context.Context) error {
	todo := make([]int, len(b.rows))
	for i := range b.rows {
		todo[i] = i
	}
	return rounds(b, todo, func(todo []int) ([]int, func([]int) ([]int, error), error) {
		d, err := b.classes.Get(ctx, b.cmd.Database, b.cmd.Branch, b.class)
		if err != nil {
			return nil, nil, err
		}
		if d, err = writes.ForLinks(ctx, b.classes, b.cmd.Database, b.cmd.Branch, d, b.payloads()...); err != nil {
			return nil, nil, err
		}
		made := instance.CreateRows(d.Schema, b.rows, string(b.cmd.ID), "body", "instances")
		return targetsFirst(b.class, made, todo), func(part []int) ([]int, error) { return b.chunk(ctx, d, made, part) }, nil
	}, func() { b.tell(ctx) })
}

// rounds decides rows, a limited number at a time, and those again whose ground moved
// meanwhile. begin prepares a round: it gives the order of the rows and what decides
// some of them, which returns those that moved. told is called after each part.
func rounds[T any](b *bulk, todo []T, begin func(todo []T) (ordered []T, decide func(part []T) (moved []T, err error), err error), told func()) error {
	for range bulkRounds {
		if len(todo) == 0 {
			return nil
		}
		ordered, decide, err := begin(todo)
		if err != nil {
			return err
		}
		todo = nil
		for part := range slices.Chunk(ordered, rowsPerAppend) {
			moved, err := decide(part)
			if err != nil {
				return err
			}
			todo = append(todo, moved...)
			told()
		}
	}
	if len(todo) > 0 {
		return fmt.Errorf("%d rows of class %s keep changing", len(todo), b.class)
	}
	return nil
}

// targetsFirst orders rows so that one which links to another row of the command
// comes behind it, wherever it stands in the file. Rows that link in a circle keep
// their order; one of them will be refused.
func targetsFirst(class string, made []instance.Row, rows []int) []int {
	byID := make(map[string]int, len(rows))
	for _, i := range rows {
		byID[made[i].Instance.ID] = i
	}
	ordered, seen := make([]int, 0, len(rows)), make(map[int]bool, len(rows))
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, l := range made[i].Instance.Links {
			if target, here := byID[l.ID]; here && l.Class == class {
				visit(target)
			}
		}
		ordered = append(ordered, i)
	}
	for _, i := range rows {
		visit(i)
	}
	return ordered
}

// chunk appends the facts of some rows. It returns the rows to decide again.
func (b *bulk) chunk(ctx context.Context, d *classes.Definition, made []instance.Row, rows []int) (moved []int, err error) {
	var aggregates []event.Aggregate
	var valid []int
	for _, i := range rows {
		if err := made[i].Errors.Err(); err != nil {
			b.refused[i] = problem.From(err)
			continue
		}
		valid, aggregates = append(valid, i), append(aggregates, writes.InstanceAggregate(b.ref(made[i].Instance.ID)))
	}
	states := map[event.Aggregate]eventlog.State{}
	if b.upsert {
		if states, _, err = b.log.States(ctx, b.cmd.Database, aggregates...); err != nil {
			return nil, err
		}
	}
	var entries []eventlog.Entry
	var at []int
	var different []existing
	for k, i := range valid {
		state := states[aggregates[k]]
		if !state.Exists {
			entry, err := b.rowFact(ctx, instanceCreated, event.Creates, i, made[i].Instance, d, event.Absent)
			if err != nil {
				return nil, err
			}
			entries, at = append(entries, entry), append(at, i)
			continue
		}
		same, err := b.same(ctx, d, i, made[i].Instance, state)
		if err != nil {
			return nil, err
		}
		if same {
			b.result.Unchanged++
			continue
		}
		different = append(different, existing{row: i, id: made[i].Instance.ID, state: state})
	}
	updates, err := b.updates(ctx, d, different)
	if err != nil {
		return nil, err
	}
	for k, u := range updates {
		if u != nil {
			entries, at = append(entries, *u), append(at, different[k].row)
		}
	}
	for k, o := range b.log.AppendAll(ctx, entries) {
		again, err := b.answered(at[k], &entries[k], made[at[k]].Instance, o)
		if err != nil {
			return nil, err
		}
		if again {
			moved = append(moved, at[k])
		}
	}
	return moved, nil
}

func (b *bulk) ref(id string) instance.Ref {
	return instance.Ref{Database: b.cmd.Database, Branch: b.cmd.Branch, Class: b.class, ID: id}
}

// same reports whether an instance has the state that a row gives it: its digest
// tells, without reading it.
func (b *bulk) same(ctx context.Context, d *classes.Definition, row int, made instance.Instance, state eventlog.State) (bool, error) {
	for eventType, lifecycle := range map[string]event.Lifecycle{instanceCreated: event.Creates, instanceUpdated: event.Changes} {
		entry, err := b.rowFact(ctx, eventType, lifecycle, row, made, d, event.Any)
		if err != nil {
			return false, err
		}
		if state.Content == eventlog.ContentOf(&entry.Event) {
			return true, nil
		}
	}
	return false, nil
}

// existing is an instance that a row may change.
type existing struct {
	row   int
	id    string
	state eventlog.State
}

// updates merges rows into the instances that exist: an empty cell, null in the
// row, removes a value. An entry is nil if its row changes nothing or is refused.
func (b *bulk) updates(ctx context.Context, d *classes.Definition, rows []existing) ([]*eventlog.Entry, error) {
	before := make([]instance.Fact, len(rows))
	reads, readCtx := errgroup.WithContext(ctx)
	reads.SetLimit(parallelReads)
	for k, x := range rows {
		reads.Go(func() (err error) {
			before[k], err = writes.ReadInstance(readCtx, b.log, x.state.Position)
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	entries := make([]*eventlog.Entry, len(rows))
	for k, x := range rows {
		patch, _ := b.rows[x.row].(map[string]any) // CreateRows has refused everything else
		merged, changed, errs := instance.Update(d.Schema, x.id, before[k].Data, patch, "body", "instances", x.row)
		if err := errs.Err(); err != nil {
			b.refused[x.row] = problem.From(err)
			continue
		}
		if !changed {
			b.result.Unchanged++
			continue
		}
		entry, err := b.rowFact(ctx, instanceUpdated, event.Changes, x.row, merged, d, event.At(x.state.Sequence))
		if err != nil {
			return nil, err
		}
		entries[k] = &entry
	}
	return entries, nil
}

func (b *bulk) rowFact(ctx context.Context, eventType string, lifecycle event.Lifecycle, row int, made instance.Instance, d *classes.Definition, x event.Expect) (eventlog.Entry, error) {
	entry, err := b.fact(ctx, b.cmd, eventType, lifecycle, b.ref(made.ID), made, d)
	entry.Expect = x
	entry.Event.Outcome = "" // a row does not end the command
	entry.Event.Origin = b.origin.Of(row)
	entry.Event.ID = event.DomainID(b.cmd.ID, eventType, entry.Event.Aggregate.ID)
	return entry, err
}

// answered counts what the log said of a row, and whether to decide it again.
func (b *bulk) answered(row int, entry *eventlog.Entry, made instance.Instance, o eventlog.Outcome) (again bool, err error) {
	var r *eventlog.Refusal
	switch {
	case o.Err == nil:
		switch entry.Event.Lifecycle {
		case event.Creates:
			b.result.Created++
		case event.Deletes:
			b.result.Deleted++
		default:
			b.result.Updated++
		}
		b.sample(made.ID)
	case !errors.As(o.Err, &r), r.Reason == eventlog.CommandEnded, r.Reason == eventlog.CommandUnknown:
		return false, o.Err
	case r.Reason == eventlog.RequireConflict && r.Aggregate.Type == classes.Type && r.Exists, r.Reason == eventlog.Conflict && b.kind != writes.BulkCreate:
		return true, nil
	case r.Reason == eventlog.RequireConflict && r.Aggregate.Type == writes.Instances:
		loc := []any{"body", "instances", row}
		if b.kind == writes.BulkUpdate {
			loc = append(loc, "data")
		}
		b.refused[row] = missingTarget(r, made.Data, loc...)
	default:
		b.refused[row] = problem.From(execute.Permanent(o.Err))
	}
	return false, nil
}

// end ends the command: failed if every row was refused, else completed.
func (b *bulk) end(ctx context.Context) error {
	for i := range b.rows {
		if p := b.refused[i]; p != nil {
			b.result.Refused++
			b.result.Errors = append(b.result.Errors, writes.RowError{Row: i, Instance: b.named(i), Problem: p})
		}
	}
	outcome := map[string]any{"result": b.result}
	if b.result.Total > 0 && b.result.Refused == b.result.Total {
		outcome["error"] = fmt.Sprintf("all %d rows were refused", b.result.Total)
		outcome["problem"] = b.result.Errors[0].Problem
	}
	body, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	e, err := execute.Ending(b.cmd, bulkEvents[b.kind], source, b.now(), json.RawMessage(body))
	if err != nil {
		return err
	}
	if outcome["error"] != nil {
		e.Outcome = event.Failed
	}
	if err := b.log.Outline(ctx, &e); err != nil {
		return err
	}
	if _, err = b.log.Append(ctx, eventlog.Entry{Event: e}); err != nil {
		return err
	}
	b.tell(ctx)
	return nil
}

// bulkEvents are the events that end bulk commands, by the command's type.
var bulkEvents = map[string]string{
	writes.BulkCreate: bulkCreated, writes.BulkUpsert: bulkUpserted, writes.BulkUpdate: bulkUpdated, writes.BulkDelete: bulkDeleted,
}

// named is the instance that a row of an update or a deletion names.
func (b *bulk) named(row int) string {
	if b.kind != writes.BulkUpdate && b.kind != writes.BulkDelete {
		return ""
	}
	if r, err := writes.ParseBulkRow(b.rows[row], b.kind); err == nil {
		return r.Instance
	}
	return ""
}

// tell shows how far the command is. Nothing rests on it.
func (b *bulk) tell(ctx context.Context) {
	if b.progress == nil || b.origin != nil { // of an import, its job tells
		return
	}
	r := &b.result
	b.progress(ctx, b.cmd, r.Created+r.Updated+r.Deleted+r.Unchanged+len(b.refused), len(b.rows))
}
