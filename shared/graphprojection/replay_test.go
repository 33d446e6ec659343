package graphprojection_test

import (
	"errors"
	"testing"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/discard"
	"spiceharvester/shared/event"
	"spiceharvester/shared/graphprojection"
)

// poisoned is a world in which an instance is parked whose second fact the server
// refuses, while another went on.
func poisoned(t *testing.T) (*world, consume.Parked) {
	t.Helper()
	w := newWorld(t)
	w.database("shop", event.Creates)
	w.class("Client", event.Creates, "n")
	w.append(w.instance("shop", "Client", "1", event.Creates, map[string]any{"n": "fine"}))
	w.refuse("unwanted")
	w.append(w.instance("shop", "Client", "1", event.Changes, map[string]any{"n": "unwanted"}), w.instance("shop", "Client", "2", event.Creates, nil))
	w.mustFollow()
	parked := w.parked()
	if len(parked) != 1 || parked[0].Next != 2 {
		t.Fatalf("parked %+v", parked)
	}
	return w, parked[0]
}

func TestReplayOfAFactThatWasRefused(t *testing.T) {
	w, parked := poisoned(t)
	if err := w.sink.Replay(t.Context(), parked); !consume.IsPermanent(err) {
		t.Errorf("refused again: %v", err)
	}
	if again := w.parked(); len(again) != 1 || again[0].Attempts != 2 || !again[0].Dead {
		t.Errorf("parked %+v", again)
	}
	w.wire.set(nil)
	if err := w.newSink().Replay(t.Context(), parked); err != nil {
		t.Error(err)
	}
	w.equal()
	if p := w.parked(); len(p) > 0 {
		t.Errorf("still parked %+v", p)
	}
	// The projection goes on behind it.
	w.append(w.instance("shop", "Client", "1", event.Changes, map[string]any{"n": "later"}))
	w.mustFollow()
	w.equal()
}

func TestARebuiltGraphLeavesOutWhatWasDiscarded(t *testing.T) {
	w, parked := poisoned(t)
	f := discard.Fact{Handler: graphprojection.Handler, AggregateType: parked.Aggregate.Type, AggregateID: parked.Aggregate.ID, Sequence: parked.Next}
	w.append(w.entry("shop", f.Aggregate(), event.Creates, f))
	w.wire.set(nil)
	if err := w.sink.Rebuild(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	// Against the fold of all facts, only the discarded one is missing.
	if d := w.differences("shop"); len(d) != 1 || d[0] != "different instances Client/1" {
		t.Errorf("differences %q", d)
	}
	given, err := discard.Of(t.Context(), w.log, "shop")
	if e, readErr := w.log.Event(t.Context(), parked.Position); errors.Join(err, readErr) != nil || !given.Has(graphprojection.Handler, &e) || given.Has("other", &e) {
		t.Errorf("discards %v, %v", given, err)
	}
}
