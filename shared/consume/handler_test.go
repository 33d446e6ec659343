package consume_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
)

func TestHTTPAnswers(t *testing.T) {
	w := newWorld(t)
	fact := w.facts(t, "a", 1)[0]
	newer := fact
	newer.Schema = event.SchemaVersion + 1
	request := func(e event.Event) *http.Request {
		r, err := event.NewHTTPRequest(t.Context(), "http://f/", &e)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	down := errors.New("registry is down")
	for _, test := range []struct {
		name    string
		request *http.Request
		err     error
		status  int
		letters int
	}{
		{"an event", request(fact), nil, 200, 0},
		{"the registry is away", request(fact), down, 503, 0},
		{"no event", httptest.NewRequest("POST", "/", strings.NewReader("x")), nil, 422, 1},
		{"an event of a later release", request(newer), nil, 503, 0},
		{"GET", httptest.NewRequest("GET", "/", nil), nil, 405, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			registry := newWorld(t).registry
			h := &consume.HTTP{
				Handler: "h", Registry: registry, Now: w.now, Logger: slog.New(slog.DiscardHandler),
				Consume: func(context.Context, []event.Event) error { return test.err },
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, test.request)
			if answer.Code != test.status {
				t.Errorf("status %d: %s", answer.Code, answer.Body)
			}
			if got := registry.DeadLetters(); len(got) != test.letters {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}
