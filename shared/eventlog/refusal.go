package eventlog

import (
	"fmt"

	"spiceharvester/shared/event"
)

// Require is an expectation about another aggregate of the same chain.
type Require struct {
	Aggregate event.Aggregate
	Expect    event.Expect
}

// Reason is why the log refused an event.
type Reason string

// The reasons for a refusal.
const (
	Conflict        Reason = "conflict"          // the aggregate is not where it was expected
	RequireConflict Reason = "require_conflict"  // another aggregate is not where it was expected
	PendingCommand  Reason = "pending_command"   // an open command has the same expectation
	IDReused        Reason = "id_reused"         // the id was used for something else
	DatabaseMissing Reason = "database_missing"  // the database does not exist (any more)
	CommandEnded    Reason = "command_ended"     // the command has its outcome, see Command
	CommandUnknown  Reason = "command_not_known" // the command is neither open nor remembered
)

// Refusal is the log's final answer that an event was not and will not be
// stored by this append.
type Refusal struct {
	Reason    Reason
	Aggregate event.Aggregate // the aggregate that is not as expected
	Expect    event.Expect    // what was expected of it
	Sequence  uint64          // its last sequence, 0 if it never had a fact
	Exists    bool            // whether it exists
	Command   CommandRow      // the command in the way (PendingCommand, CommandEnded)
}

// Error tells the reason and what was found.
func (r *Refusal) Error() string {
	switch r.Reason {
	case Conflict, RequireConflict:
		return fmt.Sprintf("eventlog: refused (%s): %s expected %q, found sequence %d, exists %t", r.Reason, r.Aggregate, r.Expect, r.Sequence, r.Exists)
	case PendingCommand, CommandEnded:
		return fmt.Sprintf("eventlog: refused (%s): command %s", r.Reason, r.Command.ID)
	}
	return fmt.Sprintf("eventlog: refused (%s): %s", r.Reason, r.Aggregate)
}
