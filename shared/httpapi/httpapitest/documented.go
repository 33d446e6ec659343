package httpapitest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Get reads a path with the token; anything but 200 ends the test.
func Get(t *testing.T, f http.Handler, path string) []byte {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-Admin-Token", Token)
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// Documented checks that an API describes its routes: a route without a description
// leaves it without a document, and the page shows every operation.
func Documented(t *testing.T, f Function) {
	t.Helper()
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(Get(t, f, "/openapi-full.json"), &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") || len(document.Paths) < 4 {
		t.Errorf("OpenAPI %s with %d paths", document.OpenAPI, len(document.Paths))
	}
	page := string(Get(t, f, "/docs"))
	for path, item := range document.Paths {
		if !strings.Contains(page, path) {
			t.Errorf("the page lacks %s", path)
		}
		for method, o := range item {
			if o.Summary == "" {
				t.Errorf("%s %s says nothing", method, path)
			}
		}
	}
}
