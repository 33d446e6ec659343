// Package ontologyworker decides commands on databases and classes. It writes
// facts into the log and nothing else: projections follow from them.
package ontologyworker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// The events that this worker appends.
const (
	source          = "/functions/ontology-worker"
	databaseCreated = "DATABASE_CREATED"
	databaseDeleted = "DATABASE_DELETED"
	classCreated    = "ONTOLOGY_CLASS_CREATED"
	classUpdated    = "ONTOLOGY_CLASS_UPDATED"
	classDeleted    = "ONTOLOGY_CLASS_DELETED"
)

// Function is the worker.
type Function struct {
	http.Handler
	log      *eventlog.Log
	classes  *classes.Reader
	commands *consume.Commands
	now      func() time.Time
}

// Open makes the worker out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	f := New(p.Log, p.Registry, p.Now, p.Logger)
	f.commands.Execute = p.Status.Reporting(f.commands.Execute)
	return f, nil
}

// New makes the worker.
func New(log *eventlog.Log, registry consume.Registry, now func() time.Time, logger *slog.Logger) *Function {
	f := &Function{log: log, classes: classes.NewReader(log), now: now}
	f.commands = consume.NewCommands(consume.CommandsConfig{
		Base:   consume.Base{Handler: "ontology_worker", Types: []event.AggregateType{event.Database, classes.Type}, Log: log, Registry: registry, Now: now, Logger: logger},
		Source: source, Execute: f.execute, Describe: execute.Describe,
	})
	f.Handler = &consume.HTTP{Handler: "ontology_worker", Consume: f.commands.Consume, Registry: registry, Now: now, Logger: logger}
	return f
}

// Close waits for the batch in flight.
func (f *Function) Close() { f.commands.Close() }

func (f *Function) execute(ctx context.Context, commands []event.Event) []error {
	return execute.Run(ctx, f.log, commands, func() execute.Decide { return f.decide })
}

func (f *Function) decide(ctx context.Context, cmd *event.Event, data command.Data) (eventlog.Entry, error) {
	switch data.Type {
	case writes.CreateDatabase, writes.DeleteDatabase:
		return f.database(cmd, data)
	case writes.CreateClass, writes.UpdateClass, writes.DeleteClass:
		var payload writes.ClassPayload
		if err := decode(data.Payload, &payload); err != nil {
			return eventlog.Entry{}, consume.Permanent(fmt.Errorf("payload: %w", err))
		}
		switch data.Type {
		case writes.CreateClass:
			return f.create(ctx, cmd, payload)
		case writes.UpdateClass:
			return f.update(ctx, cmd, payload)
		}
		if err := writes.RefuseInUse(ctx, f.classes, cmd.Database, cmd.Branch, payload.Class); err != nil {
			return eventlog.Entry{}, err
		}
		return f.end(cmd, classDeleted, event.Deletes, classes.Fact{Database: cmd.Database, Branch: cmd.Branch, Class: payload.Class})
	}
	return eventlog.Entry{}, consume.Permanent(fmt.Errorf("unknown command type %q", data.Type))
}

// decode reads a payload; numbers keep their text.
func decode(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func (f *Function) end(cmd *event.Event, eventType string, lifecycle event.Lifecycle, data any) (eventlog.Entry, error) {
	e, err := execute.Ending(cmd, eventType, source, f.now(), data)
	e.Lifecycle = lifecycle
	return eventlog.Entry{Event: e, Expect: cmd.Expect}, err
}

func (f *Function) database(cmd *event.Event, data command.Data) (eventlog.Entry, error) {
	var fact writes.DatabaseFact
	if err := decode(data.Payload, &fact); err != nil {
		return eventlog.Entry{}, consume.Permanent(fmt.Errorf("payload: %w", err))
	}
	if data.Type == writes.DeleteDatabase {
		return f.end(cmd, databaseDeleted, event.Deletes, writes.DatabaseFact{Database: fact.Database})
	}
	return f.end(cmd, databaseCreated, event.Creates, fact)
}

// options tells how declarations are read. A class that cannot be looked up is
// no class that does not exist: the lookup's error is kept for the caller.
func (f *Function) options(ctx context.Context, cmd *event.Event, lookup *error) ontology.Options {
	return ontology.Options{IsClass: func(id string) bool {
		ok, err := f.classes.Exists(ctx, cmd.Database, cmd.Branch, id)
		if err != nil {
			*lookup = err
		}
		return ok
	}}
}

func (f *Function) create(ctx context.Context, cmd *event.Event, payload writes.ClassPayload) (eventlog.Entry, error) {
	var lookup error
	schema, errs := ontology.Declare(payload.Body, f.options(ctx, cmd, &lookup), "body")
	if err := cmp.Or(lookup, errs.Err()); err != nil {
		return eventlog.Entry{}, err
	}
	_, parents, err := f.classes.Parents(ctx, cmd.Database, cmd.Branch, schema.Class)
	if err != nil {
		return eventlog.Entry{}, err
	}
	entry, err := f.end(cmd, classCreated, event.Creates, classes.Fact{Database: cmd.Database, Branch: cmd.Branch, Class: payload.Class, Body: &schema.Class})
	entry.Require = parents
	return entry, err
}

func (f *Function) update(ctx context.Context, cmd *event.Event, payload writes.ClassPayload) (eventlog.Entry, error) {
	before, err := f.classes.Get(ctx, cmd.Database, cmd.Branch, payload.Class)
	if err != nil {
		return eventlog.Entry{}, err
	}
	if expected, _ := cmd.Expect.Sequence(); before.Sequence != expected {
		return eventlog.Entry{}, problem.SequenceConflict(cmd.Aggregate.ID, int64(expected), int64(before.Sequence))
	}
	var lookup error
	update, errs := ontology.ParseUpdate(payload.Body, payload.Class, f.options(ctx, cmd, &lookup), "body")
	if err := cmp.Or(lookup, errs.Err()); err != nil {
		return eventlog.Entry{}, err
	}
	after := update.Apply(before.Class)
	if _, errs := ontology.Compile(after, "body"); len(errs) > 0 {
		return eventlog.Entry{}, errs.Err()
	}
	if after.Equal(before.Class) {
		return execute.Unchanged(cmd, source, f.now(), map[string]any{"class_id": payload.Class, "sequence": before.Sequence, "position": before.Position.String()})
	}
	_, parents, err := f.classes.Parents(ctx, cmd.Database, cmd.Branch, after)
	if err != nil {
		return eventlog.Entry{}, err
	}
	entry, err := f.end(cmd, classUpdated, event.Changes, classes.Fact{Database: cmd.Database, Branch: cmd.Branch, Class: payload.Class, Body: &after})
	entry.Require = parents
	return entry, err
}
