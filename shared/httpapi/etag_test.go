package httpapi_test

import (
	"fmt"
	"testing"

	"spiceharvester/shared/httpapi"
)

func TestIfMatch(t *testing.T) {
	for _, c := range []struct{ query, tag, want, field string }{
		{"", `"7"`, "7", ""},
		{"?expected_seq=7", `"7"`, "7", ""},
		{"?expected_seq=7", "", "7", ""},
		{"?expected_seq=7", `"8"`, "7", "value_error header.If-Match"},
		{"?expected_seq=x", `"8"`, "0", "int_parsing query.expected_seq"},
		{"", "", "0", "missing query.expected_seq"},
		{"", `7`, "7", "value_error header.If-Match"},
		{"", `W/"7"`, "0", "value_error header.If-Match"},
		{"", `"-7"`, "0", "value_error header.If-Match"},
		{"", `"7", "8"`, "0", "value_error header.If-Match"},
		{"", `*`, "0", "value_error header.If-Match"},
	} {
		var got string
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			got = fmt.Sprint(r.Expected())
			return httpapi.OK(nil), nil
		}, "/x"+c.query, "", "If-Match", c.tag)
		if c.field == "" && (w.Code != 200 || got != c.want) || c.field != "" && (w.Code != 422 || field(t, w) != c.field) {
			t.Errorf("%q %q: %s, %d %s", c.query, c.tag, got, w.Code, w.Body)
		}
	}
}

func TestTagged(t *testing.T) {
	for known, status := range map[string]int{"": 200, `"1"`: 200, `"5"`: 304, `W/"5"`: 304, `"1", "5"`: 304, "*": 304, "5": 200} {
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			return httpapi.Tagged(r, httpapi.OK(map[string]any{"a": 1}), 5), nil
		}, "/x", "", "If-None-Match", known)
		if w.Code != status || w.Header().Get("ETag") != `"5"` || (w.Body.Len() == 0) != (status == 304) {
			t.Errorf("%q: %d %s", known, w.Code, w.Body)
		}
	}
}

func TestBool(t *testing.T) {
	for query, want := range map[string]string{"": "true", "?on=0": "false", "?on=yes": "true", "?on=maybe": "bool_parsing query.on"} {
		var got bool
		w := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
			got = r.Bool("on", true)
			return httpapi.OK(nil), nil
		}, "/x"+query, "")
		if w.Code == 200 && fmt.Sprint(got) != want || w.Code == 422 && field(t, w) != want {
			t.Errorf("%q: %v, %d %s", query, got, w.Code, w.Body)
		}
	}
}
