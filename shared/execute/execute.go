// Package execute is what the command workers share: decide each command on the
// state that the log shows now, append what follows in one batch, and decide
// again if the ground moved meanwhile.
package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
)

// rounds bounds how often a command is decided again because a class moved on
// between its decision and the append.
const rounds = 5

// Decide turns a command into the event that ends it. An error that holds a
// problem of the client's making (4xx) ends the command as failed.
type Decide func(ctx context.Context, cmd *event.Event, data command.Data) (eventlog.Entry, error)

// Run decides and appends commands; it returns one error per command as
// consume.Executor wants it. begin is called for each round: a Decide may
// remember what it read within one, and must read it anew in the next.
func Run(ctx context.Context, log *eventlog.Log, commands []event.Event, begin func() Decide) []error {
	errs := make([]error, len(commands))
	todo := make([]int, len(commands))
	for i := range commands {
		todo[i] = i
	}
	for round := 1; len(todo) > 0; round++ {
		decide := begin()
		var entries []eventlog.Entry
		var decided []int
		for _, i := range todo {
			var entry eventlog.Entry
			data, err := Data(ctx, log, &commands[i])
			if err == nil {
				entry, err = decide(ctx, &commands[i], data)
			}
			if errs[i] = Permanent(err); err == nil {
				entries, decided = append(entries, entry), append(decided, i)
			}
		}
		todo = nil
		for k, o := range log.AppendAll(ctx, entries) {
			i := decided[k]
			if moved(o.Err) && round < rounds {
				todo = append(todo, i)
				continue
			}
			errs[i] = Permanent(o.Err)
		}
	}
	return errs
}

// Data reads what a command says.
func Data(ctx context.Context, log *eventlog.Log, cmd *event.Event) (command.Data, error) {
	var d command.Data
	raw, err := log.Data(ctx, cmd)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, consume.Permanent(fmt.Errorf("command %s: data: %w", cmd.ID, err))
	}
	return d, nil
}

// moved reports whether something that the decision rested on has changed. What
// does not exist is not worth another look.
func moved(err error) bool {
	var r *eventlog.Refusal
	return errors.As(err, &r) && r.Reason == eventlog.RequireConflict && r.Exists
}

// Permanent marks errors that another try cannot mend: the log's refusals and
// the client's mistakes. What the log refused is told as a problem.
func Permanent(err error) error {
	if err == nil || consume.IsPermanent(err) {
		return err
	}
	var r *eventlog.Refusal
	if errors.As(err, &r) {
		if r.Reason == eventlog.CommandEnded || r.Reason == eventlog.CommandUnknown {
			return nil // somebody else ended it
		}
		return consume.Permanent(command.Problem(err))
	}
	if p, ok := problem.AsProblem(err); ok && p.Status < 500 && !p.Retryable() {
		return consume.Permanent(err)
	}
	return err
}

// Describe gives the data of a failed command: the problem, as a client reads it.
func Describe(err error) map[string]any {
	if p, ok := problem.AsProblem(err); ok {
		return map[string]any{"problem": p}
	}
	return map[string]any{}
}

// Ending makes the event that ends a command as completed. A fact gets its
// lifecycle from the caller.
func Ending(cmd *event.Event, eventType, source string, now time.Time, data any) (event.Event, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return event.Event{}, fmt.Errorf("execute: data of %s: %w", eventType, err)
	}
	return event.Event{
		ID: event.DomainID(cmd.ID, eventType, cmd.Aggregate.ID), Type: eventType, Source: source, Time: now.UTC(), Kind: event.Domain,
		Aggregate: cmd.Aggregate, Command: cmd.ID, Outcome: event.Completed, Database: cmd.Database, Branch: cmd.Branch,
		Actor: cmd.Actor, Correlation: cmd.Correlation, TraceParent: cmd.TraceParent, Data: body,
	}, nil
}

// UnchangedType is the type of the event that ends a write which changes
// nothing; it is no fact.
const UnchangedType = "COMMAND_UNCHANGED"

// Unchanged makes that event.
func Unchanged(cmd *event.Event, source string, now time.Time, result map[string]any) (eventlog.Entry, error) {
	result["unchanged"] = true
	e, err := Ending(cmd, UnchangedType, source, now, map[string]any{"result": result})
	return eventlog.Entry{Event: e}, err
}
