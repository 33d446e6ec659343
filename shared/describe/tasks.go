package describe

import (
	"net/http"

	"spiceharvester/shared/core"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/tasks"
)

const (
	tasksTag  = "Background Tasks"
	tasksPath = "/api/v1/tasks"
)

var taskParams = []openapi.Param{{Name: "status", Enum: tasks.States}, {Name: "task_type"}, Limit}

// Tasks describe the routes of core.TaskRoutes.
var Tasks = []openapi.Operation{
	Read(openapi.Operation{Pattern: "GET " + tasksPath + "/{$}", Tag: tasksTag, Summary: "Tasks, newest first", Params: taskParams}, core.TaskList{}),
	Read(openapi.Operation{Pattern: "GET " + tasksPath, Tag: tasksTag, Summary: "The same without the slash", Hidden: true, Params: taskParams}, core.TaskList{}),
	Read(openapi.Operation{Pattern: "GET " + tasksPath + "/metrics/summary", Tag: tasksTag, Summary: "How many tasks there are, by status"}, core.TaskSummary{}),
	Read(openapi.Operation{Pattern: "GET " + tasksPath + "/{task_id}", Tag: tasksTag, Summary: "One task"}, core.TaskStatus{}),
	Read(openapi.Operation{Pattern: "GET " + tasksPath + "/{task_id}/status", Tag: tasksTag, Summary: "The same, as older answers name it", Hidden: true}, core.TaskStatus{}),
	Read(openapi.Operation{Pattern: "GET " + tasksPath + "/{task_id}/result", Tag: tasksTag, Summary: "What a task has found or done"}, Object{}),
	Read(openapi.Operation{Pattern: "DELETE " + tasksPath + "/{task_id}", Tag: tasksTag, Summary: "Ask a task to end"}, Object{}),
	Write(openapi.Operation{Pattern: "POST " + tasksPath + "/{task_id}/retry", Tag: tasksTag, Summary: "Start a failed bulk command again; other tasks answer 501", Hidden: true, Answers: map[int]any{http.StatusAccepted: Object{}}, Fails: []int{http.StatusNotImplemented}}),
}
