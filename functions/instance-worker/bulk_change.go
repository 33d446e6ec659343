package instanceworker

import (
	"context"
	"encoding/json"

	"golang.org/x/sync/errgroup"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// changing is a row of a bulk update or deletion: which instance, in which state if
// the client says so, and the merge patch.
type changing struct {
	row      int
	id       string
	expected *uint64
	patch    map[string]any
	state    eventlog.State
}

func (b *bulk) eventType() (string, event.Lifecycle) {
	if b.kind == writes.BulkDelete {
		return instanceDeleted, event.Deletes
	}
	return instanceUpdated, event.Changes
}

// changes decides all rows of a bulk update or deletion, those again whose instance
// or class moved meanwhile.
func (b *bulk) changes(ctx context.Context) error {
	return rounds(b, b.changingRows(), func(todo []changing) ([]changing, func([]changing) ([]changing, error), error) {
		var d *classes.Definition
		if b.kind == writes.BulkUpdate {
			var err error
			if d, err = b.classes.Get(ctx, b.cmd.Database, b.cmd.Branch, b.class); err != nil {
				return nil, nil, err
			}
		}
		return todo, func(part []changing) ([]changing, error) { return b.changeChunk(ctx, d, part) }, nil
	}, func() { b.tell(ctx) })
}

// changingRows reads the rows. The second row with an id is refused.
func (b *bulk) changingRows() []changing {
	var rows []changing
	first := map[string]int{}
	for i, item := range b.rows {
		row, err := writes.ParseBulkRow(item, b.kind, "body", "instances", i)
		if err == nil {
			if n, twice := first[row.Instance]; twice {
				err = problem.Validation(instance.SameRow([]any{"body", "instances", i}, n, row.Instance))
			}
		}
		if err != nil {
			b.refused[i] = problem.From(err)
			continue
		}
		first[row.Instance] = i
		rows = append(rows, changing{row: i, id: row.Instance, expected: row.Expected, patch: row.Data})
	}
	return rows
}

// changeChunk appends the facts of some rows. What an earlier run of this command has
// done already is found by the ids of its events. It returns the rows to decide again.
func (b *bulk) changeChunk(ctx context.Context, d *classes.Definition, rows []changing) (moved []changing, err error) {
	eventType, _ := b.eventType()
	aggregates, ids := make([]event.Aggregate, len(rows)), make([]event.ID, len(rows))
	for k, x := range rows {
		aggregates[k] = writes.InstanceAggregate(b.ref(x.id))
		ids[k] = event.DomainID(b.cmd.ID, eventType, aggregates[k].ID)
	}
	view, err := b.log.Snapshot(ctx, b.cmd.Database, eventlog.Query{Events: ids})
	if err != nil {
		return nil, err
	}
	states, _, err := b.log.States(ctx, b.cmd.Database, aggregates...)
	if err != nil {
		return nil, err
	}
	var open []changing
	for k, x := range rows {
		x.state = states[aggregates[k]]
		_, done := view.Events[ids[k]]
		switch {
		case done:
			b.count(x.id)
		case !x.state.Exists:
			b.refused[x.row] = problem.NotFound(problem.KindInstance, x.id)
		case x.expected != nil && *x.expected != x.state.Sequence:
			b.refused[x.row] = problem.SequenceConflict(aggregates[k].ID, int64(*x.expected), int64(x.state.Sequence))
		default:
			open = append(open, x)
		}
	}
	entries, at, made, err := b.changeEntries(ctx, d, open)
	if err != nil {
		return nil, err
	}
	for k, o := range b.log.AppendAll(ctx, entries) {
		again, err := b.answered(at[k].row, &entries[k], made[k], o)
		if err != nil {
			return nil, err
		}
		if again {
			moved = append(moved, at[k])
		}
	}
	return moved, nil
}

// changeEntries makes the facts of rows. A row that changes nothing or is refused has
// none.
func (b *bulk) changeEntries(ctx context.Context, d *classes.Definition, rows []changing) (entries []eventlog.Entry, at []changing, made []instance.Instance, err error) {
	before := make([]instance.Fact, len(rows))
	if b.kind == writes.BulkUpdate {
		reads, readCtx := errgroup.WithContext(ctx)
		reads.SetLimit(parallelReads)
		for k, x := range rows {
			reads.Go(func() (err error) {
				before[k], err = writes.ReadInstance(readCtx, b.log, x.state.Position)
				return err
			})
		}
		if err := reads.Wait(); err != nil {
			return nil, nil, nil, err
		}
	}
	for k, x := range rows {
		var entry eventlog.Entry
		merged := instance.Instance{ID: x.id}
		if b.kind == writes.BulkDelete {
			entry, err = b.rowDeletion(x.id)
		} else {
			var changed bool
			var errs problem.FieldErrors
			merged, changed, errs = instance.Update(d.Schema, x.id, before[k].Data, x.patch, "body", "instances", x.row, "data")
			if err := errs.Err(); err != nil {
				b.refused[x.row] = problem.From(err)
				continue
			}
			if !changed {
				b.result.Unchanged++
				continue
			}
			entry, err = b.rowFact(ctx, instanceUpdated, event.Changes, x.row, merged, d, event.Any)
		}
		if err != nil {
			return nil, nil, nil, err
		}
		entry.Expect = event.At(x.state.Sequence)
		entries, at, made = append(entries, entry), append(at, x), append(made, merged)
	}
	return entries, at, made, nil
}

func (b *bulk) rowDeletion(id string) (eventlog.Entry, error) {
	ref := b.ref(id)
	data, err := instance.Fact{Ref: ref}.Encode()
	if err != nil {
		return eventlog.Entry{}, err
	}
	e, err := execute.Ending(b.cmd, instanceDeleted, source, b.now(), json.RawMessage(data))
	e.Lifecycle, e.Aggregate, e.Outcome = event.Deletes, writes.InstanceAggregate(ref), ""
	e.ID = event.DomainID(b.cmd.ID, instanceDeleted, e.Aggregate.ID)
	return eventlog.Entry{Event: e}, err
}

// count counts a row that an earlier run has done.
func (b *bulk) count(id string) {
	if b.kind == writes.BulkDelete {
		b.result.Deleted++
	} else {
		b.result.Updated++
	}
	b.sample(id)
}

func (b *bulk) sample(id string) {
	if len(b.result.SampleIDs) < sampleIDs {
		b.result.SampleIDs = append(b.result.SampleIDs, id)
	}
}
