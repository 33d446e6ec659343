package terminus_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/terminus"
)

// exchange is an answer that the real server gave.
type exchange struct {
	Step    string
	Status  int
	Version string
	Body    string
}

func recorded(t *testing.T) map[string]exchange {
	t.Helper()
	file, err := os.ReadFile("testdata/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []exchange
	if err := json.Unmarshal(file, &list); err != nil {
		t.Fatal(err)
	}
	byStep := map[string]exchange{}
	for _, e := range list {
		byStep[e.Step] = e
	}
	return byStep
}

// seen is what a server was asked.
type seen struct {
	method, uri, body string
	header            http.Header
}

// answering is a client of a server that gives one answer.
func answering(t *testing.T, e exchange, got *seen) *terminus.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if got != nil {
			*got = seen{r.Method, r.RequestURI, string(body), r.Header}
		}
		if e.Version != "" {
			w.Header().Set("Terminusdb-Data-Version", e.Version)
		}
		w.WriteHeader(e.Status)
		io.WriteString(w, e.Body)
	}))
	t.Cleanup(server.Close)
	c, err := terminus.FromEnv(func(name string) string {
		return map[string]string{"TERMINUS_SERVER_URL": server.URL + "/", "TERMINUS_KEY": "k", "TERMINUS_USER": "u", "TERMINUS_ACCOUNT": "org"}[name]
	}, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatRecordedErrorsMean(t *testing.T) {
	steps := recorded(t)
	for step, want := range map[string]string{
		"info-wrong-password":                     "",
		"inst-err-no-auth":                        "",
		"unknown-api-path-post":                   "",
		"db-create-again":                         "conflict refused",
		"fence-insert-existing":                   "conflict refused",
		"ver-write-stale":                         "conflict refused",
		"ver-put-stale":                           "conflict refused",
		"db-delete-again":                         "missing",
		"woql-unknown-db":                         "missing",
		"inst-err-unknown-branch-get":             "missing",
		"fence-update-is-not-upsert":              "refused",
		"fence-error-in-the-middle-bad-value":     "refused witness",
		"fence-error-in-the-middle-dangling-link": "refused witness",
		"inst-insert-abstract":                    "failure",
	} {
		_, err := answering(t, steps[step], nil).Query(t.Context(), "shop", "main", terminus.Commit{}, terminus.And())
		var e *terminus.Error
		if !errors.As(err, &e) || e.Status != steps[step].Status {
			t.Errorf("%s: %v", step, err)
			continue
		}
		var got []string
		for name, is := range map[string]bool{"1missing": terminus.IsMissing(err), "2conflict": terminus.IsConflict(err), "3refused": terminus.IsRefused(err),
			"4failure": terminus.IsFailure(err), "5witness": e.Witness != "" && strings.Contains(err.Error(), e.Witness)} {
			if is {
				got = append(got, name)
			}
		}
		if !sameWords(got, want) {
			t.Errorf("%s is %q, want %q: %v", step, got, want, err)
		}
	}
	busy := exchange{Status: 500, Body: `{"api:message": "Transaction retry count exceeded in internal operation"}`}
	if _, err := answering(t, busy, nil).Query(t.Context(), "shop", "main", terminus.Commit{}, terminus.And()); err == nil || terminus.IsFailure(err) || terminus.IsRefused(err) {
		t.Errorf("busy: %v", err)
	}
}

func sameWords(got []string, want string) bool {
	words := strings.Fields(want)
	if len(words) != len(got) {
		return false
	}
	for _, w := range words {
		found := false
		for _, g := range got {
			found = found || g[1:] == w
		}
		if !found {
			return false
		}
	}
	return true
}

func TestDeletingWhatIsGoneIsDone(t *testing.T) {
	var got seen
	if err := answering(t, recorded(t)["db-delete-again"], &got).DeleteDatabase(t.Context(), "w.1"); err != nil || got.uri != "/api/db/org/w.1" || got.body != "" || got.header.Get("Content-Type") != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDatabases(t *testing.T) {
	e := recorded(t)["db-list"]
	e.Body = strings.ReplaceAll(e.Body, "admin/w", "org/w")
	names, err := answering(t, e, nil).Databases(t.Context())
	if err != nil || strings.Join(names, " ") != "walk w6 w4 w5" {
		t.Errorf("%q, %v", names, err)
	}
}

func TestDocuments(t *testing.T) {
	steps := recorded(t)
	var got seen
	docs, version, err := answering(t, steps["inst-get-ids"], &got).ByIDs(t.Context(), "shop", "dev/1", "Person/Ada", `a"b`)
	if err != nil || len(docs) != 2 || docs[1]["name"] != "Bob" || version != steps["inst-get-ids"].Version {
		t.Errorf("%v, %q, %v", docs, version, err)
	}
	if !strings.HasPrefix(got.uri, "/api/document/org/shop/local/branch/dev%2F1?ids=%5B%22Person") || got.header.Get("Authorization") != "Basic dTpr" {
		t.Errorf("asked %+v", got)
	}
	schema, _, err := answering(t, steps["schema-get-lines"], &got).All(t.Context(), "shop", "main", terminus.Schema)
	if err != nil || len(schema) < 2 || schema[0]["@type"] != "@context" || got.uri != "/api/document/org/shop?graph_type=schema" {
		t.Errorf("%d documents, %v; asked %s", len(schema), err, got.uri)
	}
	if docs, _, err := answering(t, steps["inst-get-deleted"], nil).All(t.Context(), "shop", "main", terminus.Instances); err == nil {
		t.Errorf("an error in the shape of an answer is read as %v", docs)
	}
	err = answering(t, exchange{Status: 200, Body: "[]"}, &got).Put(t.Context(), "shop", "main", terminus.Schema, terminus.Commit{Author: "a", Message: "m n"}, "branch:x", []terminus.Document{{"@id": "A<B"}})
	if err != nil || got.method != "PUT" || got.uri != "/api/document/org/shop?author=a&create=true&graph_type=schema&message=m+n" ||
		got.header.Get("TerminusDB-Data-Version") != "branch:x" || strings.TrimSpace(got.body) != `[{"@id":"A<B"}]` {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestQueries(t *testing.T) {
	steps := recorded(t)
	var got seen
	b, err := answering(t, steps["woql-triple-bound"], &got).Query(t.Context(), "shop", "main", terminus.Commit{}, terminus.Triple(terminus.Node("P/p1"), terminus.Node("age"), terminus.ValueVariable("a")))
	if n, ok := terminus.Number(b[0]["a"]); err != nil || !ok || n != 21 {
		t.Errorf("%v, %v", b, err)
	}
	const want = `{"query":{"@type":"Triple","object":{"@type":"Value","variable":"a"},"predicate":{"@type":"NodeValue","node":"age"},"subject":{"@type":"NodeValue","node":"P/p1"}}}`
	if strings.TrimSpace(got.body) != want {
		t.Errorf("asked %s", got.body)
	}
	for step, applied := range map[string]int{"fence-batch-1-insert": 1, "fence-repeat-same-request": 0} {
		b, err := answering(t, steps[step], &got).Query(t.Context(), "shop", "main", terminus.Commit{Author: "a", Message: "m"}, terminus.And())
		if err != nil || len(b) != applied || !strings.Contains(got.body, `"commit_info":{"author":"a","message":"m"}`) {
			t.Errorf("%s: %v, %v, asked %s", step, b, err, got.body)
		}
	}
}

func TestAServerThatHangsIsGivenUp(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hang)
	c, err := terminus.New(terminus.Config{Address: server.URL, Timeout: 20 * time.Millisecond, Transport: http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(context.Background()); !errors.Is(err, context.DeadlineExceeded) || terminus.IsRefused(err) {
		t.Error(err)
	}
	if _, err := terminus.New(terminus.Config{Address: "nonsense"}); err == nil {
		t.Error("an address without a host is taken")
	}
}
