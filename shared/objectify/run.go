package objectify

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// Files opens the file of a version.
type Files interface {
	Open(ctx context.Context, v datasets.Version) (io.ReadCloser, error)
}

// Runner does jobs, a step at a time. What it has done so far is in the store
// and in the log, so any process can do the next step.
type Runner struct {
	Store    *Store
	Datasets *datasets.Store
	Files    Files
	Classes  *classes.Reader
	Writes   *writes.Service
	Log      *eventlog.Log
	Now      func() time.Time
	Logger   *slog.Logger
}

// Limits of a step's work.
const (
	DefaultBatch = 1000    // rows of a bulk command, unless the job says otherwise
	MaxBatch     = 5000    // rows
	batchBytes   = 4 << 20 // cells of a bulk command
	window       = 3       // bulk commands without outcome
)

var (
	textGaveUp = problem.Define("objectify.gave_up", "The job was given up after {tries} failed steps; the last one said: {reason}. Run it again when the cause is mended.",
		"작업이 {tries}번 연속 실패하여 중단되었습니다. 마지막 오류: {reason}. 원인을 해결한 뒤 다시 실행하세요.")
	textInvalid = problem.Define("objectify.validation_failed", "{count} of {rows} rows are not valid; nothing was written. Correct them, or run with allow_partial.",
		"{rows}행 중 {count}행이 올바르지 않아 아무것도 저장하지 않았습니다. 수정하거나 allow_partial로 실행하세요.")
	textNoRows      = problem.Define("objectify.no_rows", "The file has no rows.", "파일에 행이 없습니다.")
	textNoInstances = problem.Define("objectify.no_instances", "None of the {rows} rows could become an instance.", "{rows}행 중 인스턴스가 될 수 있는 행이 없습니다.")
)

// Step does a part of one due job, at most for the budget. found is false if no
// job is due.
func (r *Runner) Step(ctx context.Context, budget time.Duration) (found bool, err error) {
	j, found, err := r.Store.Claim(ctx, uuid.NewString())
	if err != nil || !found {
		return found, err
	}
	s := &step{Runner: r, job: &j, until: r.Now().Add(budget), renewed: r.Now()}
	err = s.work(ctx)
	// What the step has come to is recorded also when its caller is gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	switch p, _ := problem.AsProblem(err); {
	case errors.Is(err, ErrLost), err == nil && j.Ended():
		return true, nil
	case err == nil:
		return true, r.Store.Release(ctx, &j, nil)
	case p != nil && p.Status < 500 && !p.Retryable():
		return true, r.Store.Finish(ctx, &j, Failed, p)
	case j.Tries+1 >= MaxTries:
		return true, r.Store.Finish(ctx, &j, Failed, problem.New(503, textGaveUp.With("tries", MaxTries, "reason", err.Error())).Because(err))
	}
	r.Logger.WarnContext(ctx, "a step of an objectify job fails; it is tried again", "job", j.ID, "tries", j.Tries+1, "error", err)
	return true, r.Store.Release(ctx, &j, err)
}

const recordTimeout = 10 * time.Second

// step is a step at work.
type step struct {
	*Runner
	job   *Job
	until time.Time

	spec    Spec
	version datasets.Version
	mapper  *Mapper
	rows    *rows
	ready   *batch // read and not submitted yet
	renewed time.Time
}

func (s *step) over() bool { return !s.Now().Before(s.until) }

func (s *step) work(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	defer s.closeRows()
	if !s.job.Options.AllowPartial && !s.job.Checked {
		if done, err := s.check(ctx); err != nil || !done {
			return err
		}
	}
	return s.write(ctx)
}

// prepare reads what the job is about, as it is now.
func (s *step) prepare(ctx context.Context) (err error) {
	if s.version, err = s.Datasets.Version(ctx, s.job.Dataset, s.job.Version); err != nil {
		return err
	}
	if s.spec, err = s.Store.Spec(ctx, s.job.Spec); err != nil {
		return err
	}
	return s.newMapper(ctx)
}

func (s *step) newMapper(ctx context.Context) error {
	columns, err := s.version.Columns()
	if err != nil {
		return err
	}
	schemas := s.Classes.Schemas(s.job.Database, s.job.Branch)
	class, err := schemas(ctx, s.spec.Class)
	if err != nil {
		return err
	}
	s.mapper, err = s.spec.Compile(ctx, columns, class, schemas)
	return err
}

// checkpoint stores progress and keeps the lease.
func (s *step) checkpoint(ctx context.Context, submitted *Batch, ended []int, refused []RowError) error {
	s.renewed = s.Now()
	return s.Store.Checkpoint(ctx, s.job, submitted, ended, refused)
}

// renew keeps the lease while there is nothing to store.
func (s *step) renew(ctx context.Context) error {
	if s.Now().Sub(s.renewed) < Lease/3 {
		return nil
	}
	return s.checkpoint(ctx, nil, nil, nil)
}

// finish gives the job the end that its counts say.
func (s *step) finish(ctx context.Context) error {
	switch c := s.job.Counts; {
	case c.Read == 0:
		return s.Store.Finish(ctx, s.job, Failed, problem.Objectify("no_rows_loaded", textNoRows.With()))
	case c.Refused == c.Read:
		return s.Store.Finish(ctx, s.job, Failed, problem.Objectify("no_valid_instances", textNoInstances.With("rows", c.Read)))
	case c.Refused > 0:
		return s.Store.Finish(ctx, s.job, Partial, nil)
	}
	return s.Store.Finish(ctx, s.job, Completed, nil)
}
