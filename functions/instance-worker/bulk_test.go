package instanceworker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	instanceworker "spiceharvester/functions/instance-worker"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

func rows(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"product_id":"p%d","stock":%d}`, i, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func counts(r map[string]any) string {
	return fmt.Sprint(r["created"], " ", r["updated"], " ", r["unchanged"], " ", r["refused"], " of ", r["total"])
}

// rowErrors shows the refused rows: row and field.
func rowErrors(s *shop, id event.ID) string {
	s.T.Helper()
	var text []string
	for _, e := range s.bulkResult(id).Errors {
		loc := ""
		if len(e.Problem.Errors) > 0 {
			loc = problem.Path(e.Problem.Errors[0].Loc)
		}
		text = append(text, fmt.Sprintf("%d %s %s", e.Row, e.Problem.Code, loc))
	}
	return strings.Join(text, "; ")
}

func TestBulkRefusesRowsAlone(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"old"}`))
	id := s.bulk("Product", `[{"product_id":"a"},{"product_id":"a"},{"stock":1},{"product_id":"b","stock":"x"},{"product_id":"old"},{"product_id":"c"}]`)
	if r := s.done(id); counts(r) != "2 0 0 4 of 6" || fmt.Sprint(r["sample_instance_ids"]) != "[a c]" {
		t.Errorf("result: %s", show(r))
	}
	want := "1 REQUEST_VALIDATION_FAILED body.instances[1]; 2 REQUEST_VALIDATION_FAILED body.instances[2].product_id; " +
		"3 REQUEST_VALIDATION_FAILED body.instances[3].stock; 4 CONFLICT "
	if got := rowErrors(s, id); got != want {
		t.Errorf("refused rows:\n%s\nwant\n%s", got, want)
	}
	linked := s.bulk("Order", `[{"order_id":"o1","product":"Product/a"},{"order_id":"o2","extras":["Product/a","Product/none"]}]`)
	if r := s.done(linked); counts(r) != "1 0 0 1 of 2" {
		t.Errorf("links: %s", show(r))
	}
	if got := rowErrors(s, linked); got != "1 REQUEST_VALIDATION_FAILED body.instances[1].extras" {
		t.Errorf("links: %s", got)
	}
}

func TestBulkOfNothingAndBulkOfRefusals(t *testing.T) {
	s := newShop(t)
	if r := s.done(s.bulk("Product", `[]`)); counts(r) != "0 0 0 0 of 0" {
		t.Errorf("no rows: %s", show(r))
	}
	if p := s.failed(s.bulk("Product", `[{"stock":1},{"stock":2}]`)); problem.Path(p.Errors[0].Loc) != "body.instances[0].product_id" {
		t.Errorf("all refused: %s", show(p))
	}
	s.DeleteClass("shop", "Order")
	id := s.bulk("Product", `[{"product_id":"a"}]`)
	s.DeleteClass("shop", "Product")
	if p := s.failed(id); p.Code != problem.ResourceNotFound {
		t.Errorf("class is gone: %s", show(p))
	}
}

// A worker loses the log between two chunks; the next run finds what is done.
func TestBulkGoesOnAfterACrash(t *testing.T) {
	s := newShop(t)
	id := s.bulk("Product", rows(1200))
	s.cutOff(id, 2)
	if r := s.done(id); counts(r) != "1200 0 0 0 of 1200" {
		t.Errorf("result: %s", show(r))
	}
	for _, i := range []int{0, 499, 500, 1199} {
		if fact, sequence := s.Stored("shop", "Product", fmt.Sprint("p", i)); sequence != 1 || fmt.Sprint(fact.Data["stock"]) != fmt.Sprint(i) {
			t.Errorf("row %d: %d %s", i, sequence, show(fact))
		}
	}
}

// Two workers at once, each delivered the command, come to one result.
func TestBulkTwiceAtOnce(t *testing.T) {
	s := newShop(t)
	id := s.bulk("Product", rows(700))
	var both sync.WaitGroup
	for _, worker := range []*instanceworker.Function{s.worker, s.another(s.Objects)} {
		both.Go(func() {
			if code := s.Deliver(worker, id); code != http.StatusOK {
				t.Errorf("a worker answers %d", code)
			}
		})
	}
	both.Wait()
	if r := s.done(id); counts(r) != "700 0 0 0 of 700" {
		t.Errorf("result: %s", show(r))
	}
	if _, sequence := s.Stored("shop", "Product", "p699"); sequence != 1 {
		t.Errorf("sequence %d", sequence)
	}
}

// What a cancelled bulk command had done stays; the rest is not done.
func TestBulkIsCancelledInTheMiddle(t *testing.T) {
	s := newShop(t)
	id := s.bulk("Product", rows(1200))
	s.cutOff(id, 2)
	status, err := s.Commands.Cancel(t.Context(), s.Writes.Commands, id, "ada")
	if err != nil || status.Status != string(event.Cancelled) {
		t.Fatalf("%s, %v", show(status), err)
	}
	s.run(id)
	if status := s.Status(id); status.Status != string(event.Cancelled) {
		t.Errorf("ends as %s", status.Status)
	}
	if fact, _ := s.Stored("shop", "Product", "p0"); fact == nil {
		t.Error("the first row is gone")
	}
	if fact, _ := s.Stored("shop", "Product", "p1199"); fact != nil {
		t.Error("the last row was created after the cancellation")
	}
}

func TestBulkDecidesAgainWhenTheClassMoves(t *testing.T) {
	s := newShop(t)
	id := s.bulk("Product", rows(3))
	moves := &hooked{Objects: s.Objects, before: func(n int) error {
		if n == 1 {
			s.ChangeClass("shop", strings.Replace(product, `"label":"Stock"`, `"label":"Stock","constraints":{"max":1}`, 1))
		}
		return nil
	}}
	if code := s.Deliver(s.another(moves), id); code != http.StatusOK {
		t.Fatalf("the worker answers %d", code)
	}
	r := s.done(id)
	if counts(r) != "2 0 0 1 of 3" || rowErrors(s, id) != "2 REQUEST_VALIDATION_FAILED body.instances[2].stock" {
		t.Errorf("result: %s; %s", show(r), rowErrors(s, id))
	}
}

func TestUpsert(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"same","stock":1}`))
	s.done(s.create("Product", `{"product_id":"other","stock":1,"price":2}`))
	s.done(s.create("Product", `{"product_id":"gone"}`))
	s.done(s.remove("Product", "gone", 1))
	id := s.upsert("Product", `[{"product_id":"same","stock":1},{"product_id":"other","stock":2},{"product_id":"new"},{"product_id":"gone"},{"product_id":"bad","stock":"x"}]`)
	if r := s.done(id); counts(r) != "2 1 1 1 of 5" {
		t.Errorf("result: %s", show(r))
	}
	for name, want := range map[string]string{"same": "1 map[product_id:same stock:1]", "other": "2 map[price:2 product_id:other stock:2]", "new": "1 map[product_id:new]", "gone": "3 map[product_id:gone]"} {
		fact, sequence := s.Stored("shop", "Product", name)
		if got := fmt.Sprint(sequence, " ", fact.Data); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	again := s.upsert("Product", `[{"product_id":"same","stock":1},{"product_id":"other","stock":2},{"product_id":"new"}]`)
	if r := s.done(again); counts(r) != "0 0 3 0 of 3" {
		t.Errorf("again: %s", show(r))
	}
}

func (s *shop) upsert(class, list string) event.ID {
	s.T.Helper()
	items, _ := s.Object(`{"rows":` + list + `}`)["rows"].([]any)
	origin := &writes.Origin{Source: "/datasets/d/versions/v"}
	for i := range items {
		origin.Rows = append(origin.Rows, [2]int64{int64(i) + 1, int64(i) + 2})
	}
	id, err := command.NewID("shop", "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	a, err := s.Writes.BulkUpsert(s.T.Context(), writes.Caller{}, id, target(class), items, origin, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

// An empty cell, null in the row, removes a value; a field that the row does not
// have is left alone.
func TestUpsertOfEmptyCells(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"a","stock":1,"price":2}`))
	s.done(s.create("Product", `{"product_id":"b","stock":1}`))
	if r := s.done(s.upsert("Product", `[{"product_id":"a","stock":null},{"product_id":"b","price":null},{"product_id":"c","price":null}]`)); counts(r) != "1 1 1 0 of 3" {
		t.Errorf("result: %s", show(r))
	}
	for name, want := range map[string]string{"a": "2 map[price:2 product_id:a]", "b": "1 map[product_id:b stock:1]", "c": "1 map[product_id:c]"} {
		fact, sequence := s.Stored("shop", "Product", name)
		if got := fmt.Sprint(sequence, " ", fact.Data); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The same state from another row is no fact: the origin is no part of it.
func TestFactsSayWhichRowTheyComeFrom(t *testing.T) {
	s := newShop(t)
	s.done(s.upsert("Product", `[{"product_id":"a","stock":1},{"product_id":"b","stock":1}]`))
	s.done(s.upsert("Product", `[{"product_id":"b","stock":2},{"product_id":"a","stock":1}]`))
	for name, want := range map[string]string{"a": "/datasets/d/versions/v?row=1&line=2", "b": "/datasets/d/versions/v?row=1&line=2"} {
		a := writes.InstanceAggregate(instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: name})
		states, _, err := s.Log.States(t.Context(), "shop", a)
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Log.Event(t.Context(), states[a].Position)
		if err != nil || e.Origin != want {
			t.Errorf("%s at %d: %q, %v", name, e.Sequence, e.Origin, err)
		}
		if source, row, line, err := writes.ParseOrigin(e.Origin); err != nil || source != "/datasets/d/versions/v" || row != 1 || line != 2 {
			t.Errorf("%s: %q %d %d, %v", name, source, row, line, err)
		}
	}
}

// An instance may be larger than an event.
func TestLargeInstances(t *testing.T) {
	s := newShop(t)
	s.Class("shop", `{"id":"Text","label":"T","properties":[{"name":"id","type":"string","label":"x","primary_key":true},{"name":"text","type":"string","label":"x"}]}`)
	long := strings.Repeat("가", 200_000)
	s.done(s.upsert("Text", `[{"id":"a","text":"`+long+`"}]`))
	s.done(s.create("Text", `{"id":"b","text":"`+long+`"}`))
	for _, id := range []string{"a", "b"} {
		if fact, _ := s.Stored("shop", "Text", id); fact == nil || fact.Data["text"] != long {
			t.Errorf("%s is not stored whole", id)
		}
	}
	if r := s.done(s.upsert("Text", `[{"id":"a","text":"`+long+`"},{"id":"b","text":"short"}]`)); counts(r) != "0 1 1 0 of 2" {
		t.Errorf("again: %s", show(r))
	}
}

// A row may link to one that stands behind it; a circle has no beginning.
func TestRowsThatLinkToLaterRows(t *testing.T) {
	s := newShop(t)
	id := s.upsert("Order", `[{"order_id":"a","parent":"Order/b"},{"order_id":"b","parent":"Order/c"},{"order_id":"c"},{"order_id":"x","parent":"Order/y"},{"order_id":"y","parent":"Order/x"},{"order_id":"self","parent":"Order/self"}]`)
	if r := s.done(id); counts(r) != "4 0 0 2 of 6" {
		t.Errorf("%s: %s", show(r), rowErrors(s, id))
	}
	if fact, _ := s.Stored("shop", "Order", "a"); fact == nil || fact.Data["parent"] != "Order/b" {
		t.Errorf("%s", show(fact))
	}
}
