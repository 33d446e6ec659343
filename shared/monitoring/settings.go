package monitoring

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/httpapi"
)

// settings reads the effective configuration. What it gives holds no secret:
// addresses lose their credentials, secrets become "whether set".
type settings struct {
	env      func(string) string
	postgres *pgx.ConnConfig
}

func (s settings) get(name string) string { return strings.TrimSpace(s.env(name)) }

// The environments of the contract.
const (
	development = "development"
	staging     = "staging"
	production  = "production"
)

func (s settings) environment() string {
	switch e := strings.ToLower(s.get("ENVIRONMENT")); e {
	case "prod":
		return production
	case "":
		return development
	default:
		return e
	}
}

func (s settings) on(name string) bool {
	on, _ := httpapi.Switch(s.get(name))
	return on
}

func (s settings) debug() bool { return s.on("DEBUG") || s.on("ENABLE_DEBUG_ENDPOINTS") }

func (s settings) brokers() (list []string) {
	for part := range strings.SplitSeq(cmp.Or(s.get("KAFKA_BOOTSTRAP_SERVERS"), "127.0.0.1:9092"), ",") {
		list = append(list, part[strings.LastIndex(part, "@")+1:])
	}
	return list
}

// redis gives host, port and number of the database.
func (s settings) redis() (string, int, string, bool) {
	name, port, err := net.SplitHostPort(host(s.get("REDIS_URL")))
	if err != nil {
		return "", 0, "", false
	}
	n, _ := strconv.Atoi(port) // checked by whoever connects
	u, err := url.Parse(s.get("REDIS_URL"))
	if err != nil {
		return "", 0, "", false
	}
	_, password := u.User.Password()
	return name, n, strings.TrimPrefix(u.Path, "/"), password || s.get("REDIS_PASSWORD") != ""
}

// secrets are told as set or not set, nothing else.
var secrets = []string{
	"ADMIN_TOKEN", "BFF_ADMIN_TOKEN", "OMS_ADMIN_TOKEN", "ADMIN_API_KEY", "MINIO_SECRET_KEY", "LAKEFS_SECRET_ACCESS_KEY", "LAKEFS_CREDENTIALS_ENCRYPTION_KEY",
	"ELASTICSEARCH_PASSWORD", "REDIS_PASSWORD", "TERMINUS_KEY", "LLM_API_KEY",
}

// switches are settings whose values are no secrets, by name.
var switches = []string{
	"ONTOLOGY_REQUIRE_PROPOSALS", "ENABLE_DEBUG_ENDPOINTS", "EVENT_STORE_REQUIRE_TLS", "BFF_REQUIRE_AUTH", "OMS_REQUIRE_AUTH",
	"CORS_ENABLED", "LOG_LEVEL", "OTEL_ENABLE_TRACING", "OTEL_TRACE_SAMPLE_RATE", "RATE_LIMIT_FAIL_OPEN", "GRAPH_ENGINE",
}

// snapshot is the configuration as it is shown.
func (s settings) snapshot() object {
	redisHost, redisPort, redisDB, _ := s.redis()
	search, err := url.Parse(bare(s.get("ELASTICSEARCH_URL")))
	if err != nil {
		search = &url.URL{}
	}
	set := object{}
	for _, name := range secrets {
		set[name] = s.get(name) != ""
	}
	chosen := object{}
	for _, name := range switches {
		if v := s.get(name); v != "" {
			chosen[name] = v
		}
	}
	return object{
		"environment": s.environment(), "debug": s.debug(),
		"database": object{"host": s.postgres.Host, "port": s.postgres.Port, "name": s.postgres.Database, "user": s.postgres.User},
		"services": object{
			"terminus_url": bare(s.get("TERMINUS_SERVER_URL")), "oms_base_url": bare(s.get("OMS_BASE_URL")), "bff_base_url": bare(s.get("BFF_BASE_URL")),
			"redis_host": redisHost, "redis_port": redisPort, "redis_db": redisDB,
			"elasticsearch_host": search.Hostname(), "elasticsearch_port": search.Port(),
			"kafka_servers": strings.Join(s.brokers(), ","), "minio_endpoint_url": bare(s.get("MINIO_ENDPOINT_URL")), "lakefs_endpoint": bare(s.get("LAKEFS_ENDPOINT")),
		},
		"switches": chosen, "secrets_configured": set,
	}
}

// fingerprint changes with everything that the snapshot shows; not with the
// value of a secret, which could be guessed from it.
func (s settings) fingerprint() string {
	text, err := json.Marshal(s.snapshot())
	if err != nil { // a snapshot is text, numbers and truths
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
