package instanceworker_test

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

func TestCreateUpdateDelete(t *testing.T) {
	s := newShop(t)
	created := s.create("Product", `{"product_id":"p1","stock":1234567890123456789012345678901234567890}`)
	if r := s.done(created); fmt.Sprint(r["sequence"], " ", r["instance_id"]) != "1 p1" {
		t.Errorf("created: %s", show(r))
	}
	s.run(created, created) // delivered again: nothing more
	fact, sequence := s.Stored("shop", "Product", "p1")
	if sequence != 1 || fmt.Sprint(fact.Data["stock"]) != "1234567890123456789012345678901234567890" {
		t.Errorf("stored %d %s", sequence, show(fact))
	}
	s.done(s.update("Product", "p1", 1, `{"stock":null,"price":1.50}`))
	if fact, _ := s.Stored("shop", "Product", "p1"); fmt.Sprint(fact.Data) != "map[price:1.50 product_id:p1]" {
		t.Errorf("after the patch: %s", show(fact))
	}
	unchanged := s.done(s.update("Product", "p1", 2, `{"price":1.50}`))
	if unchanged["unchanged"] != true || fmt.Sprint(unchanged["sequence"]) != "2" {
		t.Errorf("unchanged: %s", show(unchanged))
	}
	s.done(s.remove("Product", "p1", 2))
	if fact, sequence := s.Stored("shop", "Product", "p1"); fact != nil || sequence != 3 {
		t.Errorf("after the deletion: %d %s", sequence, show(fact))
	}
	if r := s.done(s.create("Product", `{"product_id":"p1"}`)); fmt.Sprint(r["sequence"]) != "4" {
		t.Errorf("again: %s", show(r))
	}
}

func TestCommandsOfOneDeliveryAreDecidedTogether(t *testing.T) {
	s := newShop(t)
	var ids []event.ID
	for i := range 50 {
		ids = append(ids, s.create("Product", fmt.Sprintf(`{"product_id":"p%d"}`, i)))
	}
	ids = append(ids, s.bulk("Product", `[{"product_id":"b1"},{"product_id":"b2"}]`))
	s.run(ids...)
	for _, id := range ids {
		if status := s.Status(id); status.Status != string(event.Completed) {
			t.Errorf("%s", show(status))
		}
	}
}

// A class may change between the acceptance of a command and its decision. What
// is decided is decided on the class as it is then; a refusal says which.
func TestTheClassChangesBeforeTheDecision(t *testing.T) {
	narrowed := strings.Replace(product, `"type":"integer"`, `"type":"boolean"`, 1)
	required := strings.Replace(product, `"label":"Price"`, `"label":"Price","required":true`, 1)
	otherKey := strings.Replace(strings.Replace(product, `,"primary_key":true`, ``, 1), `"label":"Stock"`, `"label":"Stock","primary_key":true`, 1)
	for name, c := range map[string]struct {
		changed, data, field string
	}{
		"type":     {narrowed, `{"product_id":"p1","stock":3}`, "stock"},
		"required": {required, `{"product_id":"p1"}`, "price"},
		"key":      {otherKey, `{"product_id":"p1","stock":3}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			id := s.create("Product", c.data)
			s.ChangeClass("shop", c.changed)
			p := s.failed(id)
			if fmt.Sprint(p.Context["class_id"], " ", p.Context["class_sequence"]) != "Product 2" {
				t.Errorf("the class is not named: %s", show(p))
			}
			if c.field != "" && problem.Path(p.Errors[0].Loc) != "body.data."+c.field {
				t.Errorf("field: %s", show(p))
			}
			if fact, _ := s.Stored("shop", "Product", "p1"); fact != nil {
				t.Errorf("stored: %s", show(fact))
			}
		})
	}
	t.Run("still valid", func(t *testing.T) {
		s := newShop(t)
		id := s.create("Product", `{"product_id":"p1"}`)
		s.ChangeClass("shop", narrowed)
		s.done(id)
	})
	t.Run("update", func(t *testing.T) {
		s := newShop(t)
		s.done(s.create("Product", `{"product_id":"p1"}`))
		id := s.update("Product", "p1", 1, `{"stock":3}`)
		s.ChangeClass("shop", narrowed)
		if p := s.failed(id); fmt.Sprint(p.Context["class_sequence"]) != "2" {
			t.Errorf("%s", show(p))
		}
	})
	t.Run("deleted", func(t *testing.T) {
		s := newShop(t)
		id := s.create("Product", `{"product_id":"p1"}`)
		s.DeleteClass("shop", "Product")
		if p := s.failed(id); p.Code != problem.ResourceNotFound {
			t.Errorf("%s", show(p))
		}
	})
}

func TestLinkTargets(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"p1"}`))
	for field, data := range map[string]string{
		"product": `{"order_id":"o1","product":"Product/none","extras":["Product/p1"]}`,
		"extras":  `{"order_id":"o1","product":"Product/p1","extras":["Product/p1","Product/none"]}`,
		"parent":  `{"order_id":"o1","parent":"Order/none"}`,
	} {
		p := s.failed(s.create("Order", data))
		if len(p.Errors) != 1 || problem.Path(p.Errors[0].Loc) != "body.data."+field || !strings.Contains(p.Errors[0].Msg.EN, "/none'") {
			t.Errorf("%s: %s", field, show(p))
		}
	}
	s.done(s.create("Order", `{"order_id":"o1","product":"Product/p1","parent":"Order/o1"}`)) // a link to itself
	fact, _ := s.Stored("shop", "Order", "o1")
	if len(fact.Links) != 2 || fact.Links[1].Ref() != "Product/p1" {
		t.Errorf("links: %s", show(fact))
	}
	if p := s.failed(s.update("Order", "o1", 1, `{"extras":["Product/none"]}`)); problem.Path(p.Errors[0].Loc) != "body.data.extras" {
		t.Errorf("update: %s", show(p))
	}
	// The target was there when the command was accepted, and is gone when it is decided.
	id := s.update("Order", "o1", 1, `{"extras":["Product/p1"]}`)
	s.done(s.remove("Product", "p1", 1))
	if p := s.failed(id); !strings.Contains(p.Errors[0].Msg.EN, "Product/p1") {
		t.Errorf("deleted target: %s", show(p))
	}
}

func TestASecondCommandOnOneExpectationFails(t *testing.T) {
	s := newShop(t)
	s.done(s.create("Product", `{"product_id":"p1"}`))
	late := s.update("Product", "p1", 1, `{"stock":1}`)
	s.Append("shop", event.Aggregate{Type: writes.Instances, ID: "shop:main:Product:p1"}, event.Changes, map[string]any{"class_id": "Product"})
	if p := s.failed(late); fmt.Sprint(p.Detail["expected_seq"], " ", p.Detail["actual_seq"]) != "1 2" {
		t.Errorf("%s", show(p))
	}
}

func TestWhatIsNoCommandOfOursFails(t *testing.T) {
	s := newShop(t)
	for commandType, payload := range map[string]string{"PAINT_INSTANCE": `{"class_id":"Product"}`, "CREATE_INSTANCE": `[]`} {
		if status := s.strange(commandType, payload); status.Status != string(event.Failed) || status.Error == nil || *status.Error == "" {
			t.Errorf("%s: %s", commandType, show(status))
		}
	}
}
