// Package writes is the acceptance of writes, shared by both HTTP APIs: it
// checks a request against the state that the log shows now and turns it into
// a command. What a worker decides later, it checks again.
package writes

import (
	"context"
	"net/http"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// The types of commands.
const (
	CreateDatabase = "CREATE_DATABASE"
	DeleteDatabase = "DELETE_DATABASE"
	CreateClass    = "CREATE_ONTOLOGY_CLASS"
	UpdateClass    = "UPDATE_ONTOLOGY_CLASS"
	DeleteClass    = "DELETE_ONTOLOGY_CLASS"
	CreateInstance = "CREATE_INSTANCE"
	UpdateInstance = "UPDATE_INSTANCE"
	DeleteInstance = "DELETE_INSTANCE"

	RestoreInstance = "RESTORE_INSTANCE" // an older state becomes the present one
	BulkCreate      = "BULK_CREATE_INSTANCES"
	BulkUpdate      = "BULK_UPDATE_INSTANCES"
	BulkDelete      = "BULK_DELETE_INSTANCES"
	BulkUpsert      = "BULK_UPSERT_INSTANCES" // objectify's: absent rows are created, different ones updated
)

// Instances is the aggregate type of instances.
const Instances event.AggregateType = "Instance"

// Caller is who asks, and how.
type Caller struct {
	Actor          string
	Principal      Principal // in whose name
	Endpoint       string    // names the endpoint, for the Idempotency-Key
	IdempotencyKey string
	Correlation    string
	TraceParent    string
	Reason         string // X-Change-Reason
	Admin          bool   // carries a valid admin token
}

// Policy is how strictly an installation guards its ontology.
type Policy struct {
	RequireProposals bool     // ONTOLOGY_REQUIRE_PROPOSALS
	Protected        []string // ONTOLOGY_PROTECTED_BRANCHES
	Lint             ontology.LintOptions
}

// Service accepts writes.
type Service struct {
	Commands *command.Service
	Classes  *classes.Reader
	Policy   Policy
	// Stored checks changes of classes against the instances that exist; without it they
	// are not checked.
	Stored Stored
}

func (s *Service) submit(ctx context.Context, c Caller, r command.Request) (command.Accepted, error) {
	if r.ID == "" {
		id, err := command.NewID(r.Database, c.Endpoint, c.IdempotencyKey)
		if err != nil {
			return command.Accepted{}, problem.Internal(err)
		}
		r.ID = id
	}
	r.Actor, r.Correlation, r.TraceParent = c.Actor, c.Correlation, c.TraceParent
	return s.Commands.Submit(ctx, r)
}

// replayed answers a repeated request whose first run changed the ground under
// it: a deletion, sent again under its Idempotency-Key, finds nothing to delete
// and is still the command that was accepted.
func (s *Service) replayed(ctx context.Context, c Caller, database string, err error) (command.Accepted, error) {
	if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusNotFound {
		return command.Accepted{}, err
	}
	row, known, lookErr := s.underKey(ctx, c, database)
	if lookErr != nil || !known {
		return command.Accepted{}, err
	}
	return command.Accepted{ID: row.ID, Position: row.Position, Repeated: true}, nil
}

// underKey looks for the command that was accepted under the caller's
// Idempotency-Key.
func (s *Service) underKey(ctx context.Context, c Caller, database string) (row eventlog.CommandRow, known bool, err error) {
	if c.IdempotencyKey == "" {
		return row, false, nil
	}
	row, known, err = s.Commands.Log.Command(ctx, event.IdempotentCommandID(database, c.Endpoint, c.IdempotencyKey))
	if err != nil {
		return row, false, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	return row, known, nil
}

// pathParam checks a name that stands in the path.
func pathParam(name string, value string, check func(string) error) error {
	if err := check(value); err != nil {
		return problem.InvalidParameter([]any{"path", name}, err, value)
	}
	return nil
}

func queryParam(name string, value string, check func(string) error) error {
	if err := check(value); err != nil {
		return problem.InvalidParameter([]any{"query", name}, err, value)
	}
	return nil
}

// CheckTarget checks database and branch as they stand in path and query. Every
// database has one branch until branches are built.
func CheckTarget(database, branch string) error {
	if err := pathParam("db_name", database, ontology.CheckDatabase); err != nil {
		return err
	}
	if err := queryParam("branch", branch, ontology.CheckBranch); err != nil {
		return err
	}
	if branch != ontology.MainBranch {
		return problem.NotFound(problem.KindBranch, branch)
	}
	return nil
}

// requireDatabase answers 404 for a database that does not exist.
func (s *Service) requireDatabase(ctx context.Context, database string) error {
	_, exists, err := s.Sequence(ctx, database, event.DatabaseAggregate(database))
	if err != nil {
		return err
	}
	if !exists {
		return problem.NotFound(problem.KindDatabase, database)
	}
	return nil
}

// Sequence gives the sequence of an aggregate's last fact, 0 without any.
func (s *Service) Sequence(ctx context.Context, database string, a event.Aggregate) (uint64, bool, error) {
	states, _, err := s.Commands.Log.States(ctx, database, a)
	if err != nil {
		return 0, false, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	return states[a].Sequence, states[a].Exists, nil
}

func classRequired(database, branch, class string) eventlog.Require {
	return eventlog.Require{Aggregate: classes.Aggregate(database, branch, class), Expect: event.Present}
}
