package e2e

import (
	"net/url"
	"sync"
	"testing"

	"spiceharvester/infra/e2e/client"
)

func TestCommandStatus(t *testing.T) {
	w := sharedWorld(t)
	for _, a := range []api{w.asBFF(t), w.asOMS(t)} {
		if r := a.call(404, "GET", "/api/v1/commands/00000000-0000-4000-8000-000000000000/status", nil, client.Lang("en")); r.Text("code") != "RESOURCE_NOT_FOUND" {
			t.Errorf("unknown: %s", r)
		}
		if r := a.call(400, "GET", "/api/v1/commands/not-a-uuid/status", nil); r.Text("errors", 0, "loc", 1) != "command_id" {
			t.Errorf("no UUID: %s", r)
		}
		a.call(400, "POST", "/api/v1/commands/not-a-uuid/cancel", nil)
		a.call(404, "POST", "/api/v1/commands/00000000-0000-4000-8000-000000000000/cancel", nil)
	}
	bff, db := w.asBFF(t), w.database(t)
	r := product(bff, db)
	if r.Header.Get("Preference-Applied") != "wait" || r.Text("completed_at") == "" || r.Text("retry_count") != "0" || r.Get("error") != nil {
		t.Errorf("a write that was waited for: %s", r)
	}
	// Upper case is the same UUID.
	for _, id := range []string{r.Command(), "%7B" + r.Command() + "%7D"} {
		bff.call(200, "GET", "/api/v1/commands/"+id+"/status", nil)
	}
	for _, prefer := range []string{"wait=x", "wait=-1"} {
		if r := bff.call(422, "GET", "/api/v1/commands/"+r.Command()+"/status", nil, client.Header("Prefer", prefer)); r.Text("errors", 0, "loc", 1) != "Prefer" {
			t.Errorf("%s: %s", prefer, r)
		}
	}
	if ended := bff.call(409, "POST", "/api/v1/commands/"+r.Command()+"/cancel", nil); ended.Text("context", "status") != "COMPLETED" {
		t.Errorf("cancel of an ended one: %s", ended)
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	path, body := instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}}
	first := bff.done("POST", path, body, client.Key("k-1"))
	for range 2 {
		again := bff.done("POST", path, body, client.Key("k-1"))
		if again.Command() != first.Command() || again.Text("result", "sequence") != "1" || again.Text("result", "position") != first.Text("result", "position") {
			t.Errorf("again: %s", again)
		}
	}
	if r := bff.call(202, "POST", path, body, client.Key("k-1")); r.Command() != first.Command() {
		t.Errorf("without waiting: %s", r)
	}
	if r := bff.call(409, "POST", path, object{"data": object{"product_id": "p2"}}, client.Key("k-1"), client.Lang("en")); r.Text("message") != "The Idempotency-Key was used for another request; choose a new one." {
		t.Errorf("another body: %s", r)
	}
	// The key belongs to database and endpoint.
	bff.done("PUT", instances(db, "Product")+"/p1/update?expected_seq=1", object{"data": object{"stock": 1}}, client.Key("k-1"))
	other := w.database(t)
	product(bff, other)
	if r := bff.done("POST", instances(other, "Product")+"/create", body, client.Key("k-1")); r.Command() == first.Command() {
		t.Error("two databases share a key")
	}
	for _, key := range []string{"", string(make([]byte, 256))} {
		r, err := bff.Do(t.Context(), "POST", path, body, client.Key(url.QueryEscape(key)))
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != 422 || r.Text("errors", 0, "loc", 1) != "Idempotency-Key" {
			t.Errorf("key of %d bytes: %s", len(key), r)
		}
	}
}

func TestAKeyRepeatedAtOnceHasOneEffect(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	ids := make([]string, 8)
	var callers sync.WaitGroup
	for i := range ids {
		callers.Go(func() {
			r, err := w.bff.Do(t.Context(), "POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}}, client.Key("same"), client.Wait(waitSeconds))
			if err != nil {
				t.Error(err)
				return
			}
			if r.Status != 200 || r.Text("status") != "COMPLETED" || r.Text("result", "sequence") != "1" {
				t.Errorf("caller %d: %s", i, r)
			}
			ids[i] = r.Command()
		})
	}
	callers.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("different commands: %v", ids)
		}
	}
}

// Of several writes with one expectation only one may succeed; the others are
// told so at once, by the log (409) or with the command that was first.
func TestOneExpectationHasOneWinner(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	answers := make([]*client.Response, 8)
	var callers sync.WaitGroup
	for i := range answers {
		callers.Go(func() {
			var err error
			answers[i], err = w.bff.Do(t.Context(), "PUT", instances(db, "Product")+"/p1/update?expected_seq=1", object{"data": object{"stock": i + 1}}, client.Wait(waitSeconds))
			if err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	won := 0
	for i, r := range answers {
		switch {
		case r == nil:
		case r.Status == 200 && r.Text("status") == "COMPLETED":
			won++
		case r.Status == 409 && r.Text("context", "detail", "expected_seq") == "1":
			if pending := r.Text("context", "detail", "pending_command_id"); pending != "" && r.Header.Get("Retry-After") == "" {
				t.Errorf("caller %d: no Retry-After beside pending_command_id: %s", i, r)
			}
		default:
			t.Errorf("caller %d: %s", i, r)
		}
	}
	if won != 1 {
		t.Errorf("%d writes won", won)
	}
}
