package config_test

import (
	"strings"
	"testing"

	"spiceharvester/shared/config"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDefaults(t *testing.T) {
	c, err := config.FromEnv(env("POSTGRES_URL", "postgres://x", "KAFKA_BOOTSTRAP_SERVERS", "a:1,b:2"))
	if err != nil {
		t.Fatal(err)
	}
	if c.EventStoreBucket != "spice-event-store" || len(c.KafkaBrokers) != 2 || c.Chains != 0 {
		t.Errorf("%+v", c)
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	_, err := config.FromEnv(env("EVENT_LOG_CHAINS", "many", "EVENT_STORE_REQUIRE_TLS", "TRUE", "MINIO_ENDPOINT_URL", "http://s3"))
	for _, name := range []string{"POSTGRES_URL", "EVENT_LOG_CHAINS", "EVENT_STORE_REQUIRE_TLS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
}
