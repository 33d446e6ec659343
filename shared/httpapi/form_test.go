package httpapi_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

// part is a part of a form; a file if it has a file name.
type part struct{ name, file, content string }

func form(t *testing.T, parts ...part) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		create := w.CreateFormField
		if p.file != "" {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, p.file) }
		}
		out, err := create(p.name)
		if err == nil {
			_, err = io.WriteString(out, p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// echo answers what a form holds.
func echo(r *httpapi.Request) (*httpapi.Response, error) {
	f, err := r.Form()
	if err != nil {
		return nil, err
	}
	text := ""
	for {
		file, err := f.Next("file")
		if errors.Is(err, io.EOF) {
			return httpapi.OK(map[string]any{"file": text, "fields": f.Fields}), nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, problem.BadRequest(problem.MessageOf(err))
		}
		text = file.Name + "=" + string(content)
	}
}

func TestForms(t *testing.T) {
	many := make([]part, 101)
	for i := range many {
		many[i] = part{name: fmt.Sprint("f", i)}
	}
	for name, c := range map[string]struct {
		parts []part
		want  string // the answer, or the first mistake
	}{
		"fields around the file": {[]part{{"a", "", " 1 "}, {"file", "t.csv", "x\n"}, {"b", "", "가"}}, `{"fields":{"a":"1","b":"가"},"file":"t.csv=x\n"}`},
		"no file":                {[]part{{"a", "", "1"}}, `{"fields":{"a":"1"},"file":""}`},
		"another file":           {[]part{{"data", "t.csv", "x"}}, "extra_forbidden body.data"},
		"two files":              {[]part{{"file", "t.csv", "x"}, {"file", "u.csv", "y"}}, "value_error body.file"},
		"a long field":           {[]part{{"a", "", strings.Repeat("x", 64<<10+1)}}, "value_error body.a"},
		"the longest field":      {[]part{{"a", "", strings.Repeat(" ", 64<<10)}}, `{"fields":{"a":""},"file":""}`},
		"no UTF-8":               {[]part{{"a", "", "\xff"}}, "value_error body.a"},
		"a long field behind":    {[]part{{"file", "t.csv", "x"}, {"a", "", strings.Repeat("x", 64<<10+1)}}, "value_error body.a"},
		"too many fields":        {many, "value_error body.f100"},
		"a text as the file":     {[]part{{"file", "", "x"}}, `{"fields":{},"file":"=x"}`},
	} {
		body, contentType := form(t, c.parts...)
		w := ask(t, echo, "/x", string(body), "Content-Type", contentType)
		got := strings.TrimSpace(w.Body.String())
		if w.Code != 200 {
			got = field(t, w)
		}
		if got != c.want {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	if w := ask(t, echo, "/x", `{}`); w.Code != 422 || field(t, w) != "missing body.file" {
		t.Errorf("JSON: %d %s", w.Code, w.Body)
	}
	if w := ask(t, echo, "/x", "", "Content-Type", "multipart/form-data"); w.Code != 400 {
		t.Errorf("without a boundary: %d %s", w.Code, w.Body)
	}
	body, contentType := form(t, part{"a", "", "1"}, part{"file", "t.csv", "content"})
	for n := range len(body) - 2 { // the last line may end without a line break
		if w := ask(t, echo, "/x", string(body[:n]), "Content-Type", contentType); w.Code != 400 {
			t.Errorf("cut off after %d of %d bytes: %d %s", n, len(body), w.Code, w.Body)
		}
	}
}

// A client that has not finished sending when it is refused reads the reason all
// the same.
func TestDrain(t *testing.T) {
	a := httpapi.New("bff", httpapi.Auth{Disabled: true}, slog.New(slog.DiscardHandler))
	a.Handle("POST /x", func(r *httpapi.Request) (*httpapi.Response, error) {
		f, err := r.Form()
		if err != nil {
			return nil, err
		}
		f.Drain()
		return nil, problem.PayloadTooLarge(1)
	})
	server := httptest.NewServer(a)
	defer server.Close()
	body, contentType := form(t, part{"file", "t.csv", strings.Repeat("x", 16<<20)})
	// Not http.Client, which looks for an answer while it sends.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body); err != nil {
		t.Fatal("the client cannot send to the end:", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(resp.Status)
	}
}
