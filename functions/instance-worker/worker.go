// Package instanceworker decides commands on instances. It writes facts into
// the log and nothing else: projections follow from them.
package instanceworker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

// The events that this worker appends.
const (
	source          = "/functions/instance-worker"
	instanceCreated = "INSTANCE_CREATED"
	instanceUpdated = "INSTANCE_UPDATED"
	instanceDeleted = "INSTANCE_DELETED"
	bulkCreated     = "INSTANCES_BULK_CREATED"
	bulkUpserted    = "INSTANCES_BULK_UPSERTED"
	bulkUpdated     = "INSTANCES_BULK_UPDATED"
	bulkDeleted     = "INSTANCES_BULK_DELETED"
)

var textOtherID = problem.Define("instance.other_id",
	"The key of the class has changed: the instance was accepted as '{accepted}' and would be '{now}'.",
	"클래스의 키가 변경되었습니다: '{accepted}'(으)로 접수된 인스턴스가 이제 '{now}'이(가) 됩니다.")

// Function is the worker.
type Function struct {
	http.Handler
	log      *eventlog.Log
	classes  *classes.Reader
	commands *consume.Commands
	now      func() time.Time
	progress Progress
}

// Progress hears how many rows of a bulk command are done. It may fail unseen.
type Progress func(ctx context.Context, cmd *event.Event, done, total int)

// ShowProgress tells where the progress of bulk commands is shown. It is called before
// the first delivery.
func (f *Function) ShowProgress(p Progress) { f.progress = p }

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	f := New(p.Log, p.Registry, p.Now, p.Logger)
	f.commands.Execute = p.Status.Reporting(f.commands.Execute)
	shown := &tasks.Service{
		Store: tasks.OpenStore(p), Logger: p.Logger,
		Commands: &command.Reader{Log: p.Log, Registry: p.Registry, Workers: command.Workers},
	}
	f.ShowProgress(func(ctx context.Context, cmd *event.Event, done, total int) {
		kind := strings.TrimSuffix(cmd.Type, "_REQUESTED")
		shown.Tell(ctx, tasks.Bulk{ID: cmd.ID, Type: kind, Aggregate: cmd.Aggregate, Database: cmd.Database, Actor: cmd.Actor, Total: total}, done)
	})
	return f, nil
}

// New makes the worker.
func New(log *eventlog.Log, registry consume.Registry, now func() time.Time, logger *slog.Logger) *Function {
	f := &Function{log: log, classes: classes.NewReader(log), now: now}
	f.commands = consume.NewCommands(consume.CommandsConfig{
		Base:   consume.Base{Handler: "instance_worker", Types: []event.AggregateType{writes.Instances}, Log: log, Registry: registry, Now: now, Logger: logger},
		Source: source, Execute: f.execute, Describe: execute.Describe,
	})
	f.Handler = &consume.HTTP{Handler: "instance_worker", Consume: f.commands.Consume, Registry: registry, Now: now, Logger: logger}
	return f
}

// Close waits for the batch in flight.
func (f *Function) Close() { f.commands.Close() }

// execute decides single commands together and bulk commands one by one.
func (f *Function) execute(ctx context.Context, commands []event.Event) []error {
	errs := make([]error, len(commands))
	var single []event.Event
	var at []int
	for i := range commands {
		switch commands[i].Type {
		case writes.BulkCreate + "_REQUESTED", writes.BulkUpsert + "_REQUESTED", writes.BulkUpdate + "_REQUESTED", writes.BulkDelete + "_REQUESTED":
			errs[i] = execute.Permanent(f.bulk(ctx, &commands[i]))
			continue
		}
		single, at = append(single, commands[i]), append(at, i)
	}
	for k, err := range execute.Run(ctx, f.log, single, f.decider) {
		errs[at[k]] = explain(err, single[k].Data)
	}
	return errs
}

// decider looks each class up once per round.
func (f *Function) decider() execute.Decide {
	known := map[event.Aggregate]*classes.Definition{}
	return func(ctx context.Context, cmd *event.Event, data command.Data) (eventlog.Entry, error) {
		payload, err := decode(data.Payload)
		if err != nil {
			return eventlog.Entry{}, consume.Permanent(fmt.Errorf("payload: %w", err))
		}
		a := classes.Aggregate(cmd.Database, cmd.Branch, payload.Class)
		if known[a] == nil {
			if known[a], err = f.classes.Get(ctx, cmd.Database, cmd.Branch, payload.Class); err != nil {
				return eventlog.Entry{}, err
			}
		}
		d, err := writes.ForLinks(ctx, f.classes, cmd.Database, cmd.Branch, known[a], payload.Data)
		if err != nil {
			return eventlog.Entry{}, err
		}
		return f.decide(ctx, cmd, data.Type, payload, d)
	}
}

// decode reads a payload; numbers keep their text.
func decode(raw json.RawMessage) (p writes.InstancePayload, err error) {
	object, err := strictjson.Object(raw)
	if err != nil {
		return p, err
	}
	p.Class, _ = object["class_id"].(string)
	p.Instance, _ = object["instance_id"].(string)
	p.Data, _ = object["data"].(map[string]any)
	var from struct{ Restores *writes.Restores }
	if err := json.Unmarshal(raw, &from); err != nil {
		return p, err
	}
	p.Restores = from.Restores
	return p, nil
}

func (f *Function) decide(ctx context.Context, cmd *event.Event, commandType string, p writes.InstancePayload, d *classes.Definition) (eventlog.Entry, error) {
	ref := instance.Ref{Database: cmd.Database, Branch: cmd.Branch, Class: p.Class, ID: p.Instance}
	switch commandType {
	case writes.CreateInstance:
		made, errs := instance.Create(d.Schema, p.Data, string(cmd.ID), 0, "body", "data")
		if err := errs.Err(); err != nil {
			return eventlog.Entry{}, changedSince(err, d)
		}
		if made.ID != p.Instance {
			return eventlog.Entry{}, changedSince(problem.Conflict(textOtherID.With("accepted", p.Instance, "now", made.ID)), d)
		}
		return f.fact(ctx, cmd, instanceCreated, event.Creates, ref, made, d)
	case writes.UpdateInstance:
		return f.update(ctx, cmd, ref, p.Data, d)
	case writes.DeleteInstance:
		return f.deletion(cmd, ref)
	case writes.RestoreInstance:
		return f.restore(ctx, cmd, ref, p, d)
	}
	return eventlog.Entry{}, consume.Permanent(fmt.Errorf("unknown command type %q", commandType))
}

// fact makes the event that an instance has a state now. It requires the class
// at the sequence that it was checked with, and the targets of its links.
func (f *Function) fact(ctx context.Context, cmd *event.Event, eventType string, lifecycle event.Lifecycle, ref instance.Ref, made instance.Instance, d *classes.Definition) (eventlog.Entry, error) {
	data, err := instance.NewFact(ref, made).Encode()
	if err != nil {
		return eventlog.Entry{}, err
	}
	e, err := execute.Ending(cmd, eventType, source, f.now(), json.RawMessage(data))
	if err != nil {
		return eventlog.Entry{}, err
	}
	e.Lifecycle, e.Aggregate = lifecycle, writes.InstanceAggregate(ref)
	err = f.log.Outline(ctx, &e)
	return eventlog.Entry{Event: e, Expect: cmd.Expect, Require: append(targets(ref, made.Links), d.Requires...)}, err
}

// targets requires that the instances at the far end of links exist.
func targets(ref instance.Ref, links []instance.Link) []eventlog.Require {
	var list []eventlog.Require
	for _, l := range links {
		target := instance.Ref{Database: ref.Database, Branch: ref.Branch, Class: l.Class, ID: l.ID}
		if target != ref { // an instance may link to itself
			list = append(list, eventlog.Require{Aggregate: writes.InstanceAggregate(target), Expect: event.Present})
		}
	}
	return list
}

func (f *Function) update(ctx context.Context, cmd *event.Event, ref instance.Ref, patch map[string]any, d *classes.Definition) (eventlog.Entry, error) {
	states, _, err := f.log.States(ctx, cmd.Database, cmd.Aggregate)
	if err != nil {
		return eventlog.Entry{}, err
	}
	state := states[cmd.Aggregate]
	if !state.Exists {
		return eventlog.Entry{}, problem.NotFound(problem.KindInstance, ref.ID)
	}
	if expected, at := cmd.Expect.Sequence(); at && expected != state.Sequence {
		return eventlog.Entry{}, problem.SequenceConflict(cmd.Aggregate.ID, int64(expected), int64(state.Sequence))
	}
	before, err := writes.ReadInstance(ctx, f.log, state.Position)
	if err != nil {
		return eventlog.Entry{}, err
	}
	made, changed, errs := instance.Update(d.Schema, ref.ID, before.Data, patch, "body", "data")
	if err := errs.Err(); err != nil {
		return eventlog.Entry{}, changedSince(err, d)
	}
	if !changed {
		return execute.Unchanged(cmd, source, f.now(), map[string]any{"instance_id": ref.ID, "sequence": state.Sequence, "position": state.Position.String()})
	}
	return f.fact(ctx, cmd, instanceUpdated, event.Changes, ref, made, d)
}

func (f *Function) deletion(cmd *event.Event, ref instance.Ref) (eventlog.Entry, error) {
	data, err := instance.Fact{Ref: ref}.Encode()
	if err != nil {
		return eventlog.Entry{}, err
	}
	e, err := execute.Ending(cmd, instanceDeleted, source, f.now(), json.RawMessage(data))
	e.Lifecycle = event.Deletes
	return eventlog.Entry{Event: e, Expect: cmd.Expect}, err
}

// changedSince tells with which state of the class a value was refused: it was
// valid when the command was accepted.
func changedSince(err error, d *classes.Definition) error {
	p, ok := problem.AsProblem(err)
	if !ok {
		return err
	}
	return p.WithContext("class_id", d.Class.ID).WithContext("class_sequence", d.Sequence)
}
