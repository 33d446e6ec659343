package eventlog_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// chainState is the specification: what a chain means, without segments,
// indexes or batches. It is written apart from decide.go on purpose.
type chainState struct {
	stored     map[event.ID]storedEvent
	aggregates map[event.Aggregate]life
	commands   map[event.ID]commandState
}

type storedEvent struct {
	content  eventlog.Content
	sequence uint64
}

type life struct {
	sequence uint64
	exists   bool
}

type commandState struct {
	aggregate event.Aggregate
	expect    event.Expect
	outcome   event.Outcome
}

func newChainState() chainState {
	return chainState{map[event.ID]storedEvent{}, map[event.Aggregate]life{}, map[event.ID]commandState{}}
}

func (s chainState) clone() chainState {
	return chainState{maps.Clone(s.stored), maps.Clone(s.aggregates), maps.Clone(s.commands)}
}

func (s chainState) equal(t chainState) bool {
	return maps.Equal(s.stored, t.stored) && maps.Equal(s.aggregates, t.aggregates) && maps.Equal(s.commands, t.commands)
}

func (s chainState) meets(a event.Aggregate, x event.Expect) bool {
	is := s.aggregates[a]
	switch sequence, at := x.Sequence(); {
	case at:
		return is.exists && is.sequence == sequence
	case x == event.Absent:
		return !is.exists
	case x == event.Present:
		return is.exists
	}
	return true
}

// answer is what the specification says to an entry: a sequence and no reason,
// or a reason.
type answer struct {
	reason    eventlog.Reason
	sequence  uint64
	duplicate bool
	ended     event.Outcome
}

// next gives the answer and the state after it.
func (s chainState) next(en eventlog.Entry) (answer, chainState) {
	e := en.Event
	content := eventlog.ContentOf(&e)
	if old, known := s.stored[e.ID]; known {
		if old.content != content {
			return answer{reason: eventlog.IDReused}, s
		}
		return answer{sequence: old.sequence, duplicate: true}, s
	}
	if e.Command != "" {
		c, known := s.commands[e.Command]
		switch {
		case !known:
			return answer{reason: eventlog.CommandUnknown}, s
		case c.outcome != "" && e.Ends():
			return answer{duplicate: true, ended: c.outcome}, s
		case c.outcome != "":
			return answer{reason: eventlog.CommandEnded}, s
		}
	}
	if reason := s.refuses(en); reason != "" {
		return answer{reason: reason}, s
	}
	return s.accept(en, content)
}

func (s chainState) refuses(en eventlog.Entry) eventlog.Reason {
	e := en.Event
	if e.Kind == event.Domain && !e.IsFact() {
		return ""
	}
	db := event.Aggregate{Type: event.Database, ID: e.Database}
	if e.Database != "" && e.Aggregate != db && !s.aggregates[db].exists {
		return eventlog.DatabaseMissing
	}
	exists := s.aggregates[e.Aggregate].exists
	if !s.meets(e.Aggregate, en.Expect) || e.IsFact() && (e.Lifecycle == event.Creates) == exists {
		return eventlog.Conflict
	}
	for _, q := range en.Require {
		if !s.meets(q.Aggregate, q.Expect) {
			return eventlog.RequireConflict
		}
	}
	_, at := en.Expect.Sequence()
	if e.Kind == event.Command && (at || en.Expect == event.Absent) {
		for _, c := range s.commands {
			if c.outcome == "" && c.aggregate == e.Aggregate && c.expect == en.Expect {
				return eventlog.PendingCommand
			}
		}
	}
	return ""
}

func (s chainState) accept(en eventlog.Entry, content eventlog.Content) (answer, chainState) {
	e := en.Event
	s = s.clone()
	var a answer
	if e.Kind == event.Command {
		s.commands[e.ID] = commandState{e.Aggregate, en.Expect, ""}
	}
	if e.IsFact() {
		is := life{s.aggregates[e.Aggregate].sequence + 1, e.Lifecycle != event.Deletes}
		s.aggregates[e.Aggregate] = is
		a.sequence = is.sequence
		if e.Aggregate.Type == event.Database {
			// A new or a dead database has nothing in it.
			for other, was := range s.aggregates {
				if other != e.Aggregate && e.Lifecycle != event.Changes {
					s.aggregates[other] = life{was.sequence, false}
				}
			}
		}
	}
	if e.Ends() {
		c := s.commands[e.Command]
		c.outcome = e.Outcome
		s.commands[e.Command] = c
	}
	s.stored[e.ID] = storedEvent{content, a.sequence}
	return a, s
}

var chainModel = porcupine.Model{
	Init:  func() any { return newChainState() },
	Equal: func(a, b any) bool { return a.(chainState).equal(b.(chainState)) },
	Step: func(state, input, output any) (bool, any) {
		got := output.(answer)
		want, after := state.(chainState).next(input.(eventlog.Entry))
		return got == want, after
	},
	DescribeOperation: func(input, output any) string {
		en := input.(eventlog.Entry)
		return fmt.Sprintf("%s expect %q -> %+v", en.Event.ID, en.Expect, output)
	},
}

// linearizable checks the history of one chain against the specification. An
// append whose answer is unknown counts, without an end, if the log has its
// event and nobody else was told so.
func (w *world) linearizable(chain int, log []event.Event) error {
	var ops []porcupine.Operation
	told := map[event.ID]bool{}
	for _, call := range w.history {
		if call.chain != chain || call.returned == 0 {
			continue
		}
		out := answer{sequence: call.result.Sequence, duplicate: call.result.Duplicate}
		if call.refusal != nil {
			out = answer{reason: call.refusal.Reason}
		}
		if call.result.Ended != nil {
			out.ended = call.result.Ended.Outcome
		}
		if call.err == nil && !out.duplicate {
			told[call.entry.Event.ID] = true
		}
		ops = append(ops, porcupine.Operation{ClientId: len(ops), Input: call.entry, Call: call.invoked, Output: out, Return: call.returned})
	}
	for _, call := range w.history {
		id := call.entry.Event.ID
		if call.chain != chain || call.returned != 0 || told[id] {
			continue
		}
		at := slices.IndexFunc(log, func(e event.Event) bool {
			return e.ID == id && e.Lifecycle == call.entry.Event.Lifecycle && eventlog.ContentOf(&e) == eventlog.ContentOf(&call.entry.Event)
		})
		if at < 0 {
			continue
		}
		told[id] = true
		ops = append(ops, porcupine.Operation{
			ClientId: len(ops), Input: call.entry, Call: call.invoked,
			Output: answer{sequence: log[at].Sequence}, Return: math.MaxInt64,
		})
	}
	if res := porcupine.CheckOperationsTimeout(chainModel, ops, 20*time.Second); res != porcupine.Ok {
		return fmt.Errorf("chain %d: the history of %d appends is %s", chain, len(ops), res)
	}
	return nil
}
