package graphprojection_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/terminus"
)

func TestTheGraphIsTheFoldOfTheLog(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("Client", event.Creates, "name")
	w.class("Product", event.Creates, "price")
	long := strings.Repeat("한", 170) + "xy"
	w.append(
		w.instance("shop", "Client", `c"1#/ 키`, event.Creates, map[string]any{"name": "Zoë \"q\"\nline", "n": 12.50, "o": map[string]any{"a": []any{1, "x"}}, "none": nil}),
		w.instance("shop", "Client", long, event.Creates, map[string]any{"키 #1": true}),
		w.instance("shop", "Product", "p1", event.Creates, map[string]any{"price": "1", "owner": "Client/x"}, [3]string{"owner", "Client", long}, [3]string{"owner", "Client", `c"1#/ 키`}),
	)
	w.mustFollow()
	w.equal()
	w.append(w.instance("shop", "Product", "p1", event.Changes, map[string]any{"price": 2, "owner": "Client/x"}, [3]string{"owner", "Client", long}),
		w.instance("shop", "Client", `c"1#/ 키`, event.Deletes, nil))
	w.class("Product", event.Changes, "price", "colour")
	w.class("Client", event.Deletes)
	w.mustFollow()
	w.equal()
	w.append(w.instance("shop", "Client", `c"1#/ 키`, event.Creates, map[string]any{"name": "again"}))
	w.class("Client", event.Creates, "title")
	w.mustFollow()
	w.equal()
	if p := w.parked(); len(p) > 0 {
		t.Errorf("parked %+v", p)
	}
}

func TestOneCommitServesManyFacts(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("Client", event.Creates, "n")
	w.mustFollow()
	commits := w.commits(func() {
		var list []eventlog.Entry
		for i := range 100 {
			list = append(list, w.instance("shop", "Client", fmt.Sprint(i), event.Creates, map[string]any{"n": i}))
		}
		w.append(list...)
		w.mustFollow()
	})
	if commits != 5 { // of 20 facts each
		t.Errorf("%d commits for 100 facts", commits)
	}
	w.equal()
}

// commits counts the writes that f causes.
func (w *world) commits(f func()) (n int) {
	w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/api/woql") || r.Method == http.MethodPut {
			n++
		}
		return send()
	})
	f()
	w.wire.set(nil)
	return n
}

func TestLinksToWhatTheGraphDoesNotHold(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	var list []eventlog.Entry
	for i := range 50 { // forward, across commits; and to what never comes
		list = append(list, w.instance("shop", "A", fmt.Sprint(i), event.Creates, nil, [3]string{"next", "A", fmt.Sprint(i + 1)}, [3]string{"q", "Never", "n"}))
	}
	w.append(list...)
	w.mustFollow()
	w.equal()
	if p := w.parked(); len(p) > 0 {
		t.Errorf("parked %+v", p)
	}
}

func TestWhatIsRefusedIsParkedAlone(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("Client", event.Creates, "n")
	w.refuse("unwanted")
	var list []eventlog.Entry
	for i := range 60 {
		v := "fine"
		if i == 7 || i == 33 {
			v = "unwanted"
		}
		list = append(list, w.instance("shop", "Client", fmt.Sprint(i), event.Creates, map[string]any{"n": v}))
	}
	w.append(list...)
	w.mustFollow()
	parked := w.parked()
	if len(parked) != 2 || !parked[0].Dead || parked[0].Handler != graphprojection.Handler || parked[0].Position.IsZero() {
		t.Errorf("parked %+v", parked)
	}
	if d := w.differences("shop"); len(d) != 2 {
		t.Errorf("differences %q", d)
	}
	w.append(w.instance("shop", "Client", "7", event.Changes, map[string]any{"n": "fine"}), w.instance("shop", "Client", "33", event.Changes, map[string]any{"n": "fine"}))
	w.mustFollow()
	w.equal()
	if p := w.parked(); len(p) > 0 {
		t.Errorf("still parked %+v", p)
	}
}

func TestLivesOfADatabase(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"n": 1}))
	w.mustFollow()
	w.database("shop", event.Deletes)
	w.database("shop", event.Creates)
	w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"n": 2}), w.instance("shop", "A", "2", event.Creates, nil))
	w.mustFollow()
	w.equal()
	names, err := w.client.Databases(context.Background())
	if err != nil || len(names) != 1 {
		t.Errorf("databases %q, %v", names, err)
	}
	w.database("shop", event.Deletes)
	w.mustFollow()
	if names, err := w.client.Databases(context.Background()); err != nil || len(names) != 0 {
		t.Errorf("databases %q, %v", names, err)
	}
}

func TestALostGraphIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("A", event.Creates, "n")
	for i := range 50 {
		w.append(w.instance("shop", "A", fmt.Sprint(i), event.Creates, map[string]any{"n": i}))
	}
	w.mustFollow()
	lose := func() {
		names, err := w.client.Databases(context.Background())
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		if err := w.client.DeleteDatabase(context.Background(), names[0]); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	if err := w.follow(w.newSink()); err != nil { // a new process looks by itself
		t.Fatal(err)
	}
	w.equal()
	lose()
	w.append(w.instance("shop", "A", "50", event.Creates, map[string]any{"n": 1})) // the old process notices
	w.mustFollow()
	w.equal()
	if err := w.sink.Rebuild(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	w.equal()
	if err := w.sink.RebuildAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.equal()
}

var errCut = errors.New("the connection is cut")

// TestLostAnswers cuts each kind of call before and after its effect.
func TestLostAnswers(t *testing.T) {
	for _, after := range []bool{false, true} {
		for nth := range 14 {
			w := newWorld(t)
			n := 0
			w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				if n++; n-1 != nth {
					return send()
				}
				if after {
					if resp, err := send(); err == nil {
						resp.Body.Close()
					}
				}
				return nil, errCut
			})
			w.database("shop", event.Creates)
			w.class("A", event.Creates, "n")
			for i := range 30 {
				lifecycle := event.Creates
				if i >= 20 {
					lifecycle = event.Changes
				}
				w.append(w.instance("shop", "A", fmt.Sprint(i%20), lifecycle, map[string]any{"n": i}))
			}
			failures := 0
			for w.follow(w.sink) != nil {
				if failures++; failures > 2 {
					t.Fatalf("call %d, after %t: it does not recover", nth, after)
				}
				if failures == 2 {
					w.sink = w.newSink()
				}
			}
			w.wire.set(nil)
			w.equal()
		}
	}
}

func TestSeveralProjectorsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	for round := range 5 {
		w.class(fmt.Sprint("C", round), event.Creates, "n")
		for i := range 30 {
			w.append(w.instance("shop", fmt.Sprint("C", round), fmt.Sprint(i), event.Creates, map[string]any{"n": i, fmt.Sprint("p", i%3): round}))
		}
		var all sync.WaitGroup
		for range 4 {
			s := w.newSink()
			all.Go(func() {
				if err := w.follow(s); err != nil {
					t.Error(err)
				}
			})
		}
		if round == 3 {
			all.Go(func() {
				if err := w.newSink().Rebuild(context.Background(), "shop"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.equal()
	}
}

func TestAnOutageHeals(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.mustFollow()
	w.wire.set(func(*http.Request, func() (*http.Response, error)) (*http.Response, error) { return nil, errCut })
	w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"n": 1}))
	if err := w.follow(w.sink); !errors.Is(err, errCut) {
		t.Errorf("it says %v", err)
	}
	w.wire.set(nil)
	w.mustFollow()
	w.equal()
	if p := w.parked(); len(p) > 0 {
		t.Errorf("parked %+v", p)
	}
}

func TestADatabaseThatFailsHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	w.log = w.oneChain()
	w.sink = w.newSink()
	w.database("shop", event.Creates)
	w.database("sick", event.Creates)
	w.mustFollow()
	w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/sick.") {
			return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return send()
	})
	for i := range 5 {
		w.append(w.instance("sick", "A", fmt.Sprint(i), event.Creates, nil), w.instance("shop", "A", fmt.Sprint(i), event.Creates, nil))
		w.mustFollow()
	}
	w.equal()
	if p := w.parked(); len(p) != 1 || p[0].Dead || p[0].Aggregate != event.DatabaseAggregate("sick") {
		t.Fatalf("parked %+v", p)
	}
	w.wire.set(nil)
	w.append(w.instance("sick", "A", "5", event.Creates, nil))
	w.mustFollow()
	if d := w.differences("sick"); len(d) > 0 || len(w.parked()) > 0 {
		t.Errorf("differences %q, parked %+v", d, w.parked())
	}
	w.equal()
	w.sink = w.newSink()
	w.append(w.instance("sick", "A", "6", event.Creates, nil))
	w.mustFollow()
	if d := w.differences("sick"); len(d) > 0 {
		t.Errorf("differences %q", d)
	}
}

// TestADatabaseThatFailedIsFoundByTheNextProcess: what one process left behind,
// another catches up.
func TestADatabaseThatFailedIsFoundByTheNextProcess(t *testing.T) {
	w := newWorld(t)
	w.log = w.oneChain()
	w.sink = w.newSink()
	w.database("sick", event.Creates)
	w.mustFollow()
	w.wire.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/sick.") {
			return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return send()
	})
	w.append(w.instance("sick", "A", "1", event.Creates, nil))
	w.mustFollow()
	w.append(w.instance("sick", "A", "2", event.Creates, nil))
	w.mustFollow()
	if p := w.parked(); len(p) != 1 {
		t.Fatalf("parked %+v", p)
	}
	w.wire.set(nil)
	w.sink = w.newSink()
	w.mustFollow()
	if d := w.differences("sick"); len(d) > 0 || len(w.parked()) > 0 {
		t.Errorf("differences %q, parked %+v", d, w.parked())
	}
}

// TestAComparisonFindsEveryDifference: documents that are missing, too many and
// different are counted.
func TestAComparisonFindsEveryDifference(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("A", event.Creates, "n")
	w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"n": "x"}), w.instance("shop", "A", "2", event.Creates, nil))
	w.mustFollow()
	names, err := w.client.Databases(t.Context())
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	write := func(id, value string) {
		doc := terminus.Document{"@type": "A", "@id": graphprojection.NodeID("A", id), "instance_id": id, "sequence": 1, "deleted": false, "v_n": value}
		if err := w.client.Put(t.Context(), names[0], "main", terminus.Instances, terminus.Commit{Author: "x", Message: "x"}, "", []terminus.Document{doc}); err != nil {
			t.Fatal(err)
		}
	}
	write("1", "y")
	write("3", "z")
	w.append(w.instance("shop", "A", "4", event.Creates, nil))
	d := w.differences("shop")
	slices.Sort(d)
	if want := []string{"different instances A/1", "missing instances A/4", "surplus instances A/3"}; !slices.Equal(d, want) {
		t.Errorf("differences %q", d)
	}
	if err := w.sink.Rebuild(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	w.equal()
}

// TestAnOldSchemaThatIsPutBackIsNoticed: a writer that slept puts an old schema.
func TestAnOldSchemaThatIsPutBackIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("A", event.Creates, "n")
	w.mustFollow()
	names, err := w.client.Databases(t.Context())
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	old, _, err := w.client.All(t.Context(), names[0], "main", terminus.Schema)
	if err != nil {
		t.Fatal(err)
	}
	old = slices.DeleteFunc(old, func(d terminus.Document) bool { return d["@type"] != "Class" })
	w.class("A", event.Changes, "n", "m")
	w.mustFollow()
	if err := w.client.Put(t.Context(), names[0], "main", terminus.Schema, terminus.Commit{Author: "x", Message: "x"}, "", old); err != nil {
		t.Fatal(err)
	}
	w.append(w.instance("shop", "A", "1", event.Creates, map[string]any{"m": "1"}))
	for range 3 { // it may have to look again
		if err = w.follow(w.sink); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.equal()
}
