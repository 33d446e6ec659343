package tasks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/problem"
)

// beatEvery is the pause between two signs of life.
const beatEvery = 2 * time.Second

// Runner works on tasks in the background of a process. A process that ends takes
// its tasks along: they end FAILED and say so.
type Runner struct {
	Store  *Store
	Logger *slog.Logger

	once sync.Once
	ctx  context.Context
	stop context.CancelFunc
	runs sync.WaitGroup
}

var (
	errCancelled = errors.New("tasks: cancelled")
	errStopped   = errors.New("tasks: the process stops")

	textStopped = problem.Define("task.stopped", "The process was stopped while the task was under way; start it again.", "작업 도중 프로세스가 중지되었습니다. 다시 시작하세요.")
)

// Work is what a task does. It calls report with its progress as often as it
// likes, and ends soon after ctx does. What it returns becomes the result.
type Work func(ctx context.Context, report func(Progress)) (any, error)

func (r *Runner) open() {
	r.once.Do(func() { r.ctx, r.stop = context.WithCancel(context.Background()) })
}

// Start stores a task and begins to work on it. It returns when the task is
// stored.
func (r *Runner) Start(ctx context.Context, t Task, work Work) (Task, error) {
	r.open()
	if t.ID == uuid.Nil {
		t.ID = uuid.New()
	}
	if err := r.Store.Create(ctx, t); err != nil {
		return t, err
	}
	if err := r.Store.begin(ctx, t.ID); err != nil {
		return t, err
	}
	r.runs.Go(func() { r.run(t, work) })
	return r.Store.Get(ctx, t.ID)
}

func (r *Runner) run(t Task, work Work) {
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	var mu sync.Mutex
	latest := t.Progress
	report := func(p Progress) {
		if p.Total > 0 {
			p.Percentage = 100 * float64(p.Current) / float64(p.Total)
		}
		at := problem.Timestamp(r.Store.Now())
		p.UpdatedAt = &at
		mu.Lock()
		latest = p
		mu.Unlock()
	}
	beat := func() {
		mu.Lock()
		p := latest
		mu.Unlock()
		wanted, err := r.Store.beat(ctx, t.ID, p)
		if err != nil && ctx.Err() == nil {
			r.Logger.WarnContext(ctx, "a task cannot tell its progress", "task", t.ID, "error", err)
		}
		if wanted {
			cancel(errCancelled)
		}
	}
	var beats sync.WaitGroup
	done := make(chan struct{})
	beats.Go(func() {
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				beat()
			}
		}
	})
	result, err := work(ctx, report)
	close(done)
	beats.Wait()
	beat()
	r.end(ctx, t, result, err)
}

func (r *Runner) end(ctx context.Context, t Task, result any, err error) {
	status, why := Completed, (*problem.Problem)(nil)
	switch {
	case err == nil:
	case errors.Is(context.Cause(ctx), errCancelled):
		status = Cancelled
	case r.ctx.Err() != nil:
		status, why = Failed, problem.NewCode(problem.ServiceUnavailable, textStopped.With()).Because(errStopped)
	default:
		status, why = Failed, problem.From(err)
		r.Logger.WarnContext(ctx, "a task fails", "task", t.ID, "type", t.Type, "error", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.Store.finish(ctx, t.ID, status, result, why); err != nil {
		r.Logger.ErrorContext(ctx, "the end of a task is not stored", "task", t.ID, "error", err)
	}
}

// Close ends the tasks under way and waits.
func (r *Runner) Close() {
	r.open()
	r.stop()
	r.runs.Wait()
}
