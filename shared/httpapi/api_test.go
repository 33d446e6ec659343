package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

// newAPI makes an API with the settings of an environment. Its log is thrown
// away.
func newAPI(t *testing.T, prefix string, settings ...string) *httpapi.API {
	t.Helper()
	auth, err := httpapi.AuthFromEnv(prefix, nil, env(settings...))
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.New(strings.ToLower(prefix), auth, slog.New(slog.DiscardHandler))
}

// open makes an API without a guard.
func open(t *testing.T, prefix string) *httpapi.API {
	t.Helper()
	return newAPI(t, prefix, prefix+"_REQUIRE_AUTH=false", "ALLOW_INSECURE_AUTH_DISABLE=true")
}

func serve(a http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// ask sends a request to a handler behind an API. headers are pairs.
func ask(t *testing.T, h httpapi.Handler, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	a := open(t, "BFF")
	a.Handle("POST /{name}", h)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return serve(a, r)
}

// field shows the first error of an error body: its type and where it stands.
func field(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Errors []struct {
			Type string
			Loc  []any
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if len(body.Errors) == 0 {
		return ""
	}
	loc := body.Errors[0].Loc
	for i, step := range loc {
		if n, ok := step.(float64); ok {
			loc[i] = int(n)
		}
	}
	return body.Errors[0].Type + " " + problem.Path(loc)
}

func TestAPanicIsA500WithoutItsText(t *testing.T) {
	var log bytes.Buffer
	a := open(t, "BFF")
	a.Logger = slog.New(slog.NewTextHandler(&log, nil))
	a.Handle("GET /x", func(*httpapi.Request) (*httpapi.Response, error) { panic("the password is swordfish") })
	w := serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "swordfish") || !strings.Contains(w.Body.String(), "INTERNAL_ERROR") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "swordfish") || !strings.Contains(log.String(), "api_test.go") {
		t.Errorf("the log does not tell where: %s", log.String())
	}
}

func TestAnAbortedHandlerStaysAborted(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	ask(t, func(*httpapi.Request) (*httpapi.Response, error) { panic(http.ErrAbortHandler) }, "/x", "")
	t.Error("the abort is lost")
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		bff, oms int
	}{
		"any":        {errors.New("the password is swordfish"), 500, 500},
		"not found":  {problem.NotFound(problem.KindClass, "x"), 404, 404},
		"validation": {problem.Validation(problem.Missing([]any{"body", "x"})), 422, 400},
		"wrapped":    {errors.Join(errors.New("context"), problem.Forbidden(problem.Message{})), 403, 403},
	} {
		for prefix, want := range map[string]int{"BFF": c.bff, "OMS": c.oms} {
			a := open(t, prefix)
			a.Handle("GET /x", func(*httpapi.Request) (*httpapi.Response, error) { return nil, c.err })
			w := serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
			if w.Code != want || strings.Contains(w.Body.String(), "swordfish") {
				t.Errorf("%s: %s: %d %s", name, prefix, w.Code, w.Body)
			}
		}
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	a := open(t, "BFF")
	a.Handle("GET /x", func(*httpapi.Request) (*httpapi.Response, error) { return httpapi.OK(nil), nil })
	a.Handle("PUT /x", func(*httpapi.Request) (*httpapi.Response, error) { return httpapi.OK(nil), nil })
	w := serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/y?lang=en", nil))
	if w.Code != 404 || !strings.Contains(w.Body.String(), `"detail":"Not Found"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x?lang=en", nil))
	if w.Code != 405 || !strings.Contains(w.Body.String(), `"detail":"Method Not Allowed"`) || w.Header().Get("Allow") != "GET, HEAD, PUT" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}

func TestAnswers(t *testing.T) {
	w := ask(t, func(*httpapi.Request) (*httpapi.Response, error) {
		return httpapi.OK(map[string]any{"html": "<b>&", "n": json.Number("1.50")}), nil
	}, "/x", "")
	if w.Body.String() != "{\"html\":\"<b>&\",\"n\":1.50}\n" || w.Header().Get("Content-Type") != "application/json; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %v", w.Body, w.Header())
	}
	w = ask(t, func(*httpapi.Request) (*httpapi.Response, error) { return httpapi.OK(math.Inf(1)), nil }, "/x", "")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "INTERNAL_ERROR") {
		t.Errorf("what JSON cannot say: %d %s", w.Code, w.Body)
	}
}
