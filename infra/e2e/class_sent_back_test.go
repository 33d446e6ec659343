package e2e

import (
	"strconv"
	"sync"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// What was read of a class may be sent back as it is: what the server has filled in is
// no part of the class.
func TestAClassThatWasReadIsSentBack(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	product(bff, db)
	class, internal := ontology(db)+"/Product", "/api/v1/database/"+db+"/ontology/Product"
	document := "/api/v1/databases/" + db + "/classes/Product"
	for name, body := range map[string]any{
		"in Korean":  bff.call(200, "GET", class, nil, client.Lang("ko")).Get(),
		"in English": bff.call(200, "GET", class, nil, client.Lang("en")).Get(),
		"document":   bff.call(200, "GET", document, nil).Get("data"),
		"of the OMS": oms.call(200, "GET", internal, nil).Get("data"),
	} {
		for path, a := range map[string]api{class: bff, internal: oms} {
			if r := a.done("PUT", path+"?expected_seq=1", body); r.Get("result", "unchanged") != true {
				t.Errorf("%s to %s: %s", name, path, r)
			}
		}
	}
	changed := bff.call(200, "GET", class, nil, client.Lang("en")).Get().(object)
	changed["metadata"].(object)["owner"] = "sales"
	bff.done("PUT", class+"?expected_seq=1", changed)
	r := bff.call(200, "GET", document, nil)
	if metadata, _ := r.Get("data", "metadata").(object); len(metadata) != 1 || metadata["owner"] != "sales" {
		t.Errorf("stored metadata: %s", r)
	}
}

// A write that meets an open command of the same expectation learns where the class is.
func TestAPendingCommandTellsTheSequence(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	var all sync.WaitGroup
	answers := make([]*client.Response, 8)
	for i := range answers {
		all.Go(func() {
			r, err := bff.Do(t.Context(), "PUT", ontology(db)+"/Product?expected_seq=1", object{"label": object{"en": strconv.Itoa(i)}})
			if err != nil {
				t.Error(err)
			}
			answers[i] = r
		})
	}
	all.Wait()
	taken, met := 0, 0
	for _, r := range answers {
		switch {
		case r == nil:
		case r.Status == 202:
			taken++
		case r.Status != 409:
			t.Errorf("%s", r)
		case r.Get("context", "detail", "pending_command_id") != nil:
			if met++; r.Text("context", "detail", "actual_seq") != "1" {
				t.Errorf("met an open command: %s", r)
			}
		case r.Text("context", "detail", "actual_seq") != "2":
			t.Errorf("came after it: %s", r)
		}
	}
	if taken != 1 {
		t.Errorf("%d of %d were taken", taken, len(answers))
	}
	t.Logf("%d met the open command", met)
}
