package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"spiceharvester/infra/e2e/process"
)

// Killed again and again under load, the host loses nothing that it had
// acknowledged and does nothing twice.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	db := w.database(t)
	product(w.asBFF(t), db)
	l := newLoad(w, db)
	ctx, cancel := context.WithCancel(t.Context())
	working := l.run(ctx, 4)
	for i, kill := range []func(*process.Host){(*process.Host).Kill, (*process.Host).KillGroup} {
		more(t, l, 30)
		kill(w.host)
		if err := w.host.Races(); err != nil {
			t.Error(err)
		}
		w.leave()
		if err := w.start(); err != nil {
			cancel()
			working.Wait()
			t.Fatalf("start %d: %v", i+2, err)
		}
		l.moved(w.bff.Base)
	}
	more(t, l, 30)
	cancel()
	working.Wait()
	l.check(t, w)
	t.Logf("%d commands accepted", l.count())
}

// more waits until a load has had some more writes accepted.
func more(t *testing.T, l *load, n int) {
	t.Helper()
	before := l.count()
	eventually(t, time.Minute, func() string {
		if got := l.count() - before; got < n {
			return fmt.Sprintf("only %d more writes accepted", got)
		}
		return ""
	})
}

// Deliveries that are lost, doubled, late and out of order change no outcome.
func TestChaos(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "CHAOS", "seed=3,duplicate=0.2,drop=0.1,delay=0.2,reorder=0.3")
	db := w.database(t)
	product(w.asBFF(t), db)
	l := newLoad(w, db)
	ctx, cancel := context.WithCancel(t.Context())
	working := l.run(ctx, 24) // most of them wait for a sweep
	more(t, l, 150)
	cancel()
	working.Wait()
	l.check(t, w)
	t.Logf("%d commands accepted", l.count())
}

// One delivery at a time, as an ordered KafkaSource makes them, gives the same.
func TestSingleDispatch(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "DISPATCH", "single")
	db := w.database(t)
	order(w.asBFF(t), db)
	l := newLoad(w, db)
	ctx, cancel := context.WithCancel(t.Context())
	working := l.run(ctx, 4)
	more(t, l, 30)
	cancel()
	working.Wait()
	l.check(t, w)
}

// What an orderly end leaves is all there after the next start.
func TestStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	accepted := bff.call(202, "POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	token := w.host.Env["ADMIN_TOKEN"]
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	if w.host.Env["ADMIN_TOKEN"] != token {
		t.Error("the token is another one")
	}
	bff = w.asBFF(t)
	eventually(t, settleLimit, func() string {
		r := bff.call(200, "GET", "/api/v1/commands/"+accepted.Command()+"/status", nil)
		if r.Text("status") != "COMPLETED" {
			return r.String()
		}
		return ""
	})
	if r := bff.call(200, "GET", ontology(db)+"/Product", nil); r.Text("version") != "1" {
		t.Errorf("class: %s", r)
	}
	bff.done("PUT", instances(db, "Product")+"/p1/update?expected_seq=1", object{"data": object{"stock": 1}})
}
