package eventlog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// invocation is one append as its client saw it.
type invocation struct {
	entry    eventlog.Entry
	chain    int
	invoked  int64
	returned int64 // 0: the client never got an answer it may rely on
	result   eventlog.Result
	refusal  *eventlog.Refusal
	err      error
}

// Two databases, one a chain, so that chains meet in the same run.
var simDatabases = func() (names [simChains]string) {
	meta := eventlog.Meta{Chains: simChains}
	for i := 0; ; i++ {
		name := fmt.Sprintf("db%d", i)
		if names[meta.ChainOf(name)] == "" {
			names[meta.ChainOf(name)] = name
		}
		if names[0] != "" && names[1] != "" {
			return names
		}
	}
}()

func databaseAggregate(chain int) event.Aggregate {
	return event.Aggregate{Type: event.Database, ID: simDatabases[chain]}
}

// writer appends a few batches and records what it is told.
func (w *world) writer(p *process) {
	if w.broken.noFirstUseCheck {
		p.log.SkipFirstUseCheck(context.Background())
	}
	for range 2 + w.rng.IntN(4) {
		p.pause()
		chain := w.rng.IntN(simChains)
		var entries []*eventlog.Entry
		var calls []*invocation
		for range 1 + w.rng.IntN(3) {
			call := &invocation{entry: w.entry(chain), chain: chain, invoked: w.clock}
			entry := call.entry
			if w.broken.noExpectation {
				entry.Expect, entry.Require = event.Any, nil
			}
			entries, calls = append(entries, &entry), append(calls, call)
		}
		w.history = append(w.history, calls...)
		p.log.Commit(context.Background(), chain, entries, func(i int, r eventlog.Result, err error) {
			w.answered(p, calls[i], r, err)
		})
	}
}

func (w *world) answered(p *process, call *invocation, r eventlog.Result, err error) {
	w.note("%s %s %s -> %v %v", p.name, call.entry.Event.ID, call.entry.Expect, r, err)
	w.clock++
	call.result, call.err = r, err
	if w.broken.unknownIsRefused && errors.Is(err, eventlog.ErrUnknown) {
		call.err = &eventlog.Refusal{Reason: eventlog.Conflict}
	}
	errors.As(call.err, &call.refusal)
	if err == nil || call.refusal != nil {
		call.returned = w.clock
	}
}

// entry makes up what a client may ask for: mostly sensible, often late or
// wrong, sometimes a repetition.
func (w *world) entry(chain int) eventlog.Entry {
	switch roll := w.rng.IntN(20); {
	case roll < 2:
		return w.databaseFact(chain)
	case roll < 7:
		return w.command(chain)
	case roll < 12:
		return w.outcome(chain)
	case roll < 14:
		return w.repetition(chain)
	default:
		return w.fact(chain)
	}
}

func (w *world) newEvent(id string, kind event.Kind, a event.Aggregate, chain int) event.Event {
	data, _ := json.Marshal(map[string]int{"value": w.rng.IntN(3)})
	return event.Event{
		ID: event.ID(id), Type: "TYPE_" + string(a.Type), Source: "/sim", Time: w.now(), Kind: kind, Aggregate: a,
		Database: simDatabases[chain], Data: data,
	}
}

// newID makes an id that no other entry has.
func (w *world) newID(prefix string) string {
	w.ids++
	return prefix + strconv.Itoa(w.ids)
}

func (w *world) aggregate() event.Aggregate {
	return event.Aggregate{Type: "Instance", ID: "a" + strconv.Itoa(w.rng.IntN(3))}
}

// state is what a client that reads the index would know.
func (w *world) state(chain int, a event.Aggregate) (eventlog.AggregateRow, bool) {
	view, _ := w.index.Snapshot(context.Background(), chain, eventlog.Query{Aggregates: []event.Aggregate{a, databaseAggregate(chain)}})
	row := view.Aggregates[a]
	return row, eventlog.Exists(row, view.Aggregates[databaseAggregate(chain)])
}

func (w *world) expect(chain int, a event.Aggregate) event.Expect {
	row, exists := w.state(chain, a)
	switch roll := w.rng.IntN(10); {
	case roll == 0:
		return event.Any
	case roll == 1:
		return event.At(uint64(1 + w.rng.IntN(3)))
	case exists:
		return event.At(row.Sequence)
	}
	return event.Absent
}

func (w *world) lifecycle(chain int, a event.Aggregate) event.Lifecycle {
	_, exists := w.state(chain, a)
	switch {
	case !exists:
		return event.Creates
	case w.rng.IntN(3) == 0:
		return event.Deletes
	}
	return event.Changes
}

func (w *world) databaseFact(chain int) eventlog.Entry {
	a := databaseAggregate(chain)
	e := w.newEvent(w.newID("d"), event.Domain, a, chain)
	e.Lifecycle = w.lifecycle(chain, a)
	return eventlog.Entry{Event: e}
}

func (w *world) command(chain int) eventlog.Entry {
	a := w.aggregate()
	en := eventlog.Entry{Event: w.newEvent(w.newID("c"), event.Command, a, chain), Expect: w.expect(chain, a)}
	w.commands = append(w.commands, &en)
	return en
}

// outcome ends a command: by its fact, as failed, or cancelled. Ids derive from
// the command, so racing executions meet in one event or in one outcome.
func (w *world) outcome(chain int) eventlog.Entry {
	var mine []*eventlog.Entry
	for _, c := range w.commands {
		if c.Event.Database == simDatabases[chain] {
			mine = append(mine, c)
		}
	}
	if len(mine) == 0 {
		return w.fact(chain)
	}
	c := mine[len(mine)-1-w.rng.IntN(min(3, len(mine)))]
	a := c.Event.Aggregate
	e := w.newEvent("", event.Domain, a, chain)
	e.Command = c.Event.ID
	en := eventlog.Entry{}
	switch w.rng.IntN(4) {
	case 0:
		e.ID, e.Type, e.Outcome = "x-"+c.Event.ID, "COMMAND_FAILED", event.Failed
	case 1:
		e.ID, e.Type, e.Outcome = "q-"+c.Event.ID, "COMMAND_CANCELLED", event.Cancelled
	case 2: // one row of a bulk command: caused by it, does not end it
		e.ID = event.ID(fmt.Sprintf("r-%s-%d", c.Event.ID, w.rng.IntN(2)))
		e.Lifecycle = w.lifecycle(chain, a)
	default:
		e.ID, e.Outcome, e.Data = "f-"+c.Event.ID, event.Completed, c.Event.Data
		e.Lifecycle, en.Expect = w.lifecycle(chain, a), c.Expect
	}
	en.Event = e
	return en
}

// repetition sends an earlier entry again, or reuses its id for another.
func (w *world) repetition(chain int) eventlog.Entry {
	for range 5 {
		if len(w.history) == 0 {
			break
		}
		old := w.history[w.rng.IntN(len(w.history))]
		if old.chain != chain {
			continue
		}
		en := old.entry
		if w.rng.IntN(4) == 0 {
			en.Event.Aggregate = w.aggregate()
		}
		return en
	}
	return w.fact(chain)
}

// fact changes an aggregate without a command, as an outbox would; sometimes
// only if another aggregate is where the client saw it.
func (w *world) fact(chain int) eventlog.Entry {
	a := w.aggregate()
	e := w.newEvent(w.newID("o"), event.Domain, a, chain)
	e.Lifecycle = w.lifecycle(chain, a)
	en := eventlog.Entry{Event: e, Expect: w.expect(chain, a)}
	if w.rng.IntN(3) == 0 {
		other := w.aggregate()
		en.Require = []eventlog.Require{{Aggregate: other, Expect: w.expect(chain, other)}}
	}
	return en
}
