package bff

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/ratelimit"
	"spiceharvester/shared/rebuild"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

func (f *Function) adminRoutes() {
	const admin = "/api/v1/admin"
	f.Handle("POST "+admin+"/rebuild", f.admin(f.rebuild))
	f.Handle("POST "+admin+"/recompute-projection", f.admin(f.recompute), httpapi.Limit(ratelimit.Strict))
	f.Handle("GET "+admin+"/recompute-projection/{task_id}/result", f.admin(f.recomputeResult))
	f.Handle("POST "+admin+"/cleanup-old-replays", f.admin(f.cleanupTasks))
	f.Handle("GET "+admin+"/system-health", f.admin(f.systemHealth))
	f.lakeCredentialRoutes()
}

var (
	textAdminOnly    = problem.Define("admin.refused", "Admin authorization failed", "관리자 인증에 실패했습니다.")
	textSinks        = problem.Define("rebuild.sinks", "Unknown; one of {allowed} can be rebuilt.", "알 수 없는 대상입니다. {allowed} 중에서 선택하세요.")
	textTaskAccepted = problem.Define("admin.accepted", "Accepted; the task tells how far it is.", "접수되었습니다. 작업 상태를 조회하세요.")
	textProjection   = problem.Define("recompute.projection", "projection must be one of {allowed}.", "projection은 {allowed} 중 하나여야 합니다.")
	textTime         = problem.Define("admin.time", "Must be a time with an offset, for example 2026-01-31T00:00:00Z.", "2026-01-31T00:00:00Z와 같이 시간대가 포함된 시각이어야 합니다.")
	textRunning      = problem.Define("rebuild.running", "A rebuild is under way as task {task}; wait for its end.", "재구축 작업 {task}이(가) 진행 중입니다. 끝날 때까지 기다리세요.")
	textCleaned      = problem.Define("admin.cleaned", "{count} ended tasks were dropped.", "종료된 작업 {count}건을 삭제했습니다.")
)

// admin guards a route: the token must be an administrator's (bff-api 1.4).
func (f *Function) admin(h httpapi.Handler) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		if !r.Admin() {
			return nil, problem.Forbidden(textAdminOnly.With())
		}
		return h(r)
	}
}

// actor names the administrator who asks (bff-api 1.4).
func actor(r *httpapi.Request) string { return cmp.Or(r.Named("X-Admin-Actor"), "admin") }

// taskAccepted answers the start of a task.
func taskAccepted(r *httpapi.Request, t tasks.Task) *httpapi.Response {
	return &httpapi.Response{Status: http.StatusAccepted, Body: taskStart{
		ID: t.ID.String(), Status: "accepted", Message: textTaskAccepted.With().In(r.Lang), URL: "/api/v1/tasks/" + t.ID.String(),
	}}
}

type taskStart struct {
	ID      string `json:"task_id"`
	Status  string `json:"status"`
	Message string `json:"message"`
	URL     string `json:"status_url"`
}

type rebuildBody struct {
	Sinks []string `json:"sinks,omitempty"` // all without
}

const rebuildType = "rebuild"

// rebuild makes projections, registries and the index from the log.
func (f *Function) rebuild(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "sinks"); err != nil {
		return nil, err
	}
	var names []string
	if body["sinks"] != nil {
		list, err := core.List(body, "sinks")
		if err != nil {
			return nil, err
		}
		for i, v := range list {
			name, _ := v.(string)
			if !slices.Contains(f.rebuilder.Names(), name) {
				return nil, problem.Validation(problem.InvalidValue([]any{"body", "sinks", i}, textSinks.With("allowed", f.rebuilder.Names()), v))
			}
			names = append(names, name)
		}
	}
	running, err := f.tasks.Store.List(r.Context(), tasks.Processing, rebuildType, 1)
	if err != nil {
		return nil, err
	}
	if len(running) > 0 {
		return nil, problem.Conflict(textRunning.With("task", running[0].ID)).WithRetryAfter(5 * time.Second)
	}
	total := int64(len(names))
	if total == 0 {
		total = int64(len(f.rebuilder.Sinks))
	}
	t := tasks.Task{Name: "rebuild", Type: rebuildType, Actor: actor(r), Metadata: object{"sinks": names}, Progress: tasks.Progress{Total: total}}
	t, err = f.tasks.Start(r.Context(), t, func(ctx context.Context, report func(tasks.Progress)) (any, error) {
		done := int64(0)
		reports, err := f.rebuilder.Run(ctx, names, func(s rebuild.Report) {
			done++
			report(tasks.Progress{Current: done, Total: total, Message: s.Sink})
		})
		equal := !slices.ContainsFunc(reports, func(s rebuild.Report) bool { return !s.Equal })
		return rebuildResult{equal, reports}, err
	})
	if err != nil {
		return nil, err
	}
	return taskAccepted(r, t), nil
}

type rebuildResult struct {
	Equal bool             `json:"equal"`
	Sinks []rebuild.Report `json:"sinks"`
}

type recomputeBody struct {
	Database   string  `json:"db_name"`
	Projection string  `json:"projection" enum:"instances,ontologies"`
	Branch     string  `json:"branch,omitempty"`
	From       string  `json:"from_ts"`
	To         *string `json:"to_ts,omitempty"`
	Promote    bool    `json:"promote,omitempty"`
	AllowBase  bool    `json:"allow_delete_base_index,omitempty"`
	MaxEvents  *int    `json:"max_events,omitempty"`
}

const recomputeType = "recompute_projection"

// recompute fills a new index with the documents of a time (bff-api 2.11).
func (f *Function) recompute(r *httpapi.Request) (*httpapi.Response, error) {
	q, err := f.recomputation(r)
	if err != nil {
		return nil, err
	}
	exists, _, err := f.core.DatabaseExists(r.Context(), q.Database)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, problem.NotFound(problem.KindDatabase, q.Database)
	}
	t := tasks.Task{Name: "recompute projection", Type: recomputeType, Actor: actor(r), Metadata: object{"db_name": q.Database, "projection": q.Projection}}
	t, err = f.tasks.Start(r.Context(), t, func(ctx context.Context, _ func(tasks.Progress)) (any, error) {
		return f.documents.Recompute(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	return taskAccepted(r, t), nil
}

func (f *Function) recomputation(r *httpapi.Request) (q rebuild.Recomputation, err error) {
	body, err := r.Body()
	if err != nil {
		return q, err
	}
	if err := core.Known(body, "db_name", "projection", "branch", "from_ts", "to_ts", "promote", "allow_delete_base_index", "max_events"); err != nil {
		return q, err
	}
	if q.Database, err = core.Text(body, "db_name", true); err != nil {
		return q, err
	}
	if q.Projection, err = core.Text(body, "projection", true); err != nil {
		return q, err
	}
	if allowed := []string{"instances", "ontologies"}; !slices.Contains(allowed, q.Projection) {
		return q, problem.Validation(problem.InvalidValue([]any{"body", "projection"}, textProjection.With("allowed", allowed), q.Projection))
	}
	if q.Branch, err = core.Text(body, "branch", false); err != nil {
		return q, err
	}
	if q.Branch == "" {
		q.Branch = "main"
	}
	if err := writes.CheckTarget(q.Database, q.Branch); err != nil {
		return q, err
	}
	if q.From, err = moment(body, "from_ts", true, time.Time{}); err != nil {
		return q, err
	}
	if q.To, err = moment(body, "to_ts", false, f.core.Now()); err != nil {
		return q, err
	}
	if q.Promote, err = core.Bool(body, "promote"); err != nil {
		return q, err
	}
	if _, err = core.Bool(body, "allow_delete_base_index"); err != nil {
		return q, err
	}
	q.MaxEvents, err = core.Int(body, "max_events", 0, 1, 1<<31-1)
	return q, err
}

// moment reads a time of a body.
func moment(body object, name string, required bool, otherwise time.Time) (time.Time, error) {
	text, err := core.Text(body, name, required)
	if err != nil || text == "" {
		return otherwise, err
	}
	at, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "T", 1))
	if err != nil {
		return at, problem.Validation(problem.InvalidValue([]any{"body", name}, textTime.With(), text))
	}
	return at, nil
}

// recomputeResult answers what a recomputation did.
func (f *Function) recomputeResult(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.task(r)
	if err != nil {
		return nil, err
	}
	if t.Type != recomputeType {
		return nil, problem.NotFound(tasks.Kind, t.ID.String())
	}
	return f.taskData(r, &t)
}

// taskData answers the members of a task's result beside its id and status.
func (f *Function) taskData(r *httpapi.Request, t *tasks.Task) (*httpapi.Response, error) {
	if !t.Ended() {
		return nil, problem.BadRequest(core.TextTaskOpen.With())
	}
	body := object{"task_id": t.ID, "status": strings.ToLower(t.Status), "started_at": problem.OptionalTimestamp(t.StartedAt), "completed_at": problem.OptionalTimestamp(t.CompletedAt)}
	if t.Problem != nil {
		text := t.Problem.Message.In(r.Lang)
		body["error"], body["message"] = text, text
		return httpapi.OK(body), nil
	}
	if err := t.Decode(&body); err != nil {
		return nil, err
	}
	return httpapi.OK(body), nil
}

// cleanupTasks drops what ended long ago.
func (f *Function) cleanupTasks(r *httpapi.Request) (*httpapi.Response, error) {
	hours := r.Int("older_than_hours", 24, 1, 168)
	if err := r.Check(); err != nil {
		return nil, err
	}
	cutoff := f.core.Now().Add(-time.Duration(hours) * time.Hour)
	dropped, err := f.tasks.Store.Forget(r.Context(), cutoff)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(object{
		"message": textCleaned.With("count", dropped).In(r.Lang), "scanned_keys": dropped, "deleted_keys": dropped, "skipped_keys": 0, "unreadable_keys": 0,
		"cutoff": problem.Timestamp(cutoff),
	}), nil
}

// systemHealth tells whether background tasks go well.
func (f *Function) systemHealth(r *httpapi.Request) (*httpapi.Response, error) {
	issues := []string{}
	m, err := f.tasks.Store.Metrics(r.Context())
	if err != nil {
		return nil, err
	}
	if m.Success < 90 {
		issues = append(issues, "fewer than 90 % of the tasks succeed")
	}
	if m.Processing > 20 {
		issues = append(issues, "more than 20 tasks are under way")
	}
	if err := f.core.Ready(r.Context()); err != nil {
		issues = append(issues, "the event log cannot be reached")
	}
	status := "healthy"
	if len(issues) > 0 {
		status = "degraded"
	}
	return httpapi.OK(object{
		"status": status, "timestamp": problem.Timestamp(f.core.Now()), "issues": issues,
		"components": object{"background_tasks": object{"status": status, "metrics": object{
			"total_tasks": m.Total, "active_tasks": m.Processing + m.Pending + m.Retrying, "success_rate": m.Success, "average_duration_seconds": m.Average,
		}}},
	}), nil
}

var started = map[int]any{http.StatusAccepted: taskStart{}}

var adminOperations = []openapi.Operation{
	{Pattern: "POST /api/v1/admin/rebuild", Tag: "Admin Operations", Summary: "Make index, registries and projections from the log", Hidden: true, Body: rebuildBody{}, Answers: started, Fails: []int{409, 503}},
	{Pattern: "POST /api/v1/admin/recompute-projection", Tag: "Admin Operations", Summary: "Fill a new index with the documents of a time", Body: recomputeBody{}, Answers: started, Fails: []int{400, 404, 503}},
	read(openapi.Operation{Pattern: "GET /api/v1/admin/recompute-projection/{task_id}/result", Tag: "Admin Operations", Summary: "What a recomputation did"}, object{}),
	read(openapi.Operation{Pattern: "POST /api/v1/admin/cleanup-old-replays", Tag: "Admin Operations", Summary: "Drop tasks that ended long ago", Params: []openapi.Param{{Name: "older_than_hours", Type: "integer", Default: 24}}}, object{}),
	read(openapi.Operation{Pattern: "GET /api/v1/admin/system-health", Tag: "Admin Operations", Summary: "Whether background tasks go well"}, object{}),
}
