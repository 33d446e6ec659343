package core

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"spiceharvester/shared/command"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

var (
	textTaskID       = problem.Define("task.id_format", "The task id must be a UUID.", "작업 ID는 UUID여야 합니다.")
	textTaskStatus   = problem.Define("task.status", "status must be one of {allowed}.", "status는 {allowed} 중 하나여야 합니다.")
	TextTaskOpen     = problem.Define("task.open", "The task has not ended yet; ask again later.", "작업이 아직 완료되지 않았습니다. 나중에 다시 조회하세요.")
	textTaskEnds     = problem.Define("task.cancelled", "The task is asked to end.", "작업 취소를 요청했습니다.")
	textTaskEnded    = problem.Define("task.ended", "The task has ended already.", "작업이 이미 종료되었습니다.")
	textTaskNoResult = problem.Define("task.no_result", "The task has no result.", "작업 결과가 없습니다.")
	textTaskNoRetry  = problem.Define("task.not_failed", "Only a failed task can be retried.", "실패한 작업만 재시도할 수 있습니다.")
	textTaskAgain    = problem.Define("task.start_again", "Tasks of this type are not repeated here; start the same work again.", "이 유형의 작업은 여기서 재시도할 수 없습니다. 같은 작업을 다시 시작하세요.")
	textTaskAccepted = problem.Define("task.accepted", "{count} instances accepted; the task tells how far they are.", "인스턴스 {count}건이 접수되었습니다. 진행 상황은 작업에서 확인할 수 있습니다.")
	textTaskRetried  = problem.Define("task.retried", "The task was started again as a new one.", "작업을 새 작업으로 다시 시작했습니다.")
)

// TaskRoutes registers the background tasks (bff-api 2.10).
func (c *Core) TaskRoutes(api *httpapi.API) {
	const path = "/api/v1/tasks"
	api.Handle("GET "+path, c.listTasks)
	api.Handle("GET "+path+"/{$}", c.listTasks)
	api.Handle("GET "+path+"/metrics/summary", c.taskMetrics)
	api.Handle("GET "+path+"/{task_id}", c.getTask)
	api.Handle("GET "+path+"/{task_id}/status", c.getTask)
	api.Handle("GET "+path+"/{task_id}/result", c.taskResult)
	api.Handle("DELETE "+path+"/{task_id}", c.cancelTask)
	api.Handle("POST "+path+"/{task_id}/retry", c.retryTask)
}

// TaskStatus is a task as clients read it.
type TaskStatus struct {
	ID          uuid.UUID      `json:"task_id"`
	Name        string         `json:"task_name"`
	Type        string         `json:"task_type"`
	Status      string         `json:"status"`
	CreatedAt   string         `json:"created_at"`
	StartedAt   *string        `json:"started_at"`
	CompletedAt *string        `json:"completed_at"`
	Duration    *float64       `json:"duration"` // seconds
	Progress    tasks.Progress `json:"progress"`
	Result      *TaskOutcome   `json:"result"`
	Metadata    map[string]any `json:"metadata"`
	RetryCount  int            `json:"retry_count"`
}

// TaskOutcome is how a task ended.
type TaskOutcome struct {
	Success  bool            `json:"success"`
	Data     json.RawMessage `json:"data"`
	Error    *string         `json:"error"`
	Type     *string         `json:"error_type"`
	Trace    *string         `json:"error_traceback"` // never told
	Message  *string         `json:"message"`
	Warnings []string        `json:"warnings"`
}

// TaskList is a list of tasks.
type TaskList struct {
	Tasks []TaskStatus `json:"tasks"`
	Total int          `json:"total"`
}

// TaskSummary counts tasks.
type TaskSummary struct {
	Metrics   tasks.Metrics `json:"metrics"`
	Timestamp string        `json:"timestamp"`
}

func (c *Core) taskStatus(r *httpapi.Request, t *tasks.Task) TaskStatus {
	return c.TaskStatus(t, r.Lang)
}

// TaskStatus shows a task in a language.
func (c *Core) TaskStatus(t *tasks.Task, lang problem.Lang) TaskStatus {
	s := TaskStatus{
		ID: t.ID, Name: t.Name, Type: t.Type, Status: t.Status, CreatedAt: problem.Timestamp(t.CreatedAt), StartedAt: problem.OptionalTimestamp(t.StartedAt),
		CompletedAt: problem.OptionalTimestamp(t.CompletedAt), Duration: t.Duration(c.Now()), Progress: t.Progress, Metadata: t.Metadata, RetryCount: t.RetryCount,
	}
	if t.Ended() {
		s.Result = &TaskOutcome{Success: t.Status == tasks.Completed, Data: localized(t.Result, lang), Warnings: []string{}}
		if t.Problem != nil {
			text, code := t.Problem.Message.In(lang), string(t.Problem.Code)
			s.Result.Error, s.Result.Type, s.Result.Message = &text, &code, &text
		}
	}
	return s
}

// localized tells the reasons of refused rows in the reader's language.
func localized(data json.RawMessage, lang problem.Lang) json.RawMessage {
	var result map[string]any
	if len(data) == 0 || json.Unmarshal(data, &result) != nil {
		return data
	}
	var rows struct{ Errors []writes.RowError }
	if json.Unmarshal(data, &rows) != nil || len(rows.Errors) == 0 {
		return data
	}
	result["errors"] = httpapi.RowErrors(rows.Errors, lang)
	told, err := json.Marshal(result)
	if err != nil {
		return data
	}
	return told
}

// Task reads the task that a path names.
func (c *Core) Task(r *httpapi.Request) (tasks.Task, error) {
	text := r.PathValue("task_id")
	id, err := uuid.Parse(text)
	if err != nil {
		return tasks.Task{}, problem.InvalidParameter([]any{"path", "task_id"}, textTaskID.With(), text)
	}
	return c.Tasks.Get(r.Context(), id)
}

func (c *Core) listTasks(r *httpapi.Request) (*httpapi.Response, error) {
	status, limit := r.Query("status", ""), int(r.Int("limit", 100, 1, 1000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	if status != "" && !slices.Contains(tasks.States, status) {
		return nil, problem.InvalidParameter([]any{"query", "status"}, textTaskStatus.With("allowed", tasks.States), status)
	}
	list, err := c.Tasks.List(r.Context(), status, r.Query("task_type", ""), limit)
	if err != nil {
		return nil, err
	}
	bodies := make([]TaskStatus, len(list))
	for i := range list {
		bodies[i] = c.taskStatus(r, &list[i])
	}
	return httpapi.OK(TaskList{bodies, len(bodies)}), nil
}

func (c *Core) taskMetrics(r *httpapi.Request) (*httpapi.Response, error) {
	m, err := c.Tasks.Metrics(r.Context())
	if err != nil {
		return nil, err
	}
	return httpapi.OK(TaskSummary{m, problem.Timestamp(c.Now())}), nil
}

func (c *Core) getTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := c.Task(r)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(c.taskStatus(r, &t)), nil
}

func (c *Core) taskResult(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := c.Task(r)
	if err != nil {
		return nil, err
	}
	if !t.Ended() {
		return nil, problem.BadRequest(TextTaskOpen.With())
	}
	b := c.taskStatus(r, &t)
	body := map[string]any{"task_id": b.ID, "status": b.Status, "completed_at": b.CompletedAt}
	if t.Result == nil && t.Problem == nil {
		body["result"], body["message"] = nil, textTaskNoResult.With().In(r.Lang)
		return httpapi.OK(body), nil
	}
	body["success"], body["data"], body["error"], body["message"], body["warnings"] = b.Result.Success, b.Result.Data, b.Result.Error, b.Result.Message, b.Result.Warnings
	return httpapi.OK(body), nil
}

func (c *Core) cancelTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := c.Task(r)
	if err != nil {
		return nil, err
	}
	caller := r.Caller("task.cancel")
	if err := r.Check(); err != nil {
		return nil, err
	}
	asked, err := c.Tasks.Cancel(r.Context(), c.Writes.Commands, t.ID, caller.Actor)
	if err != nil {
		return nil, err
	}
	text := textTaskEnds
	if !asked {
		text = textTaskEnded
	}
	return httpapi.OK(map[string]any{"message": text.With().In(r.Lang), "cancelled": asked}), nil
}

// retryTask submits a failed bulk command again. Other tasks hold no code: who started
// one starts it again.
func (c *Core) retryTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := c.Task(r)
	if err != nil {
		return nil, err
	}
	caller := r.Caller("task.retry")
	if err := r.Check(); err != nil {
		return nil, err
	}
	if t.Status != tasks.Failed {
		return nil, problem.BadRequest(textTaskNoRetry.With())
	}
	a, err := c.Tasks.Retry(r.Context(), c.Writes.Commands, t, caller.Actor)
	if errors.Is(err, tasks.ErrNoRetry) {
		return nil, problem.New(http.StatusNotImplemented, textTaskAgain.With())
	}
	if err != nil {
		return nil, err
	}
	body := tracked(a)
	body["message"], body["retries"] = textTaskRetried.With().In(r.Lang), t.ID
	return taskAccepted(a, body), nil
}

func tracked(a command.Accepted) map[string]any {
	return map[string]any{"task_id": a.ID, "status": "accepted", "status_url": "/api/v1/tasks/" + string(a.ID) + "/status", "position": a.Position.String()}
}

func taskAccepted(a command.Accepted, body map[string]any) *httpapi.Response {
	return &httpapi.Response{Status: http.StatusAccepted, Body: body, Header: http.Header{"Location": {"/api/v1/tasks/" + string(a.ID)}}}
}

// BulkCreateTracked answers the creation of many as a task. It does not wait.
func (i *InstanceWrites) BulkCreateTracked(r *httpapi.Request) (*httpapi.Response, error) {
	b, err := i.readBulk(r, writes.BulkCreate)
	if err != nil {
		return nil, err
	}
	t := target(r, i.ClassParam)
	caller := r.Caller("instance.bulk-create-tracked/" + t.Branch + "/" + t.Class)
	if err := r.Check(); err != nil {
		return nil, err
	}
	a, err := i.Writes.Bulk(r.Context(), caller, b.kind, t, b.rows, b.metadata)
	if err != nil {
		return nil, err
	}
	i.Tasks.Track(r.Context(), tasks.Bulk{ID: a.ID, Type: b.kind, Aggregate: writes.BulkAggregate(t), Database: t.Database, Actor: caller.Actor, Total: len(b.rows)})
	body := tracked(a)
	body["message"], body["instance_count"] = textTaskAccepted.With("count", len(b.rows)).In(r.Lang), len(b.rows)
	return taskAccepted(a, body), nil
}
