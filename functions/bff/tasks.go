package bff

import (
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/tasks"
)

func (f *Function) taskRoutes() { f.core.TaskRoutes(f.API) }

// task reads the task that a path names.
func (f *Function) task(r *httpapi.Request) (tasks.Task, error) { return f.core.Task(r) }
