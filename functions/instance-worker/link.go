package instanceworker

import (
	"encoding/json"
	"errors"
	"slices"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// missingTarget names the field, below loc, whose link leads nowhere.
func missingTarget(r *eventlog.Refusal, data map[string]any, loc ...any) *problem.Problem {
	target, err := instance.ParseAggregateID(r.Aggregate.ID)
	if err != nil {
		return problem.Internal(err)
	}
	ref := target.Class + "/" + target.ID
	field := ""
	for name, value := range data {
		list, many := value.([]any)
		if value == any(ref) || many && slices.Contains(list, any(ref)) {
			field = name
		}
	}
	return problem.Validation(instance.MissingTarget(problem.At(loc, field), ref))
}

// explain tells which field of a single command linked to what does not exist.
func explain(err error, command json.RawMessage) error {
	var r *eventlog.Refusal
	if !errors.As(err, &r) || r.Reason != eventlog.RequireConflict || r.Aggregate.Type != writes.Instances {
		return err
	}
	var body struct {
		Payload struct {
			Data map[string]any `json:"data"`
		} `json:"payload"`
	}
	if json.Unmarshal(command, &body) != nil {
		return err // the data lies outside the event: the id has to do
	}
	return consume.Permanent(missingTarget(r, body.Payload.Data, "body", "data"))
}
