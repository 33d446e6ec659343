package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// end appends the event that ends a command.
func end(w *writestest.World, id event.ID, outcome event.Outcome, data any) {
	w.T.Helper()
	row, _, err := w.Log.Command(w.T.Context(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	body, err := json.Marshal(data)
	if err != nil {
		w.T.Fatal(err)
	}
	_, err = w.Log.Append(w.T.Context(), eventlog.Entry{Event: event.Event{
		ID: event.DomainID(id, "END", row.Aggregate.ID), Type: "END", Source: "/test", Time: w.Now(), Kind: event.Domain,
		Aggregate: row.Aggregate, Database: row.Database, Command: id, Outcome: outcome, Data: body,
	}})
	if err != nil {
		w.T.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	failure := map[string]any{"error": "no", "problem": problem.Validation(problem.Missing([]any{"body", "data", "x"})).WithContext("class_sequence", 2)}
	for name, c := range map[string]struct {
		headers []string
		outcome event.Outcome // "" leaves the command open
		data    any
		status  int
		want    string // in the answer
	}{
		"accepted":              {nil, "", nil, 202, `"body":"mine"`},
		"waited for, completed": {[]string{"Prefer", "wait=1"}, event.Completed, map[string]any{"result": map[string]any{"n": 1}}, 200, `"status":"COMPLETED"`},
		"waited for, failed":    {[]string{"Prefer", "wait=1", "Accept-Language", "en"}, event.Failed, failure, 200, `"error":"body.data.x: Field required"`},
		"failed, in Korean":     {[]string{"Prefer", "wait=1"}, event.Failed, failure, 200, `"error":"body.data.x: 필수 항목입니다."`},
		"failed, with context":  {[]string{"Prefer", "wait=1"}, event.Failed, failure, 200, `"class_sequence":2`},
		"not in time":           {[]string{"Prefer", "wait=1"}, "", nil, 202, `"body":"mine"`},
		"ended, not waited for": {nil, event.Completed, nil, 202, `"body":"mine"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := writestest.New(t)
			answer := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) {
				return r.Write(w.Commands, "database.create", func(caller writes.Caller) (command.Accepted, any, error) {
					a, err := w.Writes.CreateDatabase(r.Context(), caller, writes.DatabaseFact{Database: "shop"})
					if err == nil && c.outcome != "" {
						end(w, a.ID, c.outcome, c.data)
					}
					return a, map[string]any{"body": "mine", "id": a.ID}, err
				})
			}, "/x", "", c.headers...)
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.want) {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
			location, applied := answer.Header().Get("Location"), answer.Header().Get("Preference-Applied")
			if answer.Code == http.StatusAccepted && (!strings.HasPrefix(location, "/api/v1/commands/") || applied != "") || answer.Code == 200 && applied != "wait" {
				t.Errorf("Location %q, Preference-Applied %q", location, applied)
			}
		})
	}
}

// Nothing is written when the way of asking is wrong, nor when the write itself
// is refused.
func TestAWriteThatIsRefused(t *testing.T) {
	w := writestest.New(t)
	called := false
	write := func(r *httpapi.Request) (*httpapi.Response, error) {
		return r.Write(w.Commands, "database.create", func(c writes.Caller) (command.Accepted, any, error) {
			called = true
			a, err := w.Writes.CreateDatabase(r.Context(), c, writes.DatabaseFact{Database: "A"})
			return a, nil, err
		})
	}
	for _, header := range [][]string{{"Prefer", "wait=x"}, {"Idempotency-Key", ""}} {
		if answer := ask(t, write, "/x", "", header...); answer.Code != 422 || called {
			t.Errorf("%q: called %t, %d %s", header, called, answer.Code, answer.Body)
		}
	}
	if answer := ask(t, write, "/x", "", "Prefer", "wait=1"); answer.Code != 400 || field(t, answer) != "value_error body.name" {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if overdue, err := w.Log.OverdueCommands(t.Context(), w.Now().AddDate(1, 0, 0), 10); err != nil || len(overdue) > 0 {
		t.Errorf("commands: %v, %v", overdue, err)
	}
}

func TestStatusTellsSeveralFields(t *testing.T) {
	text := "BAD: two"
	status := command.Status{
		Status: "FAILED", Result: map[string]any{}, Error: &text,
		Problem: problem.Validation(problem.Missing([]any{"body", "a"}), problem.Unexpected([]any{"body", "b"})).WithDetail(map[string]any{"k": "v"}),
	}
	answer := ask(t, func(r *httpapi.Request) (*httpapi.Response, error) { return httpapi.StatusResponse(r, status), nil }, "/x?lang=en", "")
	var body struct {
		Error  string
		Result struct {
			Code   string
			Errors []struct {
				Loc []string
				Msg string
			}
			Detail map[string]string
		}
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(body); got != "{Request validation failed {REQUEST_VALIDATION_FAILED [{[body a] Field required} {[body b] Extra inputs are not permitted}] map[k:v]}}" {
		t.Error(got)
	}
}
