package tasks_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newRunner(t *testing.T) *tasks.Runner {
	r := &tasks.Runner{Store: &tasks.Store{Pool: pgtest.Pool(t), Now: time.Now}, Logger: slog.New(slog.DiscardHandler)}
	t.Cleanup(r.Close)
	return r
}

func start(t *testing.T, r *tasks.Runner, work tasks.Work) tasks.Task {
	t.Helper()
	task, err := r.Start(t.Context(), tasks.Task{Name: "n", Type: "test", Actor: "kim", Metadata: map[string]any{"db": "shop"}}, work)
	if err != nil || task.Status == tasks.Pending {
		t.Fatal(task, err)
	}
	return task
}

func ended(t *testing.T, r *tasks.Runner, id uuid.UUID) tasks.Task {
	t.Helper()
	for {
		task, err := r.Store.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if task.Ended() {
			return task
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestATaskTellsItsResult(t *testing.T) {
	r := newRunner(t)
	task := start(t, r, func(_ context.Context, report func(tasks.Progress)) (any, error) {
		report(tasks.Progress{Current: 1, Total: 4, Message: "half of the half"})
		return map[string]any{"rows": 7}, nil
	})
	got := ended(t, r, task.ID)
	if got.Status != tasks.Completed || string(got.Result) != `{"rows":7}` || got.Progress.Percentage != 25 || got.Metadata["db"] != "shop" || got.CompletedAt == nil {
		t.Errorf("%+v", got)
	}
	if again, err := r.Store.Cancel(t.Context(), task.ID); again || err != nil {
		t.Errorf("an ended task is cancelled: %v", err)
	}
	list, err := r.Store.List(t.Context(), tasks.Completed, "test", 10)
	if err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = r.Store.List(t.Context(), tasks.Failed, "", 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestATaskTellsWhyItFailed(t *testing.T) {
	r := newRunner(t)
	text := problem.Define("test.reason", "No good.", "안 됩니다.")
	refused := start(t, r, func(context.Context, func(tasks.Progress)) (any, error) { return nil, problem.Conflict(text.With()) })
	broken := start(t, r, func(context.Context, func(tasks.Progress)) (any, error) { return nil, errors.New("a secret detail") })
	if got := ended(t, r, refused.ID); got.Status != tasks.Failed || got.Problem.Message.KO != "안 됩니다." {
		t.Errorf("%+v", got)
	}
	if got := ended(t, r, broken.ID); got.Status != tasks.Failed || got.Problem.Code != problem.InternalError {
		t.Errorf("%+v", got)
	}
	m, err := r.Store.Metrics(t.Context())
	if err != nil || m.Failed != 2 || m.Success != 0 || m.Total != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestATaskIsCancelled(t *testing.T) {
	r := newRunner(t)
	task := start(t, r, func(ctx context.Context, _ func(tasks.Progress)) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
	if asked, err := r.Store.Cancel(t.Context(), task.ID); !asked || err != nil {
		t.Fatal(asked, err)
	}
	if got := ended(t, r, task.ID); got.Status != tasks.Cancelled {
		t.Errorf("%+v", got)
	}
}

func TestAStoppedProcessEndsItsTasks(t *testing.T) {
	r := newRunner(t)
	task := start(t, r, func(ctx context.Context, _ func(tasks.Progress)) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
	r.Close()
	if got := ended(t, r, task.ID); got.Status != tasks.Failed || got.Problem.Message.Key != "task.stopped" {
		t.Errorf("%+v", got)
	}
}

// A process that was killed says nothing; its silence does.
func TestASilentTaskIsLost(t *testing.T) {
	r := newRunner(t)
	task := start(t, r, func(ctx context.Context, _ func(tasks.Progress)) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
	later := &tasks.Store{Pool: r.Store.Pool, Now: func() time.Time { return time.Now().Add(tasks.Silent + time.Minute) }}
	got, err := later.Get(t.Context(), task.ID)
	if err != nil || got.Status != tasks.Failed || got.Problem.Message.Key != "task.lost" {
		t.Errorf("%+v, %v", got, err)
	}
	if n, err := later.Forget(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := later.Get(t.Context(), task.ID); err == nil {
		t.Error("the forgotten task is still there")
	}
}
