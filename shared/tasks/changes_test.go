package tasks_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

// Whoever changes a task, those who follow its actor or its id learn of it, once a change.
func TestChangesAreFound(t *testing.T) {
	var told atomic.Int64
	store := &tasks.Store{Pool: pgtest.Pool(t), Now: time.Now, Changed: func() { told.Add(1) }}
	r := &tasks.Runner{Store: store, Logger: slog.New(slog.DiscardHandler)}
	t.Cleanup(r.Close)
	ctx := t.Context()
	changes := func(after time.Time, actors []string, ids ...uuid.UUID) ([]uuid.UUID, time.Time) {
		t.Helper()
		list, now, err := store.Changes(ctx, after, actors, ids)
		if err != nil || now.IsZero() {
			t.Fatal(now, err)
		}
		var found []uuid.UUID
		for _, c := range list {
			found = append(found, c.ID)
		}
		return found, now
	}
	none, begin := changes(time.Time{}, []string{"kim"})
	if len(none) > 0 {
		t.Errorf("before all: %v", none)
	}
	first, second := start(t, r, waitsForItsEnd), start(t, r, waitsForItsEnd)
	for name, c := range map[string]struct {
		actors []string
		ids    []uuid.UUID
		want   []uuid.UUID
	}{
		"the actor": {[]string{"lee", "kim"}, nil, []uuid.UUID{first.ID, second.ID}},
		"another":   {[]string{"lee"}, nil, nil},
		"one":       {nil, []uuid.UUID{second.ID, uuid.New()}, []uuid.UUID{second.ID}},
		"both":      {[]string{"kim"}, []uuid.UUID{second.ID}, []uuid.UUID{first.ID, second.ID}},
	} {
		if got, _ := changes(begin, c.actors, c.ids...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	before := told.Load()
	_, now := changes(begin, nil)
	if _, err := store.Cancel(ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	ended(t, r, first.ID)
	if got, _ := changes(now, nil, first.ID); !slices.Equal(got, []uuid.UUID{first.ID}) || told.Load() == before {
		t.Errorf("after its end: %v, told %d times", got, told.Load()-before)
	}
	// The process that worked on the other is gone: looking finds out.
	r.Close()
	lost := tasks.Task{ID: uuid.New(), Name: "n", Type: "test", Actor: "kim"}
	if err := store.Create(ctx, lost); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pool.Exec(ctx, `update spice_tasks.tasks set status = 'PROCESSING', heartbeat_at = $2 where task_id = $1`, lost.ID, time.Now().Add(-2*tasks.Silent)); err != nil {
		t.Fatal(err)
	}
	_, now = changes(begin, nil)
	if got, err := store.Get(ctx, lost.ID); err != nil || got.Status != tasks.Failed {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _ := changes(now, nil, lost.ID); len(got) != 0 {
		t.Errorf("a change twice: %v", got)
	}
}

func waitsForItsEnd(ctx context.Context, _ func(tasks.Progress)) (any, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRecentTasks(t *testing.T) {
	now := time.Now()
	s := &tasks.Service{Store: &tasks.Store{Pool: pgtest.Pool(t), Now: func() time.Time { return now }}, Logger: slog.New(slog.DiscardHandler)}
	ctx := t.Context()
	add := func(actor, state string, age time.Duration) uuid.UUID {
		t.Helper()
		id := uuid.New()
		s.Store.Now = func() time.Time { return now.Add(-age) }
		if err := s.Store.Create(ctx, tasks.Task{ID: id, Name: "n", Type: "test", Actor: actor}); err != nil {
			t.Fatal(err)
		}
		if state != tasks.Pending {
			if _, err := s.Store.Pool.Exec(ctx, `update spice_tasks.tasks set status = $2, completed_at = $3 where task_id = $1`, id, state, s.Store.Now()); err != nil {
				t.Fatal(err)
			}
		}
		return id
	}
	waiting := add("kim", tasks.Pending, 3*time.Hour)
	add("kim", tasks.Completed, 2*time.Hour)
	add("lee", tasks.Completed, time.Minute)
	failed, fresh := add("kim", tasks.Failed, 2*time.Minute), add("kim", tasks.Pending, time.Minute)
	for limit, want := range map[int][]uuid.UUID{10: {waiting, failed, fresh}, 2: {failed, fresh}} {
		list, err := s.Recent(ctx, "kim", now.Add(-time.Hour), limit)
		var got []uuid.UUID
		for _, t := range list {
			got = append(got, t.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("at most %d: %v, want %v, %v", limit, got, want, err)
		}
	}
}

func TestOrder(t *testing.T) {
	early, late := problem.Timestamp(time.Unix(1e9, 0)), problem.Timestamp(time.Unix(1e9, 1000))
	last := int64(-1)
	for i, task := range []tasks.Task{
		{Status: tasks.Pending, Progress: tasks.Progress{UpdatedAt: &late}}, {Status: tasks.Processing}, {Status: tasks.Processing, Progress: tasks.Progress{UpdatedAt: &early}},
		{Status: tasks.Retrying, Progress: tasks.Progress{UpdatedAt: &late}}, {Status: tasks.Cancelled},
	} {
		order := task.Order()
		if order <= last {
			t.Errorf("state %d: %d after %d", i, order, last)
		}
		last = order
	}
}
