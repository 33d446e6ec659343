package monitoring

import (
	"net"
	"strings"

	"spiceharvester/shared/httpapi"
)

// The severities, mildest first.
var severities = []string{"info", "warning", "error", "critical"}

// rule is one demand on the configuration.
type rule struct {
	name, severity, key, category string
	description, recommendation   string
	security                      bool
	broken                        func(s settings) bool
}

var rules = []rule{
	{"database_port_range", "warning", "database.port", "database", "The database port is outside 1024 to 65535.", "Use an unprivileged port.", false,
		func(s settings) bool { return s.postgres.Port < 1024 }},
	{"database_host_not_localhost_in_prod", "error", "database.host", "database", "In production the database is on this machine.", "Point POSTGRES_URL at a server of its own.", false,
		func(s settings) bool { return s.environment() == production && local(s.postgres.Host) }},
	{"strong_database_password", "critical", "database.password", "security", "The database password is empty, common or shorter than 8 characters.", "Set a long random password in POSTGRES_URL.", true,
		func(s settings) bool { return !local(s.postgres.Host) && weak(s.postgres.Password) }},
	{"debug_disabled_in_prod", "critical", "debug", "security", "Debugging is on in production.", "Unset DEBUG and ENABLE_DEBUG_ENDPOINTS.", true,
		func(s settings) bool { return s.environment() == production && s.debug() }},
	{"terminus_secure_connection", "error", "services.terminus_url", "security", "The graph is reached over the network without TLS.", "Use https in TERMINUS_SERVER_URL.", true,
		func(s settings) bool { return plain(s.get("TERMINUS_SERVER_URL")) }},
	{"object_store_secure_connection", "error", "services.minio_endpoint_url", "security", "The object store is reached over the network without TLS.", "Use https in MINIO_ENDPOINT_URL and set EVENT_STORE_REQUIRE_TLS.", true,
		func(s settings) bool { return plain(s.get("MINIO_ENDPOINT_URL")) }},
	{"redis_auth_in_prod", "warning", "services.redis_host", "security", "In production Redis needs no password.", "Set a password in REDIS_URL.", true,
		func(s settings) bool {
			name, _, _, password := s.redis()
			return s.environment() == production && name != "" && !password
		}},
	{"auth_required", "critical", "switches.BFF_REQUIRE_AUTH", "security", "An API answers without a token.", "Unset BFF_REQUIRE_AUTH and OMS_REQUIRE_AUTH.", true,
		func(s settings) bool { return off(s, "BFF_REQUIRE_AUTH") || off(s, "OMS_REQUIRE_AUTH") }},
	{"strong_admin_token", "error", "secrets_configured.ADMIN_TOKEN", "security", "The token of the APIs is common or shorter than 8 characters.", "Set a long random ADMIN_TOKEN.", true,
		func(s settings) bool {
			for _, name := range []string{"BFF_ADMIN_TOKEN", "OMS_ADMIN_TOKEN", "ADMIN_API_KEY", "ADMIN_TOKEN"} {
				if v := s.get(name); v != "" && weak(v) {
					return true
				}
			}
			return false
		}},
	{"redis_connection_pooling", "info", "services.redis_host", "performance", "No Redis is configured: status and limits work without it, more slowly.", "Set REDIS_URL.", false,
		func(s settings) bool { return s.get("REDIS_URL") == "" }},
}

func off(s settings, name string) bool {
	on, known := httpapi.Switch(s.get(name))
	return known && !on
}

// plain reports an address that leaves the machine without TLS.
func plain(address string) bool {
	return strings.HasPrefix(address, "http://") && !local(strings.Split(host(address), ":")[0])
}

func local(name string) bool {
	ip := net.ParseIP(name)
	return name == "" || name == "localhost" || strings.HasPrefix(name, "/") || ip != nil && ip.IsLoopback()
}

func weak(password string) bool {
	switch strings.ToLower(password) {
	case "password", "postgres", "changeme", "spice_harvester", "minioadmin", "administrator":
		return true
	}
	return len(password) < 8
}

func (s settings) violations() (list []rule) {
	for _, r := range rules {
		if r.broken(s) {
			list = append(list, r)
		}
	}
	return list
}

func (r rule) show(now string) object {
	return object{"rule": r.name, "rule_name": r.name, "severity": r.severity, "key_path": r.key, "category": r.category, "description": r.description, "recommendation": r.recommendation, "timestamp": now}
}

// weights of a violation, for the scores.
var weights = map[string]int{"info": 5, "warning": 15, "error": 30, "critical": 50}

// expectation is what an environment should be configured with.
type expectation struct {
	key      string
	severity string
	expected any
	current  func(s settings) any
}

func setting(name string) func(settings) any {
	return func(s settings) any {
		if v := s.get(name); v != "" {
			return v
		}
		return nil
	}
}

func given(name string) func(settings) any {
	return func(s settings) any {
		if s.get(name) == "" {
			return nil
		}
		return true
	}
}

// expectations say how the environments differ.
func expectations(environment string) []expectation {
	debug := func(s settings) any { return s.debug() }
	base := []expectation{{"environment", "error", environment, func(s settings) any { return s.environment() }}}
	if environment == development {
		return base
	}
	list := append(base,
		expectation{"debug", "error", false, debug},
		expectation{"switches.EVENT_STORE_REQUIRE_TLS", "error", "true", setting("EVENT_STORE_REQUIRE_TLS")},
		expectation{"services.redis_host", "warning", true, given("REDIS_URL")},
		expectation{"tracing", "warning", true, given("OTEL_EXPORTER_OTLP_ENDPOINT")},
	)
	if environment == production {
		list = append(list,
			expectation{"switches.ONTOLOGY_REQUIRE_PROPOSALS", "error", "true", func(s settings) any {
				if v := s.get("ONTOLOGY_REQUIRE_PROPOSALS"); v != "" {
					return v
				}
				return "true"
			}},
			expectation{"switches.CORS_ORIGINS", "warning", true, given("CORS_ORIGINS")},
			expectation{"database.remote", "warning", true, func(s settings) any { return !local(s.postgres.Host) }},
		)
	}
	return list
}
