package e2e

import (
	"net/http"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// planted are secrets that no answer may hold.
var planted = map[string]string{
	"ADMIN_TOKEN": "planted-token-1f2e3d", "MINIO_SECRET_KEY": "planted-minio-4c5b6a", "LAKEFS_SECRET_ACCESS_KEY": "planted-lake-77aa88",
	"REDIS_PASSWORD": "planted-redis-99bb00", "LLM_API_KEY": "planted-llm-11cc22",
	"TERMINUS_SERVER_URL": "http://admin:planted-graph-33dd44@127.0.0.1:1/?key=planted-key-55ee66",
}

// TestMonitoringTellsWhatIsThereAndNoSecret asks both APIs everything about
// themselves, with one backing service that is away.
func TestMonitoringTellsWhatIsThereAndNoSecret(t *testing.T) {
	t.Parallel()
	var settings []string
	for name, value := range planted {
		settings = append(settings, name, value)
	}
	w := ownWorld(t, settings...)
	for name, a := range map[string]api{"bff": w.asBFF(t), "oms": w.asOMS(t)} {
		for _, path := range []string{
			"monitoring/health", "monitoring/health/detailed?include_metrics=true", "monitoring/health/readiness", "monitoring/health/liveness", "monitoring/status",
			"monitoring/config?include_sensitive=true", "monitoring/background-tasks/metrics", "monitoring/background-tasks/active", "monitoring/background-tasks/health",
			"config/config/current?include_validation=true", "config/config/changes?severity=warning&limit=5", "config/config/validation", "config/config/security-audit",
			"config/config/report", "config/config/drift-analysis?compare_environment=production", "config/config/health-impact", "config/config/monitoring-status",
			"config/current", "config/drift-analysis?compare_environment=development",
		} {
			body := string(a.call(http.StatusOK, "GET", "/api/v1/"+path, nil).Body)
			if i := strings.Index(body, "planted"); i >= 0 {
				t.Errorf("%s: %s shows a secret: %.60s", name, path, body[i:])
			}
		}
		detailed := a.call(http.StatusOK, "GET", "/api/v1/monitoring/health/detailed", nil)
		for _, service := range []string{"postgres", "s3", "kafka", "elasticsearch", "lakefs"} {
			if got := detailed.Text("services", service, "status"); got != "healthy" {
				t.Errorf("%s: %s is %s: %s", name, service, got, detailed.Body)
			}
		}
		if detailed.Text("services", "terminusdb", "status") != "unhealthy" || detailed.Text("status") != "degraded" {
			t.Errorf("%s: the graph is away: %s", name, detailed.Body)
		}
		a.call(http.StatusBadRequest, "GET", "/api/v1/config/config/drift-analysis?compare_environment=mars", nil)
		a.call(http.StatusBadRequest, "GET", "/api/v1/config/config/changes?severity=awful", nil)
		a.call(http.StatusOK, "POST", "/api/v1/config/config/check-changes", nil)
	}
	if r := w.asOMS(t).call(http.StatusOK, "GET", "/health/container", nil); r.Text("status") != "healthy" {
		t.Errorf("container: %s", r.Body)
	}
}

// What the contract knows only as 501 says what does it instead.
func TestMonitoringRestartsNothing(t *testing.T) {
	w := sharedWorld(t)
	for name, a := range map[string]api{"bff": w.asBFF(t), "oms": w.asOMS(t)} {
		for call, want := range map[string]map[string]string{
			"POST /api/v1/monitoring/services/redis/restart": {"en": "what runs the process restarts it", "ko": "다시 시작하세요"},
			"GET /api/v1/monitoring/dependencies":            {"en": "/monitoring/health/detailed", "ko": "/monitoring/health/detailed"},
		} {
			method, path, _ := strings.Cut(call, " ")
			for lang, text := range want {
				r := a.call(http.StatusNotImplemented, method, path, nil, client.Lang(lang))
				if r.Text("status") != "error" || r.Text("code") != "HTTP_ERROR" || !strings.Contains(r.Text("message"), text) {
					t.Errorf("%s: %s: %s", name, call, r)
				}
			}
			if published := string(a.call(200, "GET", "/openapi.json", nil).Body); strings.Contains(published, "/dependencies") || strings.Contains(published, "/restart\"") {
				t.Errorf("%s publishes what is hidden", name)
			}
		}
	}
}
