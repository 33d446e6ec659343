package objectify

import (
	"context"
	"slices"

	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// check looks at every row before the first is written, for a job that must not
// be partial. Rows can still be refused later, when a link's target is deleted
// between the check and the write: then the job is partial after all.
func (s *step) check(ctx context.Context) (done bool, err error) {
	if err := s.openRows(ctx); err != nil {
		return false, err
	}
	for {
		b, err := s.read()
		if err != nil {
			return false, err
		}
		dangling, err := s.dangling(ctx, b.good)
		if err != nil {
			return false, err
		}
		counts := &s.job.Counts
		counts.Read += b.last - b.first + 1
		counts.Refused += b.bad + countRows(dangling)
		s.job.NextRow = b.last
		if err := s.checkpoint(ctx, nil, nil, append(b.refused, dangling...)); err != nil {
			return false, err
		}
		if b.end {
			break
		}
		if s.over() {
			return false, nil
		}
	}
	if c := s.job.Counts; c.Refused > 0 {
		return false, s.Store.Finish(ctx, s.job, Failed, problem.Objectify("validation_failed", textInvalid.With("count", c.Refused, "rows", c.Read)))
	}
	s.closeRows()
	s.job.Checked, s.job.NextRow, s.job.Counts.Read = true, 0, 0
	if err := s.checkpoint(ctx, nil, nil, nil); err != nil {
		return false, err
	}
	return true, s.newMapper(ctx) // which has seen no key yet
}

// dangling finds the rows with links to instances that neither exist nor come in
// this file.
func (s *step) dangling(ctx context.Context, good []Mapped) ([]RowError, error) {
	target := func(l instance.Link) event.Aggregate {
		return writes.InstanceAggregate(instance.Ref{Database: s.job.Database, Branch: s.job.Branch, Class: l.Class, ID: l.ID})
	}
	var wanted []event.Aggregate
	for _, m := range good {
		for _, l := range m.Links {
			wanted = append(wanted, target(l))
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	slices.SortFunc(wanted, event.Aggregate.Compare)
	states, _, err := s.Log.States(ctx, s.job.Database, slices.Compact(wanted)...)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	var refused []RowError
	for _, m := range good {
		for _, l := range m.Links {
			if states[target(l)].Exists || l.Class == s.spec.Class && s.mapper.Has(l.ID) {
				continue
			}
			e := RowError{RowRef: m.RowRef, Target: l.Predicate, Value: l.ID, Reason: instance.MissingTarget(nil, l.Ref()).Msg}
			if f := s.mapper.Field(l.Predicate); f != nil {
				e.Field = f.columns()
			}
			refused = append(refused, e)
		}
	}
	return refused, nil
}

// countRows counts the rows of errors, which stand in their order.
func countRows(list []RowError) (n int64) {
	for i, e := range list {
		if i == 0 || list[i-1].Row != e.Row {
			n++
		}
	}
	return n
}
