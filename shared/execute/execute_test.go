package execute_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes/writestest"
)

var (
	thing = event.Aggregate{Type: "Instance", ID: "shop:main:Thing:1"}
	class = event.Aggregate{Type: "OntologyClass", ID: "shop:main:Thing"}
)

// accepted puts a command on the thing into the log.
func accepted(w *writestest.World, aggregate event.Aggregate) event.Event {
	w.T.Helper()
	id, err := command.NewID("shop", "", "")
	if err != nil {
		w.T.Fatal(err)
	}
	a, err := w.Writes.Commands.Submit(w.T.Context(), command.Request{ID: id, Type: "MAKE", Aggregate: aggregate, Database: "shop", Branch: "main", Payload: map[string]any{"n": 1}, Actor: "ada"})
	if err != nil {
		w.T.Fatal(err)
	}
	e, err := w.Log.Event(w.T.Context(), a.Position)
	if err != nil {
		w.T.Fatal(err)
	}
	return e
}

func TestRunDecidesAgainWhatTheGroundMovedUnder(t *testing.T) {
	for name, c := range map[string]struct {
		moves  int // how often the class moves between decision and append
		rounds int
		want   string
	}{
		"still":  {0, 1, "<nil>"},
		"once":   {1, 2, "<nil>"},
		"always": {99, 5, "409"},
	} {
		t.Run(name, func(t *testing.T) {
			w := writestest.New(t)
			w.Database("shop")
			w.Append("shop", class, event.Creates, nil)
			cmd := accepted(w, thing)
			rounds := 0
			errs := execute.Run(t.Context(), w.Log, []event.Event{cmd}, func() execute.Decide {
				rounds++
				return func(ctx context.Context, cmd *event.Event, data command.Data) (eventlog.Entry, error) {
					if data.Type != "MAKE" || string(data.Payload) != `{"n":1}` {
						t.Errorf("data %+v", data)
					}
					states, _, err := w.Log.States(ctx, "shop", class)
					if err != nil {
						return eventlog.Entry{}, err
					}
					if rounds <= c.moves {
						w.Append("shop", class, event.Changes, nil)
					}
					e, err := execute.Ending(cmd, "MADE", "/test", w.Now(), map[string]any{"n": 1})
					e.Lifecycle = event.Creates
					return eventlog.Entry{Event: e, Require: []eventlog.Require{{Aggregate: class, Expect: event.At(states[class].Sequence)}}}, err
				}
			})
			got := fmt.Sprint(errs[0])
			if p, ok := problem.AsProblem(errs[0]); ok {
				got = fmt.Sprint(p.Status)
			}
			if rounds != c.rounds || got != c.want || errs[0] != nil && !consume.IsPermanent(errs[0]) {
				t.Errorf("%d rounds, %v", rounds, errs[0])
			}
		})
	}
}

func TestEachCommandHasItsOwnAnswer(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	var commands []event.Event
	for i := range 4 {
		commands = append(commands, accepted(w, event.Aggregate{Type: "Instance", ID: fmt.Sprint("shop:main:Thing:", i)}))
	}
	away := errors.New("store is away")
	errs := execute.Run(t.Context(), w.Log, commands, func() execute.Decide {
		return func(_ context.Context, cmd *event.Event, _ command.Data) (eventlog.Entry, error) {
			switch cmd.ID {
			case commands[1].ID:
				return eventlog.Entry{}, problem.Validation(problem.Missing([]any{"body"}))
			case commands[2].ID:
				return eventlog.Entry{}, away
			}
			return execute.Unchanged(cmd, "/test", w.Now(), map[string]any{"n": 1})
		}
	})
	if errs[0] != nil || errs[3] != nil || !consume.IsPermanent(errs[1]) || consume.IsPermanent(errs[2]) || !errors.Is(errs[2], away) {
		t.Errorf("%v", errs)
	}
	for i, want := range []string{"COMPLETED", "PENDING", "PENDING", "COMPLETED"} {
		s := w.Status(commands[i].ID)
		if s.Status != want || want == "COMPLETED" && s.Result["unchanged"] != true {
			t.Errorf("command %d: %+v", i, s)
		}
	}
}

func TestDataThatIsNone(t *testing.T) {
	w := writestest.New(t)
	e := event.Event{ID: "x", Data: []byte(`[]`)}
	if _, err := execute.Data(t.Context(), w.Log, &e); !consume.IsPermanent(err) {
		t.Errorf("%v", err)
	}
	e.Data, e.DataRef = nil, event.Ref{Key: "log/v1/data/none", Size: 1, SHA256: "none"}
	if _, err := execute.Data(t.Context(), w.Log, &e); err == nil || consume.IsPermanent(err) {
		t.Errorf("what cannot be read now: %v", err)
	}
}

func TestPermanent(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing":        {nil, "nothing"},
		"refused":        {&eventlog.Refusal{Reason: eventlog.Conflict, Aggregate: thing, Expect: event.Absent, Sequence: 1, Exists: true}, "permanent"},
		"ended":          {&eventlog.Refusal{Reason: eventlog.CommandEnded}, "nothing"},
		"forgotten":      {fmt.Errorf("append: %w", &eventlog.Refusal{Reason: eventlog.CommandUnknown}), "nothing"},
		"client":         {problem.NotFound(problem.KindClass, "x"), "permanent"},
		"too many":       {problem.Overloaded(1), "again"},
		"ours":           {problem.Internal(errors.New("bug")), "again"},
		"away":           {problem.Unavailable(problem.DBUnavailable, "x", nil), "again"},
		"unknown":        {fmt.Errorf("%w: x", eventlog.ErrUnknown), "again"},
		"marked already": {consume.Permanent(errors.New("x")), "permanent"},
	} {
		got := execute.Permanent(c.err)
		text := "again"
		switch {
		case got == nil:
			text = "nothing"
		case consume.IsPermanent(got):
			text = "permanent"
		}
		if text != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatAFailureSays(t *testing.T) {
	text, err := json.Marshal(execute.Describe(consume.Permanent(problem.NotFound(problem.KindClass, "x"))))
	var described struct{ Problem problem.Problem }
	if err := errors.Join(err, json.Unmarshal(text, &described)); err != nil || described.Problem.Status != 404 {
		t.Errorf("%s, %v", text, err)
	}
	if d := execute.Describe(errors.New("x")); len(d) > 0 {
		t.Errorf("%v", d)
	}
	if _, err := execute.Ending(&event.Event{}, "X", "/test", writestest.New(t).Now(), make(chan int)); err == nil {
		t.Error("data that JSON cannot say")
	}
}
