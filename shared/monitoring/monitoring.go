// Package monitoring is what an operator asks an API about itself: health of
// the backing services, the effective configuration, background tasks. bff and
// oms serve the same (bff-api 2.18 and 2.19). No secret is ever shown.
//
//	monitoring.go  routes, liveness, readiness, status
//	backing.go     the backing services and how they are asked
//	settings.go    the effective configuration, without secrets
//	rules.go       what is wrong with it
//	config.go      the endpoints about it
//	tasks.go       background tasks
package monitoring

import (
	"context"
	"net/http"
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

const version = "1.0.0"

// Monitor serves the endpoints of one API.
type Monitor struct {
	platform *platform.Platform
	tasks    *tasks.Store
	backing  []backing
	settings settings
	client   *http.Client
	print    string // fingerprint of the configuration at the start
}

// New makes a monitor. It does no I/O.
func New(p *platform.Platform) *Monitor {
	m := &Monitor{platform: p, tasks: tasks.OpenStore(p), settings: settings{env: p.Config.Env, postgres: p.Pool.Config().ConnConfig}, client: &http.Client{Transport: p.Transport}}
	m.backing, m.print = m.services(), m.settings.fingerprint()
	return m
}

// Routes adds the endpoints to an API.
func (m *Monitor) Routes(api *httpapi.API) {
	const base = "GET /api/v1/monitoring"
	api.Handle(base+"/health", m.health)
	api.Handle(base+"/health/detailed", m.detailed)
	api.Handle(base+"/health/readiness", m.readiness)
	api.Handle(base+"/health/liveness", m.liveness)
	api.Handle(base+"/metrics", m.metrics)
	api.Handle(base+"/status", m.status)
	api.Handle(base+"/config", m.config)
	api.Handle(base+"/background-tasks/metrics", m.taskMetrics)
	api.Handle(base+"/background-tasks/active", m.activeTasks)
	api.Handle(base+"/background-tasks/health", m.taskHealth)
	api.Handle("GET /api/v1/monitoring/dependencies", notBuilt(textNoDependencies))
	api.Handle("POST /api/v1/monitoring/services/{service_name}/restart", notBuilt(textNoRestart))
	for _, prefix := range []string{"/api/v1/config/config", "/api/v1/config"} {
		api.Handle("GET "+prefix+"/current", m.current)
		api.Handle("GET "+prefix+"/changes", m.changes)
		api.Handle("GET "+prefix+"/validation", m.validation)
		api.Handle("GET "+prefix+"/security-audit", m.securityAudit)
		api.Handle("GET "+prefix+"/report", m.report)
		api.Handle("POST "+prefix+"/check-changes", m.checkChanges)
		api.Handle("GET "+prefix+"/drift-analysis", m.drift)
		api.Handle("GET "+prefix+"/health-impact", m.healthImpact)
		api.Handle("GET "+prefix+"/monitoring-status", m.monitoringStatus)
	}
}

type object = map[string]any

func (m *Monitor) now() string { return m.platform.Now().UTC().Format(time.RFC3339Nano) }

func (m *Monitor) health(*httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(object{"status": "ok", "timestamp": m.now(), "service": "spice-harvester"}), nil
}

// detailed asks every backing service. It answers 200 in any case.
func (m *Monitor) detailed(r *httpapi.Request) (*httpapi.Response, error) {
	found := m.ask(r.Context())
	services, unhealthy := object{}, 0
	for i, b := range m.backing {
		s := object{"type": b.kind, "singleton": true, "created": true, "initialized": found[i].asked, "status": found[i].status, "checked_via": b.address}
		if found[i].asked {
			s["latency_ms"] = found[i].latency
		}
		if found[i].err != "" {
			s["error"] = found[i].err
		}
		if found[i].status != statusHealthy && b.address != "" {
			unhealthy++
		}
		services[b.name] = s
	}
	status := "ok"
	if unhealthy > 0 {
		status = "degraded"
	}
	body := object{
		"status": status, "timestamp": m.now(), "environment": m.settings.environment(), "version": version,
		"summary":  object{"registered_services": len(m.backing), "checked_services": asked(found), "unhealthy_services": unhealthy},
		"services": services, "note": "A service without an address in the environment is not_initialized and counts neither way.",
	}
	if on, _ := httpapi.Switch(r.Query("include_metrics", "false")); on {
		body["metrics"] = object{"container_initialized": true}
	}
	return httpapi.OK(body), nil
}

// readinessTimeout bounds what a probe waits for.
const readinessTimeout = 2 * time.Second

func (m *Monitor) readiness(r *httpapi.Request) (*httpapi.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), readinessTimeout)
	defer cancel()
	if err := m.platform.Ready(ctx); err != nil {
		m.platform.Logger.WarnContext(ctx, "not ready", "error", err)
		return &httpapi.Response{Status: http.StatusServiceUnavailable, Body: object{"ready": false, "reason": textLogAway.With().In(r.Lang), "timestamp": m.now()}}, nil
	}
	return httpapi.OK(object{"ready": true, "reason": textReady.With().In(r.Lang), "timestamp": m.now()}), nil
}

// notBuilt answers what the contract knows only as 501.
func notBuilt(text *problem.Text) httpapi.Handler {
	return func(*httpapi.Request) (*httpapi.Response, error) {
		return nil, problem.New(http.StatusNotImplemented, text.With())
	}
}

var (
	textNoRestart = problem.Define("monitoring.no_restart", "A service is not restarted through the API; what runs the process restarts it.",
		"API로 서비스를 다시 시작할 수 없습니다. 프로세스를 실행하는 쪽에서 다시 시작하세요.")
	textNoDependencies = problem.Define("monitoring.no_dependencies", "Dependencies are not listed; /api/v1/monitoring/health/detailed asks every backing service.",
		"의존성 목록은 제공하지 않습니다. /api/v1/monitoring/health/detailed에서 모든 백엔드 서비스를 확인하세요.")

	textReady   = problem.Define("monitoring.ready", "The event log and its index can be reached.", "이벤트 로그와 인덱스에 연결할 수 있습니다.")
	textLogAway = problem.Define("monitoring.log_away", "The event log or its index cannot be reached.", "이벤트 로그 또는 인덱스에 연결할 수 없습니다.")
	textAlive   = problem.Define("monitoring.alive", "The process answers.", "프로세스가 응답합니다.")
)

func (m *Monitor) liveness(r *httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(object{"alive": true, "reason": textAlive.With().In(r.Lang), "container_initialized": true, "timestamp": m.now()}), nil
}

func (m *Monitor) metrics(*httpapi.Request) (*httpapi.Response, error) {
	return &httpapi.Response{Status: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"/metrics"}}, Body: object{"location": "/metrics"}}, nil
}

func (m *Monitor) status(*httpapi.Request) (*httpapi.Response, error) {
	services, created := object{}, 0
	for _, b := range m.backing {
		given := b.address != ""
		if given {
			created++
		}
		services[b.name] = object{"type": b.kind, "singleton": true, "created": given, "initialized": given}
	}
	return httpapi.OK(object{
		"status": "ok", "container_initialized": true, "services": services, "timestamp": m.now(),
		"summary": object{"registered_services": len(m.backing), "created_services": created},
	}), nil
}

// Container answers the container health of oms (bff-api 7.1): 200 in any case.
func (m *Monitor) Container(r *httpapi.Request) (*httpapi.Response, error) {
	found := map[string]result{}
	for i, f := range m.ask(r.Context()) {
		found[m.backing[i].name] = f
	}
	ctx, cancel := context.WithTimeout(r.Context(), readinessTimeout)
	defer cancel()
	status, text := "healthy", textReady.With().In(r.Lang)
	if m.platform.Ready(ctx) != nil {
		status, text = "unhealthy", textLogAway.With().In(r.Lang)
	}
	graph := "unhealthy: " + found["terminusdb"].err
	if found["terminusdb"].status == statusHealthy || !found["terminusdb"].asked {
		graph = statusHealthy // the graph is a projection: without it nothing here fails
	}
	available := func(name string) string {
		if found[name].status == statusHealthy {
			return "available"
		}
		return "not_available"
	}
	return httpapi.OK(object{
		"status": status, "message": text, "container_health": object{"initialized": true, "services": len(m.backing)},
		"oms_services": object{
			"terminus_service": graph, "jsonld_converter": statusHealthy, "label_mapper": statusHealthy,
			"redis_service": available("redis"), "command_status_service": available("postgres"), "elasticsearch_service": available("elasticsearch"),
		},
		"settings_environment": m.settings.environment(), "settings_debug": m.settings.debug(),
	}), nil
}
