// Package config reads a process's settings from its environment. Names are
// those that operators of the platform know; every default suits one machine.
package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Config is every setting that a function may need. Secrets are in it: it is
// never logged.
type Config struct {
	PostgresURL string // POSTGRES_URL

	S3Endpoint       string // MINIO_ENDPOINT_URL
	S3AccessKey      string // MINIO_ACCESS_KEY
	S3SecretKey      string // MINIO_SECRET_KEY
	EventStoreBucket string // EVENT_STORE_BUCKET
	Chains           int    // EVENT_LOG_CHAINS; 0 accepts the log's own number

	KafkaBrokers []string // KAFKA_BOOTSTRAP_SERVERS, comma-separated

	// FunctionURL is where functions reach each other, with {function} for the
	// name: whom to nudge. Empty leaves it to timers. (FUNCTION_URL)
	FunctionURL string

	// Env reads further variables, which one function alone needs.
	Env func(string) string
}

// FromEnv reads the settings. The error names every variable that is wrong.
func FromEnv(getenv func(string) string) (Config, error) {
	text := func(name, otherwise string) string {
		if v := strings.TrimSpace(getenv(name)); v != "" {
			return v
		}
		return otherwise
	}
	c := Config{
		PostgresURL:      text("POSTGRES_URL", ""),
		S3Endpoint:       text("MINIO_ENDPOINT_URL", "http://127.0.0.1:9000"),
		S3AccessKey:      text("MINIO_ACCESS_KEY", ""),
		S3SecretKey:      text("MINIO_SECRET_KEY", ""),
		EventStoreBucket: text("EVENT_STORE_BUCKET", "spice-event-store"),
		KafkaBrokers:     strings.Split(text("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092"), ","),
		FunctionURL:      text("FUNCTION_URL", ""),
		Env:              getenv,
	}
	var errs []error
	if c.PostgresURL == "" {
		errs = append(errs, errors.New("POSTGRES_URL is not set"))
	}
	if v := text("EVENT_LOG_CHAINS", "0"); v != "0" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 999 {
			errs = append(errs, fmt.Errorf("EVENT_LOG_CHAINS is %q, not a number from 1 to 999", v))
		}
		c.Chains = n
	}
	if strings.EqualFold(text("EVENT_STORE_REQUIRE_TLS", "false"), "true") && !strings.HasPrefix(c.S3Endpoint, "https://") {
		errs = append(errs, errors.New("EVENT_STORE_REQUIRE_TLS is set and MINIO_ENDPOINT_URL is not https"))
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	return c, nil
}

// Production reports whether the environment is a production one.
func Production(getenv func(string) string) bool {
	for _, name := range []string{"ENVIRONMENT", "APP_ENV", "APP_ENVIRONMENT"} {
		switch strings.ToLower(strings.TrimSpace(getenv(name))) {
		case "prod", "production":
			return true
		}
	}
	return false
}
