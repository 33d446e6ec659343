package monitoring

import (
	"net/http"
	"slices"

	"spiceharvester/shared/openapi"
)

// Operations describe the routes.
var Operations = operations()

func operations() (list []openapi.Operation) {
	get := func(path, tag, summary string, hidden bool, statuses []int, params ...openapi.Param) {
		o := openapi.Operation{Pattern: "GET /api/v1" + path, Tag: tag, Summary: summary, Hidden: hidden, Params: params, Answers: map[int]any{}, Fails: []int{http.StatusBadRequest}}
		for _, status := range statuses {
			o.Answers[status] = object{}
		}
		if !slices.Contains(statuses, http.StatusServiceUnavailable) {
			o.Fails = append(o.Fails, http.StatusServiceUnavailable)
		}
		list = append(list, o)
	}
	ok, maybe := []int{http.StatusOK}, []int{http.StatusOK, http.StatusServiceUnavailable}
	yes := func(name string) openapi.Param { return openapi.Param{Name: name, Type: "boolean", Default: false} }
	limit := func(n int) openapi.Param { return openapi.Param{Name: "limit", Type: "integer", Default: n} }
	const tag = "Monitoring"
	get("/monitoring/health", tag, "Whether the API answers", false, ok)
	get("/monitoring/health/detailed", tag, "Each backing service, asked now", false, ok, yes("include_metrics"))
	get("/monitoring/health/readiness", tag, "Whether the log and its index can be reached", false, maybe)
	get("/monitoring/health/liveness", tag, "Whether the process answers", false, ok)
	get("/monitoring/metrics", tag, "Where the metrics are", false, []int{http.StatusTemporaryRedirect})
	get("/monitoring/status", tag, "Which backing services are configured", false, ok)
	get("/monitoring/config", tag, "The settings in short, without secrets", false, ok, yes("include_sensitive"))
	get("/monitoring/background-tasks/metrics", tag, "Background tasks, counted", false, ok)
	get("/monitoring/background-tasks/active", tag, "Background tasks under way", false, ok, limit(100))
	get("/monitoring/background-tasks/health", tag, "Whether background tasks go well", false, maybe)
	list = append(list,
		openapi.Operation{Pattern: "GET /api/v1/monitoring/dependencies", Tag: tag, Summary: "Not built: answers 501", Hidden: true, Fails: []int{http.StatusNotImplemented}},
		openapi.Operation{Pattern: "POST /api/v1/monitoring/services/{service_name}/restart", Tag: tag, Summary: "Not built: answers 501", Hidden: true, Fails: []int{http.StatusNotImplemented}})
	for prefix, alias := range map[string]bool{"/config/config": false, "/config": true} {
		const tag = "Config Monitoring"
		get(prefix+"/current", tag, "The effective configuration, without secrets", alias, ok, yes("include_validation"))
		get(prefix+"/changes", tag, "What changed since the start", alias, ok, limit(50),
			openapi.Param{Name: "severity", Enum: severities}, openapi.Param{Name: "change_type", Enum: []string{"added", "modified", "removed"}}, openapi.Param{Name: "since", About: "A time in ISO 8601."})
		get(prefix+"/validation", tag, "Rules that the configuration breaks", alias, ok)
		get(prefix+"/security-audit", tag, "Rules of security that it breaks, as a score", alias, ok)
		get(prefix+"/report", tag, "All of it", alias, ok)
		get(prefix+"/drift-analysis", tag, "How it differs from what an environment needs", alias, ok, openapi.Param{Name: "compare_environment", Enum: []string{development, staging, production}, About: "Needed."})
		get(prefix+"/health-impact", tag, "What the broken rules put at risk", alias, ok)
		get(prefix+"/monitoring-status", tag, "What is watched", alias, ok)
		list = append(list, openapi.Operation{Pattern: "POST /api/v1" + prefix + "/check-changes", Tag: tag, Summary: "Look for changes since the start", Hidden: alias, Answers: map[int]any{http.StatusOK: object{}}})
	}
	return list
}
