package graphprojection_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// startTerminus gives the address of an empty TerminusDB.
func startTerminus(t testing.TB) string {
	t.Helper()
	server, err := terminusdb.Start(t.Context(), terminusdb.Config{User: "admin", Key: "root"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop(t.Context()) })
	return server.URL()
}

// refuse makes the server refuse requests that hold a text.
func (w *world) refuse(text string) {
	w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if r.Body == nil || r.GetBody == nil {
			return send()
		}
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(body)
		if err != nil || !bytes.Contains(content, []byte(text)) {
			return send()
		}
		const answer = `{"api:error": {"@type": "api:WOQLSchemaCheckFailure", "api:witnesses": []}, "api:message": "refused"}`
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
	})
}
