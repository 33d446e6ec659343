package bff

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/tasks"
)

func (f *Function) taskRoutes() { f.core.TaskRoutes(f.API) }

// task reads the task that a path names.
func (f *Function) task(r *httpapi.Request) (tasks.Task, error) { return f.core.Task(r) }

var taskOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{$}", Tag: "Background Tasks", Summary: "Tasks, newest first", Params: []openapi.Param{{Name: "status", Enum: tasks.States}, {Name: "task_type"}, limitParam}}, core.TaskList{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks", Tag: "Background Tasks", Summary: "The same without the slash", Hidden: true, Params: []openapi.Param{{Name: "status", Enum: tasks.States}, {Name: "task_type"}, limitParam}}, core.TaskList{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/metrics/summary", Tag: "Background Tasks", Summary: "How many tasks there are, by status"}, core.TaskSummary{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}", Tag: "Background Tasks", Summary: "One task"}, core.TaskStatus{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}/status", Tag: "Background Tasks", Summary: "The same, as older answers name it", Hidden: true}, core.TaskStatus{}),
	read(openapi.Operation{Pattern: "GET /api/v1/tasks/{task_id}/result", Tag: "Background Tasks", Summary: "What a task has found or done"}, object{}),
	read(openapi.Operation{Pattern: "DELETE /api/v1/tasks/{task_id}", Tag: "Background Tasks", Summary: "Ask a task to end"}, object{}),
	write(openapi.Operation{Pattern: "POST /api/v1/tasks/{task_id}/retry", Tag: "Background Tasks", Summary: "Start a failed bulk command again; other tasks answer 501", Hidden: true, Answers: map[int]any{202: object{}}}),
}
