package writes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

const (
	product = `{"id":"Product","label":"Product","properties":[{"name":"product_id","type":"string","label":"Id","primary_key":true},{"name":"stock","type":"integer","label":"Stock"}]}`
	fewer   = `{"properties":[{"name":"product_id","type":"string","label":"Id","primary_key":true}]}`
)

var main = writes.InstanceTarget{Database: "shop", Branch: "main", Class: "Product"}

func newShop(t *testing.T) *writestest.World {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", product)
	return w
}

// stock makes an instance, without a worker.
func stock(w *writestest.World, id string) event.Aggregate {
	w.T.Helper()
	ref := instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: id}
	a := writes.InstanceAggregate(ref)
	w.Append("shop", a, event.Creates, instance.NewFact(ref, instance.Instance{ID: id, Data: map[string]any{"product_id": id}}))
	return a
}

// told shows what a client would be told: status, code, field.
func told(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "accepted"
	}
	p, ok := problem.AsProblem(err)
	if !ok {
		t.Fatalf("no problem: %v", err)
	}
	text := fmt.Sprint(p.Status, " ", p.Code)
	if len(p.Errors) > 0 {
		text += " " + problem.Path(p.Errors[0].Loc)
	}
	return text
}

func TestRefusedAtTheDoor(t *testing.T) {
	type write func(ctx context.Context, w *writestest.World) error
	createClass := func(database, branch, body string) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, _, err := w.Writes.CreateClass(ctx, writes.Caller{}, database, branch, w.Object(body), false)
			return err
		}
	}
	updateClass := func(class, body string) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.UpdateClass(ctx, writes.Caller{}, "shop", "main", class, 1, w.Object(body))
			return err
		}
	}
	create := func(t writes.InstanceTarget, body string) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, _, err := w.Writes.CreateInstance(ctx, writes.Caller{}, t, w.Object(body), nil)
			return err
		}
	}
	update := func(id string, expected uint64, body string) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.UpdateInstance(ctx, writes.Caller{}, main, id, expected, w.Object(body), nil)
			return err
		}
	}
	remove := func(id string, expected uint64) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.DeleteInstance(ctx, writes.Caller{}, main, id, expected)
			return err
		}
	}
	bulk := func(rows ...any) write {
		return func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.BulkCreate(ctx, writes.Caller{}, main, rows, nil)
			return err
		}
	}
	other := func(change func(*writes.InstanceTarget)) writes.InstanceTarget {
		t := main
		change(&t)
		return t
	}
	for name, c := range map[string]struct {
		write write
		want  string
	}{
		"class":              {createClass("shop", "main", strings.Replace(product, "Product", "Other", 1)), "accepted"},
		"class, exists":      {createClass("shop", "main", product), "409 CONFLICT"},
		"class, no id":       {createClass("shop", "main", `{"label":"x"}`), "400 HTTP_ERROR body.id"},
		"class, no key":      {createClass("shop", "main", `{"id":"X","label":"x"}`), "400 HTTP_ERROR"},
		"class, no label":    {createClass("shop", "main", `{"id":"X"}`), "422 REQUEST_VALIDATION_FAILED body.label"},
		"class, database":    {createClass("none", "main", product), "404 RESOURCE_NOT_FOUND"},
		"class, name":        {createClass("A", "main", product), "400 HTTP_ERROR path.db_name"},
		"class, branch":      {createClass("shop", "HEAD", product), "400 HTTP_ERROR query.branch"},
		"change":             {updateClass("Product", `{"label":"x"}`), "accepted"},
		"change, class":      {updateClass("None", `{"label":"x"}`), "404 RESOURCE_NOT_FOUND"},
		"change, class id":   {updateClass("1st", `{"label":"x"}`), "400 HTTP_ERROR path.class_id"},
		"change, field":      {updateClass("Product", `{"colour":"x"}`), "422 REQUEST_VALIDATION_FAILED body.colour"},
		"change, key lost":   {updateClass("Product", `{"properties":[{"name":"a","type":"string","label":"a"}]}`), "400 HTTP_ERROR"},
		"instance":           {create(main, `{"product_id":"p2"}`), "accepted"},
		"instance, exists":   {create(main, `{"product_id":"p1"}`), "409 CONFLICT"},
		"instance, value":    {create(main, `{"product_id":"p2","stock":"x"}`), "422 REQUEST_VALIDATION_FAILED body.data.stock"},
		"instance, class":    {create(other(func(t *writes.InstanceTarget) { t.Class = "None" }), `{}`), "404 RESOURCE_NOT_FOUND"},
		"instance, database": {create(other(func(t *writes.InstanceTarget) { t.Database = "none" }), `{}`), "404 RESOURCE_NOT_FOUND"},
		"patch":              {update("p1", 1, `{"stock":1}`), "accepted"},
		"patch, late":        {update("p1", 0, `{"stock":1}`), "409 CONFLICT"},
		"patch, early":       {update("p1", 2, `{"stock":1}`), "409 CONFLICT"},
		"patch, value":       {update("p1", 1, `{"stock":"x"}`), "422 REQUEST_VALIDATION_FAILED body.data.stock"},
		"patch, key":         {update("p1", 1, `{"product_id":"x"}`), "422 REQUEST_VALIDATION_FAILED body.data.product_id"},
		"patch, unknown":     {update("p9", 1, `{}`), "404 RESOURCE_NOT_FOUND"},
		"patch, id":          {update("a\tb", 1, `{}`), "400 HTTP_ERROR path.instance_id"},
		"deletion":           {remove("p1", 1), "accepted"},
		"deletion, late":     {remove("p1", 2), "409 CONFLICT"},
		"deletion, unknown":  {remove("p9", 1), "404 RESOURCE_NOT_FOUND"},
		"bulk":               {bulk(map[string]any{"anything": 1}), "accepted"},
		"bulk, no row":       {bulk(), "accepted"},
		"bulk, row":          {bulk(map[string]any{}, "x"), "422 REQUEST_VALIDATION_FAILED body.instances[1]"},
		"bulk, too many":     {bulk(make([]any, writes.MaxRows+1)...), "422 REQUEST_VALIDATION_FAILED body.instances"},
		"deletion of _system": {func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.DeleteDatabase(ctx, writes.Caller{}, "_system", nil)
			return err
		}, "403 PERMISSION_DENIED"},
		"database, exists": {func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.CreateDatabase(ctx, writes.Caller{}, writes.DatabaseFact{Database: "shop"})
			return err
		}, "409 CONFLICT"},
		"database, description": {func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.CreateDatabase(ctx, writes.Caller{}, writes.DatabaseFact{Database: "new", Description: strings.Repeat("가", 501)})
			return err
		}, "400 HTTP_ERROR body.description"},
		"database, never was": {func(ctx context.Context, w *writestest.World) error {
			_, err := w.Writes.DeleteDatabase(ctx, writes.Caller{}, "none", nil)
			return err
		}, "404 RESOURCE_NOT_FOUND"},
		"database, other number": {func(ctx context.Context, w *writestest.World) error {
			n := uint64(4)
			_, err := w.Writes.DeleteDatabase(ctx, writes.Caller{}, "shop", &n)
			return err
		}, "409 CONFLICT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newShop(t)
			stock(w, "p1")
			if got := told(t, c.write(t.Context(), w)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			open, err := w.Log.OverdueCommands(t.Context(), w.Now().Add(time.Hour), 10)
			if err != nil || (len(open) == 1) != (c.want == "accepted") {
				t.Errorf("%d open commands, %v", len(open), err)
			}
		})
	}
}

func TestProtectedBranches(t *testing.T) {
	reason, admin := writes.Caller{Reason: "why"}, writes.Caller{Reason: "why", Admin: true}
	for name, c := range map[string]struct {
		proposals              bool
		caller                 writes.Caller
		create, harmless, risk string // what is told
	}{
		"proposals":           {true, admin, "409 CONFLICT", "409 CONFLICT", "409 CONFLICT"},
		"direct":              {false, writes.Caller{}, "accepted", "accepted", "400 HTTP_ERROR header.X-Change-Reason"},
		"direct, reason":      {false, reason, "accepted", "accepted", "403 PERMISSION_DENIED"},
		"direct, reason, who": {false, admin, "accepted", "accepted", "accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, what := range []struct {
				want string
				do   func(w *writestest.World) error
			}{
				{c.create, func(w *writestest.World) error {
					_, _, err := w.Writes.CreateClass(t.Context(), c.caller, "shop", "main", w.Object(strings.Replace(product, "Product", "Other", 1)), false)
					return err
				}},
				{c.harmless, func(w *writestest.World) error {
					_, err := w.Writes.UpdateClass(t.Context(), c.caller, "shop", "main", "Product", 1, w.Object(`{"label":"x"}`))
					return err
				}},
				{c.risk, func(w *writestest.World) error {
					_, err := w.Writes.UpdateClass(t.Context(), c.caller, "shop", "main", "Product", 1, w.Object(fewer))
					return err
				}},
				{c.risk, func(w *writestest.World) error {
					_, err := w.Writes.DeleteClass(t.Context(), c.caller, "shop", "main", "Product", 1)
					return err
				}},
			} {
				w := newShop(t)
				w.Writes.Policy.Protected, w.Writes.Policy.RequireProposals = []string{"main"}, c.proposals
				if got := told(t, what.do(w)); got != what.want {
					t.Errorf("%s, want %s", got, what.want)
				}
			}
		})
	}
	if o := (&writes.Service{Policy: writes.Policy{RequireProposals: true, Protected: []string{"main"}}}).LintOptions("main"); o.AllowImplicitPrimaryKey {
		t.Error("an implicit key is allowed where proposals are needed")
	}
}

// A repeated request is the same command, however much later it comes.
func TestARepeatedRequest(t *testing.T) {
	caller := writes.Caller{Endpoint: "e", IdempotencyKey: "k"}
	for name, do := range map[string]func(w *writestest.World) (command.Accepted, error){
		"class with an id made of a Korean label and the time": func(w *writestest.World) (command.Accepted, error) {
			a, id, err := w.Writes.CreateClass(w.T.Context(), caller, "shop", "main", w.Object(`{"label":"주문 내역","properties":[{"name":"x_id","type":"string","label":"x","primary_key":true}]}`), true)
			if err == nil && !strings.HasPrefix(id, "UnnamedClass20260506070000") {
				w.T.Errorf("class id %s", id)
			}
			return a.Accepted, err
		},
		"instance with a generated id": func(w *writestest.World) (command.Accepted, error) {
			t := main
			t.Class = "Note"
			a, _, err := w.Writes.CreateInstance(w.T.Context(), caller, t, w.Object(`{"text":"x"}`), nil)
			return a, err
		},
		"patch": func(w *writestest.World) (command.Accepted, error) {
			return w.Writes.UpdateInstance(w.T.Context(), caller, main, "p1", 1, w.Object(`{"stock":1}`), nil)
		},
		"bulk": func(w *writestest.World) (command.Accepted, error) {
			return w.Writes.BulkCreate(w.T.Context(), caller, main, []any{map[string]any{"product_id": "a"}}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newShop(t)
			w.Class("shop", `{"id":"Note","label":"Note","properties":[{"name":"text","type":"string","label":"Text"}]}`)
			stock(w, "p1")
			first, err := do(w)
			if err != nil || first.Repeated {
				t.Fatalf("%+v, %v", first, err)
			}
			w.Pass(90 * time.Second)
			again, err := do(w)
			if err != nil || !again.Repeated || again.ID != first.ID || again.Position != first.Position {
				t.Errorf("%+v after %+v, %v", again, first, err)
			}
		})
	}
}

func TestAKeyForAnotherRequest(t *testing.T) {
	w := newShop(t)
	caller := writes.Caller{Endpoint: "e", IdempotencyKey: "k"}
	if _, _, err := w.Writes.CreateInstance(t.Context(), caller, main, w.Object(`{"product_id":"p1","stock":1}`), nil); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Writes.CreateInstance(t.Context(), caller, main, w.Object(`{"product_id":"p1","stock":2}`), nil)
	if got := told(t, err); got != "409 CONFLICT" || !strings.Contains(err.Error(), "Idempotency-Key") {
		t.Errorf("%s: %v", got, err)
	}
}

// What a command carries is what the client sent, numbers by their text; large
// data lies beside the log.
func TestWhatACommandCarries(t *testing.T) {
	w := newShop(t)
	caller := writes.Caller{Actor: "ada", Correlation: "r1", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	a, _, err := w.Writes.CreateInstance(t.Context(), caller, main, w.Object(`{"product_id":"p1","stock":12345678901234567890123}`), map[string]any{"source": "test"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Log.Event(t.Context(), a.Position)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"command_type":"CREATE_INSTANCE","payload":{"class_id":"Product","instance_id":"p1","data":{"product_id":"p1","stock":12345678901234567890123}},"metadata":{"source":"test"}}`
	if string(e.Data) != want || e.Actor != "ada" || e.Correlation != "r1" || e.TraceParent != caller.TraceParent || e.Database != "shop" || e.Branch != "main" || e.Source != "/test" {
		t.Errorf("%s in %+v", e.Data, e)
	}

	rows := make([]any, writes.MaxRows)
	for i := range rows {
		rows[i] = map[string]any{"product_id": fmt.Sprint("product number ", i)}
	}
	if a, err = w.Writes.BulkCreate(t.Context(), writes.Caller{}, main, rows, nil); err != nil {
		t.Fatal(err)
	}
	if e, err = w.Log.Event(t.Context(), a.Position); err != nil || len(e.Data) > 0 || e.DataRef.Size == 0 {
		t.Fatalf("%d bytes inline, %v", len(e.Data), err)
	}
	if data, err := w.Log.Data(t.Context(), &e); err != nil || !strings.Contains(string(data), "product number 9999") {
		t.Errorf("%d bytes beside the log, %v", len(data), err)
	}
	if got := writes.BulkAggregate(main).ID; got != "shop:main:Product" {
		t.Errorf("aggregate of a bulk command: %s", got)
	}
}
