package instanceworker_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/history"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

func (s *shop) restore(id string, sequence, expected uint64, key string) (event.ID, error) {
	s.T.Helper()
	c := writes.Caller{Endpoint: "restore/" + id, IdempotencyKey: key}
	a, err := s.Writes.RestoreInstance(s.T.Context(), c, target("Product"), id, history.Moment{Sequence: sequence}, expected)
	return a.ID, err
}

// mustRestore accepts a restoration.
func (s *shop) mustRestore(id string, sequence, expected uint64, key string) event.ID {
	s.T.Helper()
	command, err := s.restore(id, sequence, expected, key)
	if err != nil {
		s.T.Fatal(err)
	}
	return command
}

func (s *shop) history(id string) []history.Change {
	s.T.Helper()
	ref := instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: id}
	list, _, err := (&history.Reader{Log: s.Log}).Page(s.T.Context(), ref, event.Position{}, 100)
	if err != nil {
		s.T.Fatal(err)
	}
	return list
}

func TestRestore(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"p1","stock":1}`))
	s.done(s.update("Product", "p1", 1, `{"stock":2,"price":5}`))
	first := s.mustRestore("p1", 1, 2, "k")
	if r := s.done(first); fmt.Sprint(r["sequence"]) != "3" {
		t.Errorf("restored: %s", show(r))
	}
	if fact, _ := s.Stored("shop", "Product", "p1"); fmt.Sprint(fact.Data) != "map[product_id:p1 stock:1]" || fact.Restored != 1 {
		t.Errorf("stored: %s", show(fact))
	}
	if again := s.mustRestore("p1", 1, 2, "k"); again != first {
		t.Errorf("the repeated request is another command: %s, %s", first, again)
	}
	if r := s.done(s.mustRestore("p1", 1, 3, "")); r["unchanged"] != true {
		t.Errorf("the same again: %s", show(r))
	}
	if _, err := s.restore("p1", 1, 2, ""); status(err) != http.StatusConflict {
		t.Errorf("an old expectation: %v", err)
	}
	for sequence, want := range map[uint64]int{9: http.StatusNotFound} {
		if _, err := s.restore("p1", sequence, 3, ""); status(err) != want {
			t.Errorf("version %d: %v", sequence, err)
		}
	}
	if _, err := s.restore("none", 1, 1, ""); status(err) != http.StatusNotFound {
		t.Errorf("an instance that never was: %v", err)
	}
	// A deleted one comes back as a creation, and its sequences go on.
	s.done(s.remove("Product", "p1", 3))
	if _, err := s.restore("p1", 4, 4, ""); status(err) != http.StatusNotFound {
		t.Errorf("the deletion itself: %v", err)
	}
	if _, err := s.restore("p1", 2, 3, ""); status(err) != http.StatusConflict {
		t.Errorf("an old expectation of a deleted one: %v", err)
	}
	back := s.mustRestore("p1", 2, 4, "back")
	if r := s.done(back); fmt.Sprint(r["sequence"]) != "5" {
		t.Errorf("back: %s", show(r))
	}
	if again := s.mustRestore("p1", 2, 4, "back"); again != back {
		t.Errorf("the repeated request is another command")
	}
	list := s.history("p1")
	if len(list) != 5 || list[0].Event.Type != "INSTANCE_CREATED" || len(list[0].Fields) != 3 || !list[1].Deleted() || list[4].Event.Sequence != 1 {
		t.Errorf("history: %s", show(list))
	}
}

// What no longer fits the class is refused with reasons, when it is asked for and, if
// the class changes then, when it is decided.
func TestRestoreOfWhatNoLongerFits(t *testing.T) {
	narrowed := strings.Replace(product, `"type":"integer"`, `"type":"boolean"`, 1)
	required := strings.Replace(product, `"label":"Price"`, `"label":"Price","required":true`, 1)
	for name, changed := range map[string]string{"stock": narrowed, "price": required} {
		s := newShop(t)
		s.done(s.create("Product", `{"product_id":"p1","stock":1}`))
		s.done(s.update("Product", "p1", 1, `{"stock":null,"price":5}`))
		late := s.mustRestore("p1", 1, 2, "")
		s.ChangeClass("shop", changed)
		if p := s.failed(late); problem.Path(p.Errors[0].Loc) != "body.data."+name || fmt.Sprint(p.Context["class_sequence"]) != "2" {
			t.Errorf("%s late: %s", name, show(p))
		}
		_, err := s.restore("p1", 1, 2, "")
		if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusUnprocessableEntity || problem.Path(p.Errors[0].Loc) != "body.data."+name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func status(err error) int {
	if p, ok := problem.AsProblem(err); ok {
		return p.Status
	}
	return 0
}
