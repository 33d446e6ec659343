package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// Service answers tasks of both sorts. A bulk command is a task too: its id is the
// command's, its end the command's outcome in the log, and the table only knows that
// it is there and how far it is. Losing its row loses it from lists; asked by id it is
// still found.
type Service struct {
	Store    *Store
	Commands *command.Reader
	Logger   *slog.Logger
}

// Bulk says what a bulk command's task is.
type Bulk struct {
	ID        event.ID
	Type      string // the command's type
	Aggregate event.Aggregate
	Database  string
	Actor     string
	Total     int // rows
}

const (
	kept          = 8 * 24 * time.Hour // how long the log's index knows how a command ended
	refreshed     = 1000               // commands looked up for one list
	parallelReads = 16
)

// commandKey marks, in the metadata, the tasks that are commands.
const commandKey = "command_id"

func (b *Bulk) task(id uuid.UUID) Task {
	return Task{
		ID: id, Name: b.Type + " " + b.Aggregate.ID, Type: b.Type, Status: Pending, Actor: b.Actor,
		Metadata: map[string]any{commandKey: string(b.ID), "db_name": b.Database}, Progress: Progress{Total: int64(b.Total)},
	}
}

func (t *Task) isCommand() bool { return t.Metadata[commandKey] != nil }

// Track makes a task of an accepted command. The command is accepted whatever becomes
// of this row: who executes it makes the row again.
func (s *Service) Track(ctx context.Context, b Bulk) {
	id, err := uuid.Parse(string(b.ID))
	if err == nil {
		err = s.Store.Create(ctx, b.task(id))
	}
	if err != nil {
		s.Logger.WarnContext(ctx, "a task is not shown in lists yet", "task", b.ID, "error", err)
	}
}

// Tell shows how many rows of a command are done. The first call starts its task.
func (s *Service) Tell(ctx context.Context, b Bulk, done int) {
	id, err := uuid.Parse(string(b.ID))
	if err != nil {
		return
	}
	t := b.task(id)
	at := problem.Timestamp(s.Store.Now())
	p := Progress{Current: int64(done), Total: int64(b.Total), UpdatedAt: &at}
	if b.Total > 0 {
		p.Percentage = 100 * float64(done) / float64(b.Total)
	}
	err = s.Store.change(ctx, `insert into spice_tasks.tasks (task_id, name, type, status, actor, metadata, progress, created_at, started_at)
		values ($1, $2, $3, 'PROCESSING', $4, $5, $6, $7, $7)
		on conflict (task_id) do update set progress = excluded.progress, started_at = coalesce(tasks.started_at, excluded.started_at),
			status = case when tasks.completed_at is null then 'PROCESSING' else tasks.status end`,
		t.ID, t.Name, t.Type, t.Actor, t.Metadata, p, s.Store.Now().UTC())
	if err == nil && done == 0 { // once a command: what nobody can ask the log about any more
		err = s.Store.change(ctx, `delete from spice_tasks.tasks where completed_at < $1 and metadata->>'command_id' is not null`, s.Store.Now().Add(-kept))
	}
	if err != nil {
		s.Logger.WarnContext(ctx, "the progress of a task is not shown", "task", b.ID, "error", err)
	}
}

// Get reads a task: one of the table, or any bulk command that the log remembers.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Task, error) {
	t, err := s.Store.Get(ctx, id)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return s.ofCommand(ctx, id)
	}
	if err != nil || !t.isCommand() || t.Ended() {
		return t, err
	}
	return t, s.refresh(ctx, &t)
}

// bulkTypes are the commands that are tasks.
var bulkTypes = map[string]bool{"BULK_CREATE_INSTANCES": true, "BULK_UPSERT_INSTANCES": true, "BULK_UPDATE_INSTANCES": true, "BULK_DELETE_INSTANCES": true}

// ofCommand makes the task of a command that has no row.
func (s *Service) ofCommand(ctx context.Context, id uuid.UUID) (Task, error) {
	row, known, err := s.Commands.Log.Command(ctx, event.ID(id.String()))
	if err != nil {
		return Task{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	const suffix = "_REQUESTED"
	b := Bulk{ID: row.ID, Type: row.Type[:max(0, len(row.Type)-len(suffix))], Aggregate: row.Aggregate, Database: row.Database}
	if !known || !bulkTypes[b.Type] {
		return Task{}, problem.NotFound(Kind, id.String())
	}
	e, err := s.Commands.Log.Event(ctx, row.Position)
	if err != nil {
		return Task{}, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	b.Actor = e.Actor
	t := b.task(id)
	t.CreatedAt = e.Time
	return t, s.refresh(ctx, &t)
}

// refresh looks in the log how a command stands, and stores its end.
func (s *Service) refresh(ctx context.Context, t *Task) error {
	status, err := s.Commands.Status(ctx, event.ID(t.ID.String()))
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return nil // it ended so long ago that the index forgot it
	}
	if err != nil {
		return err
	}
	if !status.Ended() {
		if status.Status == command.Retrying {
			t.Status, t.RetryCount = Retrying, status.RetryCount
		}
		return nil
	}
	if status.CompletedAt != nil {
		if at, err := time.Parse(time.RFC3339Nano, *status.CompletedAt); err == nil {
			t.CompletedAt = &at
		}
	}
	if t.StartedAt == nil && status.Status != Cancelled {
		t.StartedAt = &t.CreatedAt
	}
	t.Status, t.Problem = status.Status, status.Problem
	if t.Result, err = json.Marshal(status.Result); err != nil {
		return problem.Internal(err)
	}
	var counts struct{ Total int64 }
	if json.Unmarshal(t.Result, &counts) == nil && status.Status != Cancelled {
		t.Progress.Current, t.Progress.Total, t.Progress.Percentage = counts.Total, counts.Total, 100
		t.Progress.UpdatedAt = status.CompletedAt
	}
	return s.Store.change(ctx, `update spice_tasks.tasks set status = $2, completed_at = $3, started_at = coalesce(started_at, $4), progress = $5, result = $6, problem = $7
		where task_id = $1 and completed_at is null`, t.ID, t.Status, t.CompletedAt, t.StartedAt, t.Progress, t.Result, t.Problem)
}

// refreshAll brings the rows of commands up to date. It tells which are being tried
// again: that stands nowhere else.
func (s *Service) refreshAll(ctx context.Context) (retrying map[uuid.UUID]int, err error) {
	rows, err := s.Store.Pool.Query(ctx, `select `+columns+` from spice_tasks.tasks
		where completed_at is null and metadata->>'command_id' is not null order by created_at limit $1`, refreshed)
	if err != nil {
		return nil, unavailable(err)
	}
	open, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, unavailable(err)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i := range open {
		group.Go(func() error { return s.refresh(groupCtx, &open[i]) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	retrying = map[uuid.UUID]int{}
	for i := range open {
		if open[i].Status == Retrying {
			retrying[open[i].ID] = open[i].RetryCount
		}
	}
	return retrying, nil
}

// List gives tasks, newest first; empty status and kind mean all.
func (s *Service) List(ctx context.Context, status, kind string, limit int) ([]Task, error) {
	retrying, err := s.refreshAll(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.List(ctx, status, kind, limit)
	for i := range list {
		if tries, again := retrying[list[i].ID]; again {
			list[i].Status, list[i].RetryCount = Retrying, tries
		}
	}
	return list, err
}

// Metrics counts tasks.
func (s *Service) Metrics(ctx context.Context) (Metrics, error) {
	if _, err := s.refreshAll(ctx); err != nil {
		return Metrics{}, err
	}
	return s.Store.Metrics(ctx)
}

// Cancel ends a task, or asks it to end, and reports false if it has ended already. What
// a bulk command has done stays done.
func (s *Service) Cancel(ctx context.Context, accept *command.Service, id uuid.UUID, actor string) (bool, error) {
	t, err := s.Get(ctx, id)
	if err != nil || t.Ended() {
		return false, err
	}
	if !t.isCommand() {
		return s.Store.Cancel(ctx, id)
	}
	_, err = s.Commands.Cancel(ctx, accept, event.ID(id.String()), actor)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusConflict {
		return false, nil // it ended meanwhile
	}
	return err == nil, err
}

// ErrNoRetry says that a task is no command: who started it starts it again.
var ErrNoRetry = errors.New("tasks: only commands can be submitted again")

// Retry submits a failed bulk command again, as a new command whose id derives from the
// failed one's: asked twice it is one. A bulk command fails only if no row of it was
// done.
func (s *Service) Retry(ctx context.Context, accept *command.Service, t Task, actor string) (command.Accepted, error) {
	row, known, err := s.Commands.Log.Command(ctx, event.ID(t.ID.String()))
	if err != nil {
		return command.Accepted{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !t.isCommand() || !known {
		return command.Accepted{}, ErrNoRetry
	}
	e, data, err := s.Commands.Log.EventData(ctx, row.Position)
	if err != nil {
		return command.Accepted{}, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	var body command.Data
	if err := json.Unmarshal(data, &body); err != nil {
		return command.Accepted{}, problem.Internal(err)
	}
	again, err := accept.Submit(ctx, command.Request{
		ID: event.IdempotentCommandID(row.Database, "task.retry", t.ID.String()), Type: body.Type, Aggregate: row.Aggregate, Database: row.Database,
		Branch: e.Branch, Payload: body.Payload, Metadata: body.Metadata, Actor: actor, Correlation: e.Correlation,
	})
	if err == nil {
		s.Track(ctx, Bulk{ID: again.ID, Type: body.Type, Aggregate: row.Aggregate, Database: row.Database, Actor: actor, Total: int(t.Progress.Total)})
	}
	return again, err
}
