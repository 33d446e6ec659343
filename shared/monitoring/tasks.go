package monitoring

import (
	"net/http"
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/tasks"
)

// found is what is wrong with the background tasks.
type taskFindings struct{ issues, warnings, recommendations []string }

func findings(t tasks.Metrics) taskFindings {
	f := taskFindings{[]string{}, []string{}, []string{}}
	issue := func(list *[]string, text, recommendation string) {
		*list = append(*list, text)
		f.recommendations = append(f.recommendations, recommendation)
	}
	switch {
	case t.Success < 80:
		issue(&f.issues, "Fewer than 80 % of the tasks succeed.", "Look at the errors of the failed tasks.")
	case t.Success < 90:
		issue(&f.warnings, "Fewer than 90 % of the tasks succeed.", "Look at the errors of the failed tasks.")
	}
	switch {
	case t.Processing > 50:
		issue(&f.issues, "More than 50 tasks run at once.", "Start fewer tasks, or more processes.")
	case t.Processing > 20:
		issue(&f.warnings, "More than 20 tasks run at once.", "Start fewer tasks, or more processes.")
	}
	if t.Retrying > 10 {
		issue(&f.warnings, "More than 10 tasks are tried again.", "Look at what they depend on.")
	}
	if t.Pending > 100 {
		issue(&f.warnings, "More than 100 tasks wait.", "Start more processes.")
	}
	return f
}

func (f taskFindings) status() string {
	switch {
	case len(f.issues) > 0:
		return "unhealthy"
	case len(f.warnings) > 0:
		return "degraded"
	}
	return "healthy"
}

// taskMetrics counts the background tasks.
func (m *Monitor) taskMetrics(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := m.tasks.Metrics(r.Context())
	if err != nil {
		return nil, err
	}
	kinds, err := m.tasks.ByType(r.Context())
	if err != nil {
		return nil, err
	}
	f := findings(t)
	return httpapi.OK(object{"status": "ok", "timestamp": m.now(),
		"metrics": object{
			"total_tasks": t.Total, "active_tasks": t.Pending + t.Processing + t.Retrying, "pending_tasks": t.Pending, "processing_tasks": t.Processing,
			"retrying_tasks": t.Retrying, "completed_tasks": t.Completed, "failed_tasks": t.Failed, "success_rate": t.Success,
			"average_duration_seconds": t.Average, "tasks_by_type": kinds,
		},
		"health": object{"status": f.status(), "issues": append(f.issues, f.warnings...)},
	}), nil
}

// activeTasks lists the tasks that have not ended.
func (m *Monitor) activeTasks(r *httpapi.Request) (*httpapi.Response, error) {
	limit := int(r.Int("limit", 100, 1, 1000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	shown := []object{}
	for _, status := range []string{tasks.Processing, tasks.Retrying, tasks.Pending} {
		list, err := m.tasks.List(r.Context(), status, "", limit-len(shown))
		if err != nil {
			return nil, err
		}
		for i := range list {
			t := &list[i]
			shown = append(shown, object{
				"task_id": t.ID, "task_name": t.Name, "task_type": t.Type, "status": t.Status, "created_at": t.CreatedAt.UTC().Format(time.RFC3339Nano),
				"started_at": t.StartedAt, "duration_seconds": t.Duration(m.platform.Now()), "progress": t.Progress, "retry_count": t.RetryCount, "metadata": t.Metadata,
			})
		}
	}
	return httpapi.OK(object{"status": "ok", "count": len(shown), "tasks": shown, "timestamp": m.now()}), nil
}

// taskHealth answers 503 when something is wrong with the tasks.
func (m *Monitor) taskHealth(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := m.tasks.Metrics(r.Context())
	if err != nil {
		return nil, err
	}
	f := findings(t)
	resp := httpapi.OK(object{
		"status": f.status(), "healthy": len(f.issues) == 0, "issues": f.issues, "warnings": f.warnings, "recommendations": f.recommendations, "timestamp": m.now(),
		"metrics_summary": object{"total_tasks": t.Total, "active_tasks": t.Pending + t.Processing + t.Retrying, "success_rate": t.Success, "average_duration_seconds": t.Average},
	})
	if len(f.issues) > 0 {
		resp.Status = http.StatusServiceUnavailable
	}
	return resp, nil
}
