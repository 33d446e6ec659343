package bff

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

func (f *Function) taskRoutes() {
	f.Handle("GET /api/v1/tasks", f.listTasks)
	f.Handle("GET /api/v1/tasks/{$}", f.listTasks)
	f.Handle("GET /api/v1/tasks/metrics/summary", f.taskMetrics)
	f.Handle("GET /api/v1/tasks/{task_id}", f.getTask)
	f.Handle("GET /api/v1/tasks/{task_id}/status", f.getTask)
	f.Handle("GET /api/v1/tasks/{task_id}/result", f.taskResult)
	f.Handle("DELETE /api/v1/tasks/{task_id}", f.cancelTask)
	f.Handle("POST /api/v1/tasks/{task_id}/retry", f.retryTask)
}

var (
	textTaskID       = problem.Define("task.id_format", "The task id must be a UUID.", "작업 ID는 UUID여야 합니다.")
	textTaskStatus   = problem.Define("task.status", "status must be one of {allowed}.", "status는 {allowed} 중 하나여야 합니다.")
	textTaskOpen     = problem.Define("task.open", "The task has not ended yet; ask again later.", "작업이 아직 완료되지 않았습니다. 나중에 다시 조회하세요.")
	textTaskEnds     = problem.Define("task.cancelled", "The task is asked to end.", "작업 취소를 요청했습니다.")
	textTaskEnded    = problem.Define("task.ended", "The task has ended already.", "작업이 이미 종료되었습니다.")
	textTaskNoResult = problem.Define("task.no_result", "The task has no result.", "작업 결과가 없습니다.")
	textTaskNoRetry  = problem.Define("task.not_failed", "Only a failed task can be retried.", "실패한 작업만 재시도할 수 있습니다.")
	textTaskAgain    = problem.Define("task.start_again", "Tasks are not repeated here; start the same work again.", "이 작업은 여기서 재시도할 수 없습니다. 같은 작업을 다시 시작하세요.")
)

// taskBody is a task as clients read it (bff-api 2.10).
type taskBody struct {
	ID          uuid.UUID      `json:"task_id"`
	Name        string         `json:"task_name"`
	Type        string         `json:"task_type"`
	Status      string         `json:"status"`
	CreatedAt   string         `json:"created_at"`
	StartedAt   *string        `json:"started_at"`
	CompletedAt *string        `json:"completed_at"`
	Duration    *float64       `json:"duration"`
	Progress    tasks.Progress `json:"progress"`
	Result      *taskOutcome   `json:"result"`
	Metadata    object         `json:"metadata"`
}

// taskOutcome is how a task ended.
type taskOutcome struct {
	Success  bool            `json:"success"`
	Data     json.RawMessage `json:"data"`
	Error    *string         `json:"error"`
	Type     *string         `json:"error_type"`
	Trace    *string         `json:"error_traceback"` // never told
	Message  *string         `json:"message"`
	Warnings []string        `json:"warnings"`
}

func (f *Function) taskBody(r *httpapi.Request, t *tasks.Task) taskBody {
	b := taskBody{
		ID: t.ID, Name: t.Name, Type: t.Type, Status: t.Status, CreatedAt: problem.Timestamp(t.CreatedAt), StartedAt: problem.OptionalTimestamp(t.StartedAt),
		CompletedAt: problem.OptionalTimestamp(t.CompletedAt), Duration: t.Duration(f.core.Now()), Progress: t.Progress, Metadata: t.Metadata,
	}
	if t.Ended() {
		b.Result = &taskOutcome{Success: t.Status == tasks.Completed, Data: t.Result, Warnings: []string{}}
		if t.Problem != nil {
			text, code := t.Problem.Message.In(r.Lang), string(t.Problem.Code)
			b.Result.Error, b.Result.Type, b.Result.Message = &text, &code, &text
		}
	}
	return b
}

func (f *Function) task(r *httpapi.Request) (tasks.Task, error) {
	text := r.PathValue("task_id")
	id, err := uuid.Parse(text)
	if err != nil {
		return tasks.Task{}, problem.InvalidParameter([]any{"path", "task_id"}, textTaskID.With(), text)
	}
	return f.tasks.Store.Get(r.Context(), id)
}

func (f *Function) listTasks(r *httpapi.Request) (*httpapi.Response, error) {
	status, limit := r.Query("status", ""), int(r.Int("limit", 100, 1, 1000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	if status != "" && !slices.Contains(tasks.States, status) {
		return nil, problem.InvalidParameter([]any{"query", "status"}, textTaskStatus.With("allowed", tasks.States), status)
	}
	list, err := f.tasks.Store.List(r.Context(), status, r.Query("task_type", ""), limit)
	if err != nil {
		return nil, err
	}
	bodies := make([]taskBody, len(list))
	for i := range list {
		bodies[i] = f.taskBody(r, &list[i])
	}
	return httpapi.OK(taskList{bodies, len(bodies)}), nil
}

type taskList struct {
	Tasks []taskBody `json:"tasks"`
	Total int        `json:"total"`
}

type taskSummary struct {
	Metrics   tasks.Metrics `json:"metrics"`
	Timestamp string        `json:"timestamp"`
}

func (f *Function) taskMetrics(r *httpapi.Request) (*httpapi.Response, error) {
	m, err := f.tasks.Store.Metrics(r.Context())
	if err != nil {
		return nil, err
	}
	return httpapi.OK(taskSummary{m, problem.Timestamp(f.core.Now())}), nil
}

func (f *Function) getTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.task(r)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(f.taskBody(r, &t)), nil
}

func (f *Function) taskResult(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.task(r)
	if err != nil {
		return nil, err
	}
	if !t.Ended() {
		return nil, problem.BadRequest(textTaskOpen.With())
	}
	b := f.taskBody(r, &t)
	body := object{"task_id": b.ID, "status": b.Status, "completed_at": b.CompletedAt}
	if t.Result == nil && t.Problem == nil {
		body["result"], body["message"] = nil, textTaskNoResult.With().In(r.Lang)
		return httpapi.OK(body), nil
	}
	body["success"], body["data"], body["error"], body["message"], body["warnings"] = b.Result.Success, b.Result.Data, b.Result.Error, b.Result.Message, b.Result.Warnings
	return httpapi.OK(body), nil
}

func (f *Function) cancelTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.task(r)
	if err != nil {
		return nil, err
	}
	asked, err := f.tasks.Store.Cancel(r.Context(), t.ID)
	if err != nil {
		return nil, err
	}
	text := textTaskEnds
	if !asked {
		text = textTaskEnded
	}
	return httpapi.OK(object{"message": text.With().In(r.Lang), "cancelled": asked}), nil
}

// retryTask never repeats: a task holds no code, who started it does.
func (f *Function) retryTask(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.task(r)
	if err != nil {
		return nil, err
	}
	if t.Status != tasks.Failed {
		return nil, problem.BadRequest(textTaskNoRetry.With())
	}
	return nil, problem.New(http.StatusNotImplemented, textTaskAgain.With())
}

var taskOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{$}", Tag: "Background Tasks", Summary: "Tasks, newest first", Params: []openapi.Param{{Name: "status", Enum: tasks.States}, {Name: "task_type"}, limitParam}}, taskList{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks", Tag: "Background Tasks", Summary: "The same without the slash", Hidden: true, Params: []openapi.Param{{Name: "status", Enum: tasks.States}, {Name: "task_type"}, limitParam}}, taskList{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/metrics/summary", Tag: "Background Tasks", Summary: "How many tasks there are, by status"}, taskSummary{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}", Tag: "Background Tasks", Summary: "One task"}, taskBody{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}/status", Tag: "Background Tasks", Summary: "The same, as older answers name it", Hidden: true}, taskBody{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}/result", Tag: "Background Tasks", Summary: "What a task has found or done"}, object{}),
	read(openapi.Operation{Pattern: "DELETE /api/v1/tasks/{task_id}", Tag: "Background Tasks", Summary: "Ask a task to end"}, object{}),
	{Pattern: "POST /api/v1/tasks/{task_id}/retry", Tag: "Background Tasks", Summary: "Not done here: start the work again", Hidden: true, Answers: map[int]any{501: nil}, Fails: []int{400, 404}},
}
