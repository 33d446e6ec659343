package tasks

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// MaxChanges is how many changes one look gives.
const MaxChanges = 1000

// Change says that a task changed, by the database's clock.
type Change struct {
	ID uuid.UUID
	At time.Time
}

// Changes lists which tasks of some actors, and which of some tasks, changed after a time
// of the database's clock, in the order of their last change, at most MaxChanges. now is
// that clock before the look; a change that is being stored may be found later under an
// earlier time. Tasks whose process is gone end first.
func (s *Store) Changes(ctx context.Context, after time.Time, actors []string, ids []uuid.UUID) (list []Change, now time.Time, err error) {
	if err := s.bury(ctx); err != nil {
		return nil, now, err
	}
	rows, err := s.Pool.Query(ctx, `select c.now, t.task_id, t.changed_at from (select clock_timestamp() as now) c left join lateral (
			select task_id, changed_at from spice_tasks.tasks where changed_at > $1 and (actor = any($2) or task_id = any($3)) order by changed_at limit $4) t on true
		order by t.changed_at`, after, actors, ids, MaxChanges)
	if err != nil {
		return nil, now, unavailable(err)
	}
	var id *uuid.UUID
	var at *time.Time
	if _, err = pgx.ForEachRow(rows, []any{&now, &id, &at}, func() error {
		if id != nil {
			list = append(list, Change{*id, *at})
		}
		return nil
	}); err != nil {
		return nil, now, unavailable(err)
	}
	return list, now, nil
}

// Changes is that of the store.
func (s *Service) Changes(ctx context.Context, after time.Time, actors []string, ids []uuid.UUID) (list []Change, now time.Time, err error) {
	return s.Store.Changes(ctx, after, actors, ids)
}

// Recent lists the tasks of an actor that have not ended, or ended at a time or later, the
// oldest first, at most the newest limit.
func (s *Service) Recent(ctx context.Context, actor string, since time.Time, limit int) ([]Task, error) {
	if err := s.Store.bury(ctx); err != nil {
		return nil, err
	}
	rows, err := s.Store.Pool.Query(ctx, `select `+columns+` from spice_tasks.tasks
		where actor = $1 and (completed_at is null or completed_at >= $2) order by created_at desc, task_id limit $3`, actor, since, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, unavailable(err)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i := range list {
		if t := &list[i]; t.isCommand() && !t.Ended() {
			group.Go(func() error { return s.refresh(groupCtx, t) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(t Task) bool { return t.CompletedAt != nil && t.CompletedAt.Before(since) })
	slices.SortFunc(list, func(a, b Task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return list, nil
}

// IsBulk reports whether commands of a type, for example BULK_CREATE_INSTANCES, are tasks.
func IsBulk(commandType string) bool { return bulkTypes[commandType] }

// Order ranks the states of a task: a later one is greater, or equal if only the status
// differs. Progress is ordered by its time.
func (t *Task) Order() int64 {
	switch {
	case t.Ended():
		return 1 << 62
	case t.Status == Pending:
		return 0
	}
	if t.Progress.UpdatedAt != nil {
		if at, err := time.Parse(time.RFC3339Nano, *t.Progress.UpdatedAt); err == nil {
			return max(1, at.UnixMicro())
		}
	}
	return 1
}
