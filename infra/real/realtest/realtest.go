// Package realtest gives the conformance suites of the seams the real servers
// that `make test-real` has started, emptied for each test. Without it the suites
// run over the stand-ins alone.
package realtest

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Elasticsearch gives the address of an Elasticsearch without indices, or "".
func Elasticsearch(tb testing.TB) string {
	tb.Helper()
	url := os.Getenv("TEST_ELASTICSEARCH_URL")
	if url == "" {
		return ""
	}
	if names := strings.Fields(do(tb, http.MethodGet, url+"/_cat/indices?h=index")); len(names) > 0 {
		do(tb, http.MethodDelete, url+"/"+strings.Join(names, ","))
	}
	return url
}

func do(tb testing.TB, method, url string) string {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		tb.Fatalf("%s %s: status %d, %v: %s", method, url, answer.StatusCode, err, body)
	}
	return string(body)
}

// Redis gives the address (host:port) of a Redis without keys, or "".
func Redis(tb testing.TB) string {
	tb.Helper()
	url := os.Getenv("TEST_REDIS_URL")
	if url == "" {
		return ""
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.FlushAll(tb.Context()).Err(); err != nil {
		tb.Fatal(err)
	}
	return options.Addr
}
