// Package tasks keeps background tasks (bff-api 2.10): work that outlives the
// request that began it, with its progress and its result.
//
//	tasks.go    a task and its store in PostgreSQL, schema spice_tasks
//	runner.go   work in the background of a process
//	metrics.go  counts
//	changes.go  what changed since, for those who are told
//	commands.go bulk commands, which are tasks too
package tasks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
)

// The states of a task.
const (
	Pending    = "PENDING"
	Processing = "PROCESSING"
	Completed  = "COMPLETED"
	Failed     = "FAILED"
	Cancelled  = "CANCELLED"
	Retrying   = "RETRYING"
)

// States lists them.
var States = []string{Pending, Processing, Completed, Failed, Cancelled, Retrying}

// Progress is how far a task is.
type Progress struct {
	Current    int64   `json:"current"`
	Total      int64   `json:"total"` // 0: not known
	Percentage float64 `json:"percentage"`
	Message    string  `json:"message"`
	UpdatedAt  *string `json:"updated_at"`
}

// Task is one task.
type Task struct {
	ID          uuid.UUID
	Name        string
	Type        string
	Status      string
	Actor       string
	Metadata    map[string]any
	Progress    Progress
	Result      json.RawMessage
	Problem     *problem.Problem
	RetryCount  int
	CreatedAt   time.Time
	StartedAt   *time.Time
	CompletedAt *time.Time

	cancel bool
}

// Ended reports whether the status is terminal.
func (t *Task) Ended() bool {
	return t.Status == Completed || t.Status == Failed || t.Status == Cancelled
}

// Silent is how long a task may be without a sign of life until it counts as
// lost with its process.
const Silent = time.Minute

// Store keeps tasks.
type Store struct {
	Pool    *pgxpool.Pool
	Now     func() time.Time
	Changed func() // told that tasks changed; it must not block; nil is nobody
}

// OpenStore makes the store of an installation.
func OpenStore(p *platform.Platform) *Store {
	return &Store{Pool: p.Pool, Now: p.Now, Changed: p.TaskNews.Changed}
}

var textLost = problem.Define("task.lost", "The process that worked on the task is gone; start it again.", "작업을 처리하던 프로세스가 종료되었습니다. 다시 시작하세요.")

const columns = `task_id, name, type, status, actor, metadata, progress, result, problem, retry_count, cancel, created_at, started_at, completed_at`

func scan(row pgx.CollectableRow) (t Task, err error) {
	err = row.Scan(&t.ID, &t.Name, &t.Type, &t.Status, &t.Actor, &t.Metadata, &t.Progress, &t.Result, &t.Problem, &t.RetryCount, &t.cancel, &t.CreatedAt, &t.StartedAt, &t.CompletedAt)
	return t, err
}

func unavailable(err error) error {
	return problem.Unavailable(problem.DBUnavailable, "task store", err)
}

// Create stores a new task. The same id again is the task that is there.
func (s *Store) Create(ctx context.Context, t Task) error {
	if t.Metadata == nil {
		t.Metadata = map[string]any{}
	}
	return s.change(ctx, `insert into spice_tasks.tasks (task_id, name, type, status, actor, metadata, progress, created_at)
		values ($1, $2, $3, 'PENDING', $4, $5, $6, $7) on conflict do nothing`, t.ID, t.Name, t.Type, t.Actor, t.Metadata, t.Progress, s.Now().UTC())
}

// begin takes a task to work on.
func (s *Store) begin(ctx context.Context, id uuid.UUID) error {
	return s.change(ctx, `update spice_tasks.tasks set status = 'PROCESSING', started_at = coalesce(started_at, $2), heartbeat_at = $2 where task_id = $1 and status in ('PENDING', 'RETRYING')`, id, s.Now().UTC())
}

// beat stores a sign of life, with progress, and tells whether somebody wants the
// task's end.
func (s *Store) beat(ctx context.Context, id uuid.UUID, p Progress) (cancel bool, err error) {
	err = s.Pool.QueryRow(ctx, `update spice_tasks.tasks set heartbeat_at = $2, progress = $3 where task_id = $1 returning cancel`, id, s.Now().UTC(), p).Scan(&cancel)
	if err != nil {
		return false, unavailable(err)
	}
	s.told()
	return cancel, nil
}

// finish gives a task its end state, once.
func (s *Store) finish(ctx context.Context, id uuid.UUID, status string, result any, why *problem.Problem) error {
	body, err := json.Marshal(result)
	if err != nil {
		return problem.Internal(err)
	}
	return s.change(ctx, `update spice_tasks.tasks set status = $3, result = $4, problem = $5, completed_at = $2
		where task_id = $1 and status not in ('COMPLETED', 'FAILED', 'CANCELLED')`, id, s.Now().UTC(), status, body, why)
}

func (s *Store) change(ctx context.Context, sql string, args ...any) error {
	tag, err := s.Pool.Exec(ctx, sql, args...)
	if err != nil {
		return unavailable(err)
	}
	if tag.RowsAffected() > 0 {
		s.told()
	}
	return nil
}

func (s *Store) told() {
	if s.Changed != nil {
		s.Changed()
	}
}

// bury ends the tasks whose process is gone.
func (s *Store) bury(ctx context.Context) error {
	why := problem.NewCode(problem.ServiceUnavailable, textLost.With())
	return s.change(ctx, `update spice_tasks.tasks set status = 'FAILED', problem = $2, completed_at = $1
		where completed_at is null and status in ('PENDING', 'PROCESSING', 'RETRYING') and heartbeat_at < $3`, s.Now().UTC(), why, s.Now().UTC().Add(-Silent))
}

// Get reads a task.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (Task, error) {
	if err := s.bury(ctx); err != nil {
		return Task{}, err
	}
	rows, err := s.Pool.Query(ctx, `select `+columns+` from spice_tasks.tasks where task_id = $1`, id)
	if err != nil {
		return Task{}, unavailable(err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, problem.NotFound(Kind, id.String())
	}
	if err != nil {
		return t, unavailable(err)
	}
	return t, nil
}

// Kind names tasks in messages.
var Kind = problem.NewKind(problem.Define("kind.task", "Task", "작업"))

// List gives tasks, newest first; empty status and kind mean all.
func (s *Store) List(ctx context.Context, status, kind string, limit int) ([]Task, error) {
	if err := s.bury(ctx); err != nil {
		return nil, err
	}
	rows, err := s.Pool.Query(ctx, `select `+columns+` from spice_tasks.tasks
		where ($1 = '' or status = $1) and ($2 = '' or type = $2) order by created_at desc, task_id limit $3`, status, kind, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Cancel asks a task to end. It reports false if it has ended already. One that
// nobody works on yet ends at once.
func (s *Store) Cancel(ctx context.Context, id uuid.UUID) (bool, error) {
	t, err := s.Get(ctx, id)
	if err != nil || t.Ended() {
		return false, err
	}
	err = s.change(ctx, `update spice_tasks.tasks set cancel = true,
			status = case when status = 'PENDING' then 'CANCELLED' else status end,
			completed_at = case when status = 'PENDING' then $2 else completed_at end
		where task_id = $1 and status not in ('COMPLETED', 'FAILED', 'CANCELLED')`, id, s.Now().UTC())
	return err == nil, err
}

// Forget drops tasks that ended before a time, and reports how many.
func (s *Store) Forget(ctx context.Context, before time.Time) (int64, error) {
	tag, err := s.Pool.Exec(ctx, `delete from spice_tasks.tasks where completed_at < $1`, before)
	if err != nil {
		return 0, unavailable(err)
	}
	return tag.RowsAffected(), nil
}

// Decode reads the result of a task that completed.
func (t *Task) Decode(out any) error {
	decoder := json.NewDecoder(bytes.NewReader(t.Result))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return problem.Internal(err)
	}
	return nil
}
