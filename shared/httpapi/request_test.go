package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/writes"
)

func TestParameters(t *testing.T) {
	for query, c := range map[string]struct{ want, field string }{
		"":                                   {"10 main 0", "missing query.expected_seq"},
		"?expected_seq=7":                    {"10 main 7", ""},
		"?expected_seq=-1":                   {"10 main 0", "greater_than_equal query.expected_seq"},
		"?expected_seq=1.5":                  {"10 main 0", "int_parsing query.expected_seq"},
		"?expected_seq=99999999999999999999": {"10 main 0", "int_parsing query.expected_seq"},
		"?expected_seq=1&limit=0":            {"10 main 1", "greater_than_equal query.limit"},
		"?expected_seq=1&limit=101":          {"10 main 1", "less_than_equal query.limit"},
		"?expected_seq=1&limit=x":            {"10 main 1", "int_parsing query.limit"},
		"?expected_seq=1&limit=100&branch=b": {"100 b 1", ""},
	} {
		var got string
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			got = fmt.Sprint(r.Int("limit", 10, 1, 100), " ", r.Branch(), " ", r.Expected())
			return httpapi.OK(nil), nil
		}, "/x"+query, "")
		want := 200
		if c.field != "" {
			want = 422
		}
		if got != c.want || w.Code != want || c.field != "" && field(t, w) != c.field {
			t.Errorf("%q: %s, %d %s", query, got, w.Code, w.Body)
		}
	}
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
		r.Int("a", 0, 0, 9)
		r.Int("b", 0, 0, 9)
		r.Wait()
		return nil, r.Check()
	}, "/x?a=x&b=10", "", "Prefer", "wait=soon")
	if w.Code != 422 || strings.Count(w.Body.String(), `"loc"`) != 3 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPreferWait(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    string
		status  int
	}{
		{nil, "0s", 200},
		{[]string{"wait=5"}, "5s", 200},
		{[]string{"respond-async, wait=7"}, "7s", 200},
		{[]string{"respond-async", "wait=8"}, "8s", 200},
		{[]string{"wait=0"}, "0s", 200},
		{[]string{"wait=3600"}, "1m0s", 200},
		{[]string{"return=minimal"}, "0s", 200},
		{[]string{"wait=-1"}, "0s", 422},
		{[]string{"wait=1.5"}, "0s", 422},
		{[]string{"wait="}, "0s", 422},
	} {
		var pairs []string
		for _, h := range c.headers {
			pairs = append(pairs, "Prefer", h)
		}
		got := ""
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			got = r.Wait().String()
			return httpapi.OK(nil), nil
		}, "/x", "", pairs...)
		if got != c.want || w.Code != c.status || c.status == 422 && field(t, w) != "value_error header.Prefer" {
			t.Errorf("%q: %s, %d %s", c.headers, got, w.Code, w.Body)
		}
	}
}

func TestCallers(t *testing.T) {
	caller := func(headers ...string) (c writes.Caller, w *httptest.ResponseRecorder) {
		w = ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			c = r.Caller("thing.create")
			return httpapi.OK(nil), nil
		}, "/x", "", headers...)
		return c, w
	}
	c, _ := caller()
	if c.Actor != "system" || c.Endpoint != "thing.create" || c.IdempotencyKey != "" || len(c.TraceParent) != 55 {
		t.Errorf("nobody: %+v", c)
	}
	c, _ = caller("X-User", "d", "X-User-ID", "c", "X-Actor", "b", "X-Admin-Actor", "a", "X-Change-Reason", "why", "X-Request-ID", "r1",
		"Idempotency-Key", "키 1", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	want := writes.Caller{Actor: "a", Principal: writes.Principal{Type: "user", ID: "c", Name: "c"}, Endpoint: "thing.create", IdempotencyKey: "키 1", Correlation: "r1", Reason: "why", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	if c != want {
		t.Errorf("%+v", c)
	}
	c, _ = caller("X-Admin-Actor", "a\x7fb", "X-Actor", "b")
	if c.Actor != "b" {
		t.Errorf("a name with a control character is taken: %+v", c)
	}
	for _, p := range []struct {
		headers []string
		want    writes.Principal
	}{
		{nil, writes.Principal{Type: "user", ID: "system", Name: "system"}},
		{[]string{"X-Admin-Actor", "root", "X-User", "d"}, writes.Principal{Type: "user", ID: "d", Name: "d"}},
		{[]string{"X-User-Type", "service", "X-User-ID", "etl", "X-User-Name", "Loader"}, writes.Principal{Type: "service", ID: "etl", Name: "Loader"}},
	} {
		if c, _ := caller(p.headers...); c.Principal != p.want {
			t.Errorf("%v: %+v", p.headers, c.Principal)
		}
	}
	for _, key := range []string{"", strings.Repeat("x", 256), "a\tb", "\xff"} {
		if _, w := caller("Idempotency-Key", key); w.Code != 422 || field(t, w) != "value_error header.Idempotency-Key" {
			t.Errorf("key %.10q: %d %s", key, w.Code, w.Body)
		}
	}
	if _, w := caller("Idempotency-Key", strings.Repeat("x", 255)); w.Code != 200 {
		t.Errorf("the longest key: %d %s", w.Code, w.Body)
	}
}

func TestBodies(t *testing.T) {
	read := func(r *httpapi.Request) (*httpapi.Response, error) {
		body, err := r.Body()
		return httpapi.OK(body), err
	}
	for body, c := range map[string]struct {
		status int
		want   string // the answer, or the field
	}{
		`{"n":1.50}`:       {200, "{\"n\":1.50}\n"},
		`{}`:               {200, "{}\n"},
		``:                 {400, "json_invalid body[0]"},
		`{"a":1`:           {400, "json_invalid body[6]"},
		`[]`:               {422, "dict_type body"},
		`null`:             {422, "dict_type body"},
		`{"a":1,"a":2}`:    {422, "value_error body.a"},
		"{\"a\":\"\x00\"}": {400, "json_invalid body[6]"},
	} {
		w := ask(t, read, "/x", body)
		got := w.Body.String()
		if w.Code != 200 {
			got = field(t, w)
		}
		if w.Code != c.status || got != c.want {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestABodyThatIsTooLargeOrCut(t *testing.T) {
	w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
		_, err := r.RawBody(10)
		return httpapi.OK(nil), err
	}, "/x", "12345678901")
	if w.Code != 413 || !strings.Contains(w.Body.String(), `"limit_bytes":10`) {
		t.Errorf("too large: %d %s", w.Code, w.Body)
	}
	a := open(t, "BFF")
	a.Handle("POST /x", func(r *httpapi.Request) (*httpapi.Response, error) {
		_, err := r.Body()
		return httpapi.OK(nil), err
	})
	w = serve(a, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x", iotest.ErrReader(errors.New("reset"))))
	if w.Code != 400 || strings.Contains(w.Body.String(), "reset") {
		t.Errorf("cut: %d %s", w.Code, w.Body)
	}
}

func TestTraces(t *testing.T) {
	for header, want := range map[string]string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": "0af7651916cd43dd8448eb211c80319c", "": "", "nonsense": ""} {
		var got string
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			got = r.Caller("x").TraceParent
			return nil, errors.New("fails")
		}, "/x", "", "Traceparent", header)
		trace := strings.Split(got, "-")
		if len(trace) != 4 || len(trace[1]) != 32 || want != "" && trace[1] != want || !strings.Contains(w.Body.String(), `"trace_id":"`+trace[1]+`"`) {
			t.Errorf("%q: %q, %s", header, got, w.Body)
		}
	}
}
