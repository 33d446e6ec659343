package monitoring

import (
	"slices"
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

var (
	textOneOf = problem.Define("monitoring.one_of", "Must be one of {allowed}.", "{allowed} 중 하나여야 합니다.")
	textISO   = problem.Define("monitoring.iso_time", "Must be a time in ISO 8601, for example 2026-01-31T09:00:00Z.", "ISO 8601 시각이어야 합니다. 예: 2026-01-31T09:00:00Z")
)

// config answers bff-api 2.18: the settings in short.
func (m *Monitor) config(r *httpapi.Request) (*httpapi.Response, error) {
	s := m.settings
	redisHost, redisPort, _, password := s.redis()
	snapshot := s.snapshot()
	services := snapshot["services"].(object)
	body := object{
		"environment": s.environment(), "debug": s.debug(), "timestamp": m.now(),
		"database": object{
			"postgres":      object{"host": s.postgres.Host, "port": s.postgres.Port, "db": s.postgres.Database, "user": s.postgres.User},
			"redis":         object{"host": redisHost, "port": redisPort, "password_configured": password},
			"elasticsearch": object{"host": services["elasticsearch_host"], "port": services["elasticsearch_port"], "username": s.get("ELASTICSEARCH_USERNAME")},
			"terminusdb":    object{"url": services["terminus_url"], "user": s.get("TERMINUS_USER"), "account": s.get("TERMINUS_ACCOUNT")},
			"kafka":         object{"servers": services["kafka_servers"]},
		},
		"services": object{"oms_base_url": services["oms_base_url"], "bff_base_url": services["bff_base_url"], "funnel_base_url": bare(s.get("FUNNEL_BASE_URL"))},
		"storage":  object{"minio_endpoint_url": services["minio_endpoint_url"], "instance_bucket": m.platform.Config.EventStoreBucket},
		"_note":    "Secrets are never shown, whatever is asked for.",
	}
	return httpapi.OK(body), nil
}

func (m *Monitor) current(r *httpapi.Request) (*httpapi.Response, error) {
	body := object{"timestamp": m.now(), "configuration": m.settings.snapshot(), "config_hash": m.settings.fingerprint(), "environment": m.settings.environment()}
	if on, _ := httpapi.Switch(r.Query("include_validation", "false")); on {
		body["validation_results"] = m.violations()
	}
	return httpapi.OK(body), nil
}

func (m *Monitor) violations() []object {
	list := []object{}
	for _, v := range m.settings.violations() {
		list = append(list, v.show(m.now()))
	}
	return list
}

// found lists changes since the start. The environment of a process does not
// change while it lives, so there is one entry at most.
func (m *Monitor) found() []object {
	if now := m.settings.fingerprint(); now != m.print {
		return []object{{"change_type": "modified", "severity": "warning", "key_path": "configuration", "old_value": m.print, "new_value": now, "timestamp": m.now()}}
	}
	return []object{}
}

func oneOf(r *httpapi.Request, name string, allowed ...string) (string, error) {
	v := r.Query(name, "")
	if v != "" && !slices.Contains(allowed, v) {
		return "", problem.BadRequest(textOneOf.With("allowed", allowed)).WithContext("parameter", name)
	}
	return v, nil
}

func (m *Monitor) changes(r *httpapi.Request) (*httpapi.Response, error) {
	limit := int(r.Int("limit", 50, 1, 500))
	if err := r.Check(); err != nil {
		return nil, err
	}
	severity, err := oneOf(r, "severity", severities...)
	if err != nil {
		return nil, err
	}
	kind, err := oneOf(r, "change_type", "added", "modified", "removed")
	if err != nil {
		return nil, err
	}
	if since := r.Query("since", ""); since != "" {
		if _, err := time.Parse(time.RFC3339, since); err != nil {
			return nil, problem.BadRequest(textISO.With()).WithContext("parameter", "since")
		}
	}
	all := m.found()
	shown := []object{}
	for _, c := range all {
		if (severity == "" || c["severity"] == severity) && (kind == "" || c["change_type"] == kind) && len(shown) < limit {
			shown = append(shown, c)
		}
	}
	return httpapi.OK(object{"timestamp": m.now(), "total_changes": len(all), "filtered_changes": len(shown), "new_changes_detected": len(all), "changes": shown}), nil
}

func (m *Monitor) checkChanges(*httpapi.Request) (*httpapi.Response, error) {
	list := m.found()
	return httpapi.OK(object{"timestamp": m.now(), "changes_detected": len(list), "changes": list}), nil
}

func count(list []rule) map[string]int {
	n := map[string]int{}
	for _, s := range severities {
		n[s] = 0
	}
	for _, v := range list {
		n[v.severity]++
	}
	return n
}

func (m *Monitor) validation(*httpapi.Request) (*httpapi.Response, error) {
	broken := m.settings.violations()
	by := object{}
	for _, severity := range severities {
		list := []object{}
		for _, v := range broken {
			if v.severity == severity {
				list = append(list, v.show(m.now()))
			}
		}
		by[severity] = list
	}
	return httpapi.OK(object{
		"timestamp": m.now(), "total_violations": len(broken), "violations_by_severity": by, "all_violations": m.violations(), "validation_summary": count(broken),
	}), nil
}

// risk is the security part of the violations: their sum, at most 100.
func (m *Monitor) risk() (score int, level string, issues []object, recommendations []string) {
	issues, recommendations = []object{}, []string{}
	for _, v := range m.settings.violations() {
		if v.security {
			score += weights[v.severity]
			issues, recommendations = append(issues, v.show(m.now())), append(recommendations, v.recommendation)
		}
	}
	score = min(score, 100)
	return score, grade(score), issues, recommendations
}

func grade(score int) string {
	switch {
	case score >= 75:
		return "critical"
	case score >= 50:
		return "high"
	case score >= 20:
		return "medium"
	}
	return "low"
}

// securityAudit answers 200 whatever it finds: the audit succeeded.
func (m *Monitor) securityAudit(*httpapi.Request) (*httpapi.Response, error) {
	score, level, issues, recommendations := m.risk()
	return httpapi.OK(object{
		"timestamp": m.now(), "total_settings": len(secrets) + len(switches) + 12, "security_issues": issues, "recommendations": recommendations,
		"risk_score": score, "risk_assessment": level,
	}), nil
}

func (m *Monitor) report(*httpapi.Request) (*httpapi.Response, error) {
	score, level, issues, _ := m.risk()
	broken := m.settings.violations()
	return httpapi.OK(object{
		"timestamp": m.now(), "configuration": m.settings.snapshot(), "config_hash": m.settings.fingerprint(), "violations": m.violations(),
		"security": object{"risk_score": score, "risk_assessment": level, "security_issues": issues}, "changes": m.found(),
		"summary": object{
			"environment": m.settings.environment(), "monitoring_enabled": true, "total_validation_rules": len(rules), "total_change_callbacks": 0,
			"recent_changes_count": len(m.found()), "validation_violations": len(broken), "security_risk_score": score,
		},
	}), nil
}

func (m *Monitor) drift(r *httpapi.Request) (*httpapi.Response, error) {
	allowed := []string{development, staging, production}
	compared, err := oneOf(r, "compare_environment", allowed...)
	if err != nil {
		return nil, err
	}
	if compared == "" {
		return nil, problem.BadRequest(textOneOf.With("allowed", allowed)).WithContext("parameter", "compare_environment")
	}
	differences, missing := []object{}, 0
	for _, e := range expectations(compared) {
		current := e.current(m.settings)
		if current == e.expected {
			continue
		}
		kind := "different"
		if current == nil {
			kind = "missing"
			missing++
		}
		differences = append(differences, object{"type": kind, "key_path": e.key, "expected_value": e.expected, "current_value": current, "drift_severity": e.severity})
	}
	score, level := 10*len(differences), "low"
	switch {
	case score >= 50:
		level = "high"
	case score >= 20:
		level = "medium"
	}
	return httpapi.OK(object{
		"timestamp": m.now(), "current_environment": m.settings.environment(), "compared_environment": compared, "drift_detected": len(differences) > 0,
		"drift_score": score, "drift_level": level, "differences": differences,
		"summary": object{"total_differences": len(differences), "missing_keys": missing, "different_values": len(differences) - missing},
	}), nil
}

func (m *Monitor) healthImpact(*httpapi.Request) (*httpapi.Response, error) {
	score, impacts, recommendations, categories := 0, []object{}, []string{}, map[string]int{}
	broken := m.settings.violations()
	for _, v := range broken {
		score += weights[v.severity]
		categories[v.category]++
		recommendations = append(recommendations, v.recommendation)
		impacts = append(impacts, object{
			"category": v.category, "impact_type": v.name, "severity": v.severity, "description": v.description, "recommendation": v.recommendation,
			"affected_services": []string{"bff", "oms"},
		})
	}
	score = min(score, 100)
	return httpapi.OK(object{
		"timestamp": m.now(), "overall_impact_score": score, "impact_level": grade(score), "health_impacts": impacts, "recommendations": recommendations,
		"summary": object{"total_impacts": len(impacts), "by_severity": count(broken), "by_category": categories},
	}), nil
}

func (m *Monitor) monitoringStatus(*httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(object{
		"timestamp": m.now(), "monitoring_enabled": true, "last_config_hash": true, "total_validation_rules": len(rules), "change_callbacks": 0,
		"change_history_size": len(m.found()), "max_history_entries": 1, "environment": m.settings.environment(), "settings_debug": m.settings.debug(), "system_status": "operational",
	}), nil
}
