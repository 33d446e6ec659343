// Package objectify turns the rows of a dataset version into instances: mapping
// specs say how, jobs do it in leased, checkpointed steps (PostgreSQL, schema
// spice_objectify).
//
//	spec.go      mapping specs; compile.go says what is wrong with one
//	mapper.go    one row to one instance
//	job.go       jobs: start, read; progress.go
//	lease.go     claim, checkpoint, finish
//	run.go       one step of a job; rows.go, check.go, write.go its parts
//	errors.go    refused rows
//	announce.go  what the log is told
package objectify

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/problem"
)

// Store keeps specs and jobs.
type Store struct {
	Pool *pgxpool.Pool
	Now  func() time.Time
}

// Kinds of things in messages.
var (
	KindSpec = problem.NewKind(problem.Define("kind.mapping_spec", "Mapping spec", "매핑 명세"))
	KindJob  = problem.NewKind(problem.Define("kind.objectify_job", "Objectify job", "객체화 작업"))
)

func unavailable(err error) error {
	if _, ok := problem.AsProblem(err); ok {
		return err
	}
	return problem.Unavailable(problem.DBUnavailable, "objectify registry", err)
}
