package lake

import (
	"net/http"
	"strings"
	"time"
)

// answerLimit bounds the time from the end of a request to the first byte of
// its answer.
const answerLimit = 2 * time.Minute

// FromEnv makes a client from LAKEFS_ENDPOINT (default http://127.0.0.1:8001),
// LAKEFS_ACCESS_KEY_ID and LAKEFS_SECRET_ACCESS_KEY. wrap may put a layer
// around the transport, for traces; nil does not. Nor does a nil credentials
// replace the keys.
func FromEnv(getenv func(string) string, wrap func(http.RoundTripper) http.RoundTripper, credentials Credentials) (*Client, error) {
	endpoint := strings.TrimSpace(getenv("LAKEFS_ENDPOINT"))
	if endpoint == "" {
		endpoint = "http://127.0.0.1:8001"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerLimit
	transport.MaxIdleConnsPerHost = 32
	var rt http.RoundTripper = transport
	if wrap != nil {
		rt = wrap(rt)
	}
	return New(Config{
		Endpoint: endpoint, AccessKey: getenv("LAKEFS_ACCESS_KEY_ID"), SecretKey: getenv("LAKEFS_SECRET_ACCESS_KEY"),
		Credentials: credentials, HTTP: &http.Client{Transport: rt},
	})
}
