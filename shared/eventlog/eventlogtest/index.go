package eventlogtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// Index is an index in memory.
type Index struct {
	mu    sync.Mutex
	state state
}

// state is the whole content, so that a backup is a copy of one value.
type state struct {
	log     eventlog.Meta
	chains  map[int]chainRows
	cursors map[cursorKey]eventlog.Head
}

type cursorKey struct {
	reader string
	chain  int
}

type chainRows struct {
	head       eventlog.Head
	events     map[event.ID]rememberedEvent
	aggregates map[event.Aggregate]eventlog.AggregateRow
	commands   map[event.ID]eventlog.CommandRow // open, and ended while remembered
}

type rememberedEvent struct {
	eventlog.EventRow
	written time.Time
}

func newRows() chainRows {
	return chainRows{
		events:     map[event.ID]rememberedEvent{},
		aggregates: map[event.Aggregate]eventlog.AggregateRow{},
		commands:   map[event.ID]eventlog.CommandRow{},
	}
}

func (r chainRows) clone() chainRows {
	return chainRows{r.head, maps.Clone(r.events), maps.Clone(r.aggregates), maps.Clone(r.commands)}
}

func (s state) clone() state {
	c := state{s.log, make(map[int]chainRows, len(s.chains)), maps.Clone(s.cursors)}
	for chain, rows := range s.chains {
		c.chains[chain] = rows.clone()
	}
	return c
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	return &Index{state: state{chains: map[int]chainRows{}, cursors: map[cursorKey]eventlog.Head{}}}
}

// Backup copies the content; the returned function puts the copy back.
func (x *Index) Backup() (restore func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	saved := x.state.clone()
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.state = saved.clone()
	}
}

func (x *Index) rows(chain int) chainRows {
	if rows, ok := x.state.chains[chain]; ok {
		return rows
	}
	rows := newRows()
	x.state.chains[chain] = rows
	return rows
}

// Bind implements eventlog.Index.
func (x *Index) Bind(_ context.Context, log eventlog.Meta) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.state.log.ID == "" {
		x.state.log = log
	}
	if x.state.log != log {
		return fmt.Errorf("%w: the index belongs to %v, the bucket holds %v", eventlog.ErrOtherLog, x.state.log, log)
	}
	return nil
}

// Snapshot implements eventlog.Index.
func (x *Index) Snapshot(_ context.Context, chain int, q eventlog.Query) (eventlog.View, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.rows(chain)
	v := eventlog.NewView(rows.head)
	for _, id := range q.Events {
		if row, ok := rows.events[id]; ok {
			v.Events[id] = row.EventRow
		}
	}
	for _, id := range q.Commands {
		if row, ok := rows.commands[id]; ok {
			v.Commands[id] = row
		}
	}
	for _, a := range q.Aggregates {
		if row, ok := rows.aggregates[a]; ok {
			v.Aggregates[a] = row
		}
	}
	for _, c := range sortedCommands(rows.commands) {
		if c.Open() && c.Expect.Exclusive() && slices.Contains(q.Aggregates, c.Aggregate) {
			v.Pending[c.Aggregate] = append(v.Pending[c.Aggregate], c)
		}
	}
	return v, nil
}

func sortedCommands(m map[event.ID]eventlog.CommandRow) []eventlog.CommandRow {
	return slices.SortedFunc(maps.Values(m), func(a, b eventlog.CommandRow) int {
		return cmp.Or(a.Position.Compare(b.Position), cmp.Compare(a.ID, b.ID))
	})
}

// Apply implements eventlog.Index.
func (x *Index) Apply(_ context.Context, d eventlog.Delta) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.rows(d.Chain)
	if rows.head.Next != d.Number {
		return false, nil
	}
	rows.head = eventlog.Head{Next: d.Number + 1, Digest: d.Digest}
	for _, e := range d.Events {
		if !d.Forgotten {
			rows.events[e.ID] = rememberedEvent{e, d.Written}
		}
	}
	for _, f := range d.Facts {
		if f.Born.IsZero() {
			f.Born = rows.aggregates[f.Aggregate].Born
		}
		rows.aggregates[f.Aggregate] = f
	}
	for _, c := range d.Opened {
		rows.commands[c.ID] = c
	}
	for _, end := range d.Ended {
		if d.Forgotten {
			delete(rows.commands, end.ID)
			continue
		}
		c, open := rows.commands[end.ID]
		if !open {
			c = end
		}
		c.Outcome, c.EndID, c.End, c.Written = end.Outcome, end.EndID, end.End, end.Written
		rows.commands[end.ID] = c
	}
	x.state.chains[d.Chain] = rows
	return true, nil
}

// Rebuild implements eventlog.Index.
func (x *Index) Rebuild(ctx context.Context, chain int, fill func(apply func(eventlog.Delta) (bool, error)) error) error {
	fresh := NewIndex()
	if err := fill(func(d eventlog.Delta) (bool, error) { return fresh.Apply(ctx, d) }); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state.chains[chain] = fresh.rows(chain)
	return nil
}

// Forget implements eventlog.Index.
func (x *Index) Forget(_ context.Context, t time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	day := t.UTC().Truncate(24 * time.Hour)
	for _, rows := range x.state.chains {
		maps.DeleteFunc(rows.events, func(_ event.ID, e rememberedEvent) bool { return e.written.Before(day) })
		maps.DeleteFunc(rows.commands, func(_ event.ID, c eventlog.CommandRow) bool { return !c.Open() && c.Written.Before(day) })
	}
	return nil
}

// FindCommand implements eventlog.Index.
func (x *Index) FindCommand(_ context.Context, id event.ID) (eventlog.CommandRow, bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, rows := range x.state.chains {
		if c, ok := rows.commands[id]; ok {
			return c, true, nil
		}
	}
	return eventlog.CommandRow{}, false, nil
}

// OverdueCommands implements eventlog.Index.
func (x *Index) OverdueCommands(_ context.Context, before time.Time, limit int) ([]eventlog.CommandRow, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []eventlog.CommandRow
	for _, chain := range slices.Sorted(maps.Keys(x.state.chains)) {
		for _, c := range sortedCommands(x.state.chains[chain].commands) {
			if c.Open() && c.Written.Before(before) && len(list) < limit {
				list = append(list, c)
			}
		}
	}
	return list, nil
}

// CommandsOf implements eventlog.Index.
func (x *Index) CommandsOf(_ context.Context, actor string, since time.Time, limit int) ([]eventlog.CommandRow, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []eventlog.CommandRow
	for _, rows := range x.state.chains {
		for _, c := range rows.commands {
			if actor != "" && c.Actor == actor && (c.Open() || !c.Written.Before(since)) {
				list = append(list, c)
			}
		}
	}
	slices.SortFunc(list, func(a, b eventlog.CommandRow) int {
		return cmp.Or(a.Written.Compare(b.Written), cmp.Compare(a.ID, b.ID))
	})
	return list[max(0, len(list)-limit):], nil
}

// Databases implements eventlog.Index.
func (x *Index) Databases(context.Context) ([]eventlog.AggregateRow, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []eventlog.AggregateRow
	for _, rows := range x.state.chains {
		for _, a := range rows.aggregates {
			if a.Aggregate.Type == event.Database && !a.Deleted {
				list = append(list, a)
			}
		}
	}
	slices.SortFunc(list, func(a, b eventlog.AggregateRow) int { return cmp.Compare(a.Aggregate.ID, b.Aggregate.ID) })
	return list, nil
}

// Under implements eventlog.Index.
func (x *Index) Under(_ context.Context, chain int, t event.AggregateType, prefix string, since event.Position) ([]eventlog.AggregateRow, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []eventlog.AggregateRow
	since.Chain = chain
	for _, a := range x.state.chains[chain].aggregates {
		if a.Aggregate.Type == t && strings.HasPrefix(a.Aggregate.ID, prefix) && !a.Deleted && a.Position.Compare(since) > 0 {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b eventlog.AggregateRow) int { return cmp.Compare(a.Aggregate.ID, b.Aggregate.ID) })
	return list, nil
}

// CountUnder implements eventlog.Index.
func (x *Index) CountUnder(ctx context.Context, chain int, t event.AggregateType, prefix string, since event.Position) (int, error) {
	list, err := x.Under(ctx, chain, t, prefix, since)
	return len(list), err
}

// Cursor implements eventlog.Index.
func (x *Index) Cursor(_ context.Context, reader string, chain int) (eventlog.Head, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.state.cursors[cursorKey{reader, chain}], nil
}

// MoveCursor implements eventlog.Index.
func (x *Index) MoveCursor(_ context.Context, reader string, chain int, to eventlog.Head) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := cursorKey{reader, chain}
	if x.state.cursors[key].Next < to.Next {
		x.state.cursors[key] = to
	}
	return nil
}

// ForceHead breaks the rule that Apply compares: it sets the head.
func (x *Index) ForceHead(chain int, next uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.rows(chain)
	rows.head.Next = next
	x.state.chains[chain] = rows
}

// Dump gives the rows of all chains as text, to compare two indexes.
func (x *Index) Dump() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out strings.Builder
	for _, chain := range slices.Sorted(maps.Keys(x.state.chains)) {
		rows := x.state.chains[chain]
		if rows.head.Next == 0 {
			continue
		}
		fmt.Fprintf(&out, "chain %d: %v\n", chain, rows.head)
		for _, id := range slices.Sorted(maps.Keys(rows.events)) {
			fmt.Fprintf(&out, "  event %v\n", rows.events[id])
		}
		for _, c := range sortedCommands(rows.commands) {
			fmt.Fprintf(&out, "  command %v\n", c)
		}
		for _, a := range slices.SortedFunc(maps.Keys(rows.aggregates), func(a, b event.Aggregate) int { return cmp.Compare(a.String(), b.String()) }) {
			fmt.Fprintf(&out, "  aggregate %v\n", rows.aggregates[a])
		}
	}
	return out.String()
}
