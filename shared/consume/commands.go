package consume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"spiceharvester/shared/batch"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/telemetry"
)

// Executor decides commands and appends what follows. The commands of one call
// concern different aggregates. It returns one error per command: nil means
// that the command has its outcome in the log. An error marked Permanent ends
// the command as failed; any other is tried again.
type Executor func(ctx context.Context, commands []event.Event) []error

// CommandsConfig describes a handler of commands.
type CommandsConfig struct {
	Base
	Source  string // of the COMMAND_FAILED events it appends
	Execute Executor
	// Describe gives the data of a COMMAND_FAILED event, beside command_type,
	// command_id and error; optional.
	Describe func(error) map[string]any
}

// Commands consumes commands. It is safe for concurrent use.
type Commands struct {
	CommandsConfig
	group *batch.Group[delivery, struct{}]
}

// NewCommands makes the middleware of a handler of commands.
func NewCommands(c CommandsConfig) *Commands {
	c.Base = c.withDefaults()
	m := &Commands{CommandsConfig: c}
	m.group = batch.New(batch.Config[delivery]{MaxItems: c.MaxBatch}, m.run)
	return m
}

// Consume takes deliveries and returns when each command has its outcome or
// waits parked. An error means that the registry or the log could not be
// reached: deliver again.
func (m *Commands) Consume(ctx context.Context, events []event.Event) error {
	mine := deliveries(ctx, events, func(e *event.Event) bool {
		return e.Kind == event.Command && slices.Contains(m.Types, e.Aggregate.Type)
	})
	return firstError(m.group.Submit(mine).Wait(ctx))
}

// Close waits for the batch in flight.
func (m *Commands) Close() { m.group.Close() }

func (m *Commands) run(calls []*batch.Call[delivery, struct{}]) {
	ctx, cancel := context.WithTimeout(context.Background(), m.Timeout)
	defer cancel()
	ctx = telemetry.With(ctx, calls[0].Item.scope)
	telemetry.BatchSize.WithLabelValues(m.Handler).Observe(float64(len(calls)))
	byDatabase := map[string][]int{}
	for i, c := range calls {
		byDatabase[c.Item.Database] = append(byDatabase[c.Item.Database], i)
	}
	for database, list := range byDatabase {
		deliveries := make([]event.Event, len(list))
		for i, at := range list {
			deliveries[i] = calls[at].Item.Event
		}
		err := m.consume(ctx, database, deliveries)
		for _, at := range list {
			calls[at].Answer(struct{}{}, err)
		}
	}
}

// consume ends the delivered commands of one database.
func (m *Commands) consume(ctx context.Context, database string, deliveries []event.Event) error {
	open, err := m.open(ctx, database, deliveries)
	if err != nil {
		return fmt.Errorf("consume: open commands: %w", err)
	}
	var aggregates []event.Aggregate
	for _, e := range open {
		if !slices.Contains(aggregates, e.Aggregate) {
			aggregates = append(aggregates, e.Aggregate)
		}
	}
	if len(aggregates) == 0 {
		return nil
	}
	marks, err := m.Registry.Load(ctx, m.Handler, aggregates)
	if err != nil {
		return fmt.Errorf("consume: marks of %s: %w", m.Handler, err)
	}
	open = slices.DeleteFunc(open, func(e event.Event) bool { return marks[e.Aggregate].waits(m.Now()) })
	var done []Progress
	for len(open) > 0 {
		round, rest := firstPerAggregate(open)
		blocked := map[event.Aggregate]bool{}
		ctx, watch := watched(ctx, m.Handler, pointers(round))
		results := tries(ctx, m.Retry, round, m.Execute)
		watch.done()
		for i, err := range results {
			watch.ended(i, &round[i], err)
			p, err := m.progress(ctx, &round[i], marks[round[i].Aggregate], err)
			if err != nil {
				return err
			}
			blocked[round[i].Aggregate] = p.Park != nil
			done = append(done, p)
		}
		open = slices.DeleteFunc(rest, func(e event.Event) bool { return blocked[e.Aggregate] })
	}
	if len(done) == 0 {
		return nil
	}
	if err := m.Registry.Save(ctx, m.Handler, m.Now(), done); err != nil {
		return fmt.Errorf("consume: save progress of %s: %w", m.Handler, err)
	}
	return nil
}

// open gives the delivered commands that have no outcome, and the earlier open
// ones of the same aggregates, in log order.
func (m *Commands) open(ctx context.Context, database string, deliveries []event.Event) ([]event.Event, error) {
	var q eventlog.Query
	for _, e := range deliveries {
		q.Commands = append(q.Commands, e.ID)
		q.Aggregates = append(q.Aggregates, e.Aggregate)
	}
	view, err := m.Log.Snapshot(ctx, database, q)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(q.Commands, func(id event.ID) bool { return !known(view, id) }) {
		return m.fromView(ctx, view, deliveries)
	}
	// Published but not indexed: the index lost something.
	chain, err := m.Log.ChainOf(ctx, database)
	if err != nil {
		return nil, err
	}
	if err := m.Log.CatchUp(ctx, chain); err != nil {
		return nil, err
	}
	if view, err = m.Log.Snapshot(ctx, database, q); err != nil {
		return nil, err
	}
	return m.fromView(ctx, view, deliveries)
}

func known(v eventlog.View, id event.ID) bool { _, ok := v.Commands[id]; return ok }

func (m *Commands) fromView(ctx context.Context, view eventlog.View, deliveries []event.Event) ([]event.Event, error) {
	taken := map[event.ID]event.Event{}
	for _, e := range deliveries {
		c, ok := view.Commands[e.ID]
		if !ok || !c.Open() {
			stale(ctx, &e)
			continue // ended; or ended so long ago that it is forgotten
		}
		if e.Position = c.Position; eventlog.ContentOf(&e) != c.Content {
			// A delivery is a hint: what the log has is what was accepted.
			var err error
			if e, err = m.Log.Event(ctx, c.Position); err != nil {
				return nil, err
			}
		}
		taken[e.ID] = e
	}
	for _, e := range slices.Collect(values(taken)) {
		for _, c := range view.Pending[e.Aggregate] {
			if _, ok := taken[c.ID]; ok || c.Position.Compare(e.Position) > 0 {
				continue
			}
			earlier, err := m.Log.Event(ctx, c.Position)
			if err != nil {
				return nil, err
			}
			taken[c.ID] = earlier
		}
	}
	return slices.SortedFunc(values(taken), func(a, b event.Event) int { return a.Position.Compare(b.Position) }), nil
}

func pointers(events []event.Event) []*event.Event {
	list := make([]*event.Event, len(events))
	for i := range events {
		list[i] = &events[i]
	}
	return list
}

func values(m map[event.ID]event.Event) func(func(event.Event) bool) {
	return func(yield func(event.Event) bool) {
		for _, e := range m {
			if !yield(e) {
				return
			}
		}
	}
}

// firstPerAggregate splits off the first command of each aggregate.
func firstPerAggregate(open []event.Event) (round, rest []event.Event) {
	seen := map[event.Aggregate]bool{}
	for _, e := range open {
		if seen[e.Aggregate] {
			rest = append(rest, e)
			continue
		}
		seen[e.Aggregate] = true
		round = append(round, e)
	}
	return round, rest
}

// progress says what the registry shall remember of one command, and gives a
// command that cannot succeed its outcome.
func (m *Commands) progress(ctx context.Context, e *event.Event, mark Mark, cause error) (Progress, error) {
	p := Progress{Aggregate: e.Aggregate}
	attempts := 1
	if mark.Parked != nil {
		attempts = mark.Parked.Attempts + 1
	}
	row := ProcessedEvent{ID: e.ID, Status: StatusDone, Attempts: attempts}
	if cause == nil {
		p.Events = []ProcessedEvent{row}
		return p, nil
	}
	row.Status, row.Error = StatusFailed, cause.Error()
	p.Events = []ProcessedEvent{row}
	if errors.Is(cause, eventlog.ErrUnknown) || errors.Is(cause, eventlog.ErrDamaged) {
		// The log itself is away: nothing was decided and nothing counts.
		return p, fmt.Errorf("consume: command %s: %w", e.ID, cause)
	}
	ctx = telemetry.About(telemetry.Within(ctx, e.TraceParent), e.Correlation, string(e.ID))
	if IsPermanent(cause) || attempts >= m.Retry.Attempts {
		m.Logger.InfoContext(ctx, "command fails", "handler", m.Handler, "attempts", attempts, "error", cause)
		_, err := m.Log.Append(ctx, eventlog.Entry{Event: m.failed(e, cause, attempts)})
		var refusal *eventlog.Refusal
		if err != nil && !errors.As(err, &refusal) {
			return p, fmt.Errorf("consume: end command %s: %w", e.ID, err)
		}
		return p, nil
	}
	p.Park = m.Retry.park(m.Handler, e, 0, mark, cause, m.Now())
	m.Logger.WarnContext(ctx, "parked", "handler", m.Handler, "attempts", attempts, "error", cause)
	return p, nil
}

// failed makes the outcome of a command that cannot succeed.
func (m *Commands) failed(cmd *event.Event, cause error, attempts int) event.Event {
	data := map[string]any{}
	if m.Describe != nil {
		data = m.Describe(cause)
	}
	data["command_type"], data["command_id"], data["error"], data["attempts"] = cmd.Type, cmd.ID, cause.Error(), attempts
	body, err := json.Marshal(data)
	if err != nil {
		body = []byte(`{}`) // a description that cannot be written must not keep the command open
	}
	return event.Event{
		ID: event.DomainID(cmd.ID, CommandFailed, cmd.Aggregate.ID), Type: CommandFailed, Source: m.Source, Time: m.Now().UTC(),
		Kind: event.Domain, Aggregate: cmd.Aggregate, Command: cmd.ID, Outcome: event.Failed,
		Database: cmd.Database, Branch: cmd.Branch, Actor: cmd.Actor, Correlation: cmd.Correlation, TraceParent: cmd.TraceParent, Data: body,
	}
}

// CommandFailed is the type of the event that ends a command as failed.
const CommandFailed = "COMMAND_FAILED"
