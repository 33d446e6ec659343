package terminusdb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

const (
	user = "admin"
	key  = "a key for tests"
)

// server is a stand-in with a client.
type server struct {
	*terminusdb.Server
	t testing.TB
}

func start(t testing.TB, c terminusdb.Config) server {
	t.Helper()
	c.User, c.Key = user, key
	s, err := terminusdb.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server{s, t}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	text   string
	json   any // nil if the text is none
}

// kind is the "@type" of "api:error".
func (a answer) kind() string {
	m, _ := a.json.(map[string]any)
	e, _ := m["api:error"].(map[string]any)
	kind, _ := e["@type"].(string)
	return kind
}

// witness is the first one.
func (a answer) witness() map[string]any {
	m, _ := a.json.(map[string]any)
	e, _ := m["api:error"].(map[string]any)
	list, _ := e["api:witnesses"].([]any)
	if len(list) == 0 {
		return nil
	}
	w, _ := list[0].(map[string]any)
	return w
}

func (a answer) version() string { return a.header.Get("Terminusdb-Data-Version") }

// ask sends a request; body is JSON text, "" for none.
func (s server) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(user, key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.send(r)
}

func (s server) send(r *http.Request) answer {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b), decode(b)}
}

// decode reads JSON, or JSON lines as a list of it.
func decode(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil
	}
	return v
}

// must is ask for what has to succeed.
func (s server) must(method, path, body string) answer {
	s.t.Helper()
	a := s.ask(method, path, body)
	if a.status >= 300 {
		s.t.Fatalf("%s %s: %d %.500s", method, path, a.status, a.text)
	}
	return a
}

const by = "?author=a&message=m"

// database makes a database with classes.
func (s server) database(name, classes string) {
	s.t.Helper()
	s.must("POST", "/api/db/admin/"+name, `{"label":"`+name+`","comment":""}`)
	if classes != "" {
		s.must("POST", "/api/document/admin/"+name+by+"&graph_type=schema", classes)
	}
}
