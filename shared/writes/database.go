package writes

import (
	"context"
	"slices"
	"unicode/utf8"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// DatabaseFact is the data of an event about a database.
type DatabaseFact struct {
	Database    string         `json:"db_name"`
	Description string         `json:"description,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Owner       *Principal     `json:"owner,omitempty"` // of a creation
}

// maxDescription bounds a database's description, in characters.
const maxDescription = 500

// systemDatabases belong to the platform.
var systemDatabases = []string{"_system", "_meta"}

var (
	textDescriptionLong = problem.Define("database.description_long", "The description may have at most {limit} characters.", "설명은 최대 {limit}자까지 입력할 수 있습니다.")
	textSystemDatabase  = problem.Define("database.system", "The system database '{name}' cannot be deleted.", "시스템 데이터베이스 '{name}'은(는) 삭제할 수 없습니다.")
)

// CreateDatabase accepts the creation of a database. The caller becomes its owner.
func (s *Service) CreateDatabase(ctx context.Context, c Caller, f DatabaseFact) (command.Accepted, error) {
	if err := ontology.CheckDatabase(f.Database); err != nil {
		return command.Accepted{}, problem.InvalidParameter([]any{"body", "name"}, err, f.Database)
	}
	if utf8.RuneCountInString(f.Description) > maxDescription {
		return command.Accepted{}, problem.InvalidParameter([]any{"body", "description"}, textDescriptionLong.With("limit", maxDescription), nil)
	}
	if c.Principal != (Principal{}) {
		f.Owner = &c.Principal
	}
	return s.submit(ctx, c, command.Request{Type: CreateDatabase, Aggregate: event.DatabaseAggregate(f.Database), Database: f.Database, Expect: event.Absent, Payload: f})
}

// DeleteDatabase accepts the deletion of a database. Without an expected
// sequence the present one is taken.
func (s *Service) DeleteDatabase(ctx context.Context, c Caller, database string, expected *uint64) (command.Accepted, error) {
	if slices.Contains(systemDatabases, database) {
		return command.Accepted{}, problem.Forbidden(textSystemDatabase.With("name", database))
	}
	if err := pathParam("db_name", database, ontology.CheckDatabase); err != nil {
		return command.Accepted{}, err
	}
	a := event.DatabaseAggregate(database)
	if expected == nil {
		sequence, exists, err := s.Sequence(ctx, database, a)
		if err != nil {
			return command.Accepted{}, err
		}
		if !exists {
			return s.replayed(ctx, c, database, problem.NotFound(problem.KindDatabase, database))
		}
		expected = &sequence
	}
	return s.submit(ctx, c, command.Request{Type: DeleteDatabase, Aggregate: a, Database: database, Expect: event.At(*expected), Payload: DatabaseFact{Database: database}})
}
