package search

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// FromEnv makes a client from ELASTICSEARCH_URL (default
// http://127.0.0.1:9200), ELASTICSEARCH_DEFAULT_SHARDS (1) and
// ELASTICSEARCH_DEFAULT_REPLICAS (0, in production 1).
func FromEnv(getenv func(string) string, transport http.RoundTripper) (*Client, error) {
	address := strings.TrimSpace(getenv("ELASTICSEARCH_URL"))
	if address == "" {
		address = "http://127.0.0.1:9200"
	}
	replicas := 0
	if env := strings.ToLower(getenv("ENVIRONMENT")); env == "prod" || env == "production" {
		replicas = 1
	}
	shards, err := number32(getenv, "ELASTICSEARCH_DEFAULT_SHARDS", 1)
	if err != nil {
		return nil, err
	}
	if replicas, err = number32(getenv, "ELASTICSEARCH_DEFAULT_REPLICAS", replicas); err != nil {
		return nil, err
	}
	return New(address, transport, shards, replicas)
}

func number32(getenv func(string) string, name string, otherwise int) (int, error) {
	text := strings.TrimSpace(getenv(name))
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1000 {
		return 0, fmt.Errorf("environment: %s is %q, not a number from 0 to 1000", name, text)
	}
	return n, nil
}
