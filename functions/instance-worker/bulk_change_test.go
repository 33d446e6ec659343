package instanceworker_test

import (
	"context"
	"fmt"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// many accepts a bulk command of rows in a JSON list.
func (s *shop) many(kind, class, rows string) event.ID {
	s.T.Helper()
	list, _ := s.Object(`{"rows":` + rows + `}`)["rows"].([]any)
	a, err := s.Writes.Bulk(s.T.Context(), writes.Caller{}, kind, target(class), list, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return a.ID
}

func (s *shop) stocked(n int) {
	s.T.Helper()
	for i := range n {
		s.done(s.create("Product", fmt.Sprintf(`{"product_id":"p%d","stock":%d}`, i, i)))
	}
}

func TestBulkUpdate(t *testing.T) {
	s := newShop(t)
	s.stocked(4)
	id := s.many(writes.BulkUpdate, "Product", `[
		{"instance_id":"p0","data":{"stock":10}},
		{"instance_id":"p1","data":{"stock":null},"expected_seq":1},
		{"instance_id":"p2","data":{"stock":2}},
		{"instance_id":"p3","data":{"stock":9},"expected_seq":7},
		{"instance_id":"none","data":{}},
		{"instance_id":"p0","data":{"stock":11}},
		{"instance_id":"p3","data":{"stock":"many"}}]`)
	var seen []string
	s.worker.ShowProgress(func(_ context.Context, _ *event.Event, done, total int) {
		seen = append(seen, fmt.Sprint(done, "/", total))
	})
	s.done(id)
	r := s.bulkResult(id)
	if r.Updated != 2 || r.Unchanged != 1 || r.Refused != 4 || r.Total != 7 {
		t.Errorf("result: %s", show(r))
	}
	for k, want := range []string{"3 p3 409", "4 none 404", "5 p0 422", "6 p3 422"} {
		if e := r.Errors[k]; fmt.Sprint(e.Row, " ", e.Instance, " ", e.Problem.Status) != want {
			t.Errorf("want %s, got %s", want, show(e))
		}
	}
	if fact, sequence := s.Stored("shop", "Product", "p0"); sequence != 2 || fmt.Sprint(fact.Data["stock"]) != "10" {
		t.Errorf("p0: %d %s", sequence, show(fact))
	}
	if fact, _ := s.Stored("shop", "Product", "p1"); fact.Data["stock"] != nil {
		t.Errorf("p1: %s", show(fact))
	}
	if len(seen) == 0 || seen[len(seen)-1] != "7/7" {
		t.Errorf("progress: %v", seen)
	}
}

func TestBulkDelete(t *testing.T) {
	s := newShop(t)
	s.stocked(3)
	id := s.many(writes.BulkDelete, "Product", `["p0",{"instance_id":"p1","expected_seq":1},{"instance_id":"p2","expected_seq":2},"p0","none"]`)
	s.done(id)
	if r := s.bulkResult(id); r.Deleted != 2 || r.Refused != 3 || r.Errors[0].Problem.Status != 409 || r.Errors[2].Problem.Status != 404 {
		t.Errorf("result: %s", show(r))
	}
	for name, want := range map[string]bool{"p0": false, "p1": false, "p2": true} {
		if fact, _ := s.Stored("shop", "Product", name); (fact != nil) != want {
			t.Errorf("%s: %s", name, show(fact))
		}
	}
}

// A worker that dies in the middle leaves rows done. Who goes on finds them, and does
// not take what they expected for a conflict.
func TestABulkChangeGoesOn(t *testing.T) {
	for kind, row := range map[string]string{
		writes.BulkUpdate: `{"instance_id":"p%d","data":{"stock":-1},"expected_seq":1}`, writes.BulkDelete: `{"instance_id":"p%d","expected_seq":1}`,
	} {
		t.Run(kind, func(t *testing.T) {
			s := newShop(t)
			rows := ""
			var made []event.ID
			for i := range 700 {
				rows += "," + fmt.Sprintf(row, i)
				made = append(made, s.create("Product", fmt.Sprintf(`{"product_id":"p%d","stock":%d}`, i, i)))
			}
			s.run(made...)
			id := s.many(kind, "Product", "["+rows[1:]+"]")
			s.cutOff(id, 1)
			s.done(id)
			if r := s.bulkResult(id); r.Updated+r.Deleted != 700 || r.Refused != 0 {
				t.Errorf("result: %s", show(r))
			}
		})
	}
}

func TestRowsOfBulkChangesThatAreRefusedAtOnce(t *testing.T) {
	s := newShop(t)
	for _, row := range []string{
		`7`, `{}`, `{"instance_id":1,"data":{}}`, `{"instance_id":"","data":{}}`, `{"instance_id":"a"}`, `{"instance_id":"a","data":[]}`,
		`{"instance_id":"a","data":{},"expected_seq":0}`, `{"instance_id":"a","data":{},"expected_seq":"1"}`, `{"instance_id":"a","data":{},"colour":1}`, `"a"`,
	} {
		rows, _ := s.Object(`{"rows":[` + row + `]}`)["rows"].([]any)
		_, err := s.Writes.Bulk(t.Context(), writes.Caller{}, writes.BulkUpdate, target("Product"), rows, nil)
		if errs := problem.FieldErrorsOf(err); len(errs) == 0 || errs[0].Loc[2] != 0 {
			t.Errorf("%s: %v", row, err)
		}
	}
}
