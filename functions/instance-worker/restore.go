package instanceworker

import (
	"context"
	"encoding/json"
	"fmt"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/execute"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/writes"
)

// restore makes an older state the present one, if it fits the class as it is now. An
// instance that does not exist is created. The state keeps the origin that it had.
func (f *Function) restore(ctx context.Context, cmd *event.Event, ref instance.Ref, p writes.InstancePayload, d *classes.Definition) (eventlog.Entry, error) {
	if p.Restores == nil {
		return eventlog.Entry{}, consume.Permanent(fmt.Errorf("command %s restores nothing", cmd.ID))
	}
	made, errs := instance.Restore(d.Schema, ref.ID, p.Data, "body", "data")
	if err := errs.Err(); err != nil {
		return eventlog.Entry{}, changedSince(err, d)
	}
	states, _, err := f.log.States(ctx, cmd.Database, cmd.Aggregate)
	if err != nil {
		return eventlog.Entry{}, err
	}
	state := states[cmd.Aggregate]
	eventType, lifecycle := instanceCreated, event.Creates
	if state.Exists {
		before, err := writes.ReadInstance(ctx, f.log, state.Position)
		if err != nil {
			return eventlog.Entry{}, err
		}
		if expected, at := cmd.Expect.Sequence(); at && expected == state.Sequence && instance.Equal(before.Data, made.Data) {
			return execute.Unchanged(cmd, source, f.now(), map[string]any{"instance_id": ref.ID, "sequence": state.Sequence, "position": state.Position.String()})
		}
		eventType, lifecycle = instanceUpdated, event.Changes
	}
	fact := instance.NewFact(ref, made)
	fact.Restored = p.Restores.Sequence
	data, err := fact.Encode()
	if err != nil {
		return eventlog.Entry{}, err
	}
	e, err := execute.Ending(cmd, eventType, source, f.now(), json.RawMessage(data))
	if err != nil {
		return eventlog.Entry{}, err
	}
	e.Lifecycle, e.Origin = lifecycle, p.Restores.Origin
	err = f.log.Outline(ctx, &e)
	return eventlog.Entry{Event: e, Expect: cmd.Expect, Require: append(targets(ref, made.Links), d.Requires...)}, err
}
