// Package access keeps the roles that principals have in databases. They are a
// function of the log: who creates a database owns it until it is deleted. Package
// trail brings the facts, each once and in order.
package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// The roles.
const (
	Owner  = "Owner"
	Editor = "Editor"
	Viewer = "Viewer"
)

// Grant is a role of a principal in a database.
type Grant struct {
	Principal writes.Principal
	Role      string
}

// Change is what a fact does to the roles in a database: all that were are gone, and
// there is an owner if it was created.
type Change struct {
	Database string
	Owner    *writes.Principal // nil after a deletion
	Time     time.Time
}

// Wanted reports whether an event changes roles.
func Wanted(e *event.Event) bool {
	return e.Aggregate.Type == event.Database && (e.Lifecycle == event.Creates || e.Lifecycle == event.Deletes)
}

// ChangeOf reads what a wanted event says; data is its data.
func ChangeOf(e *event.Event, data []byte) (Change, error) {
	c := Change{Database: e.Aggregate.ID, Time: e.Time}
	if e.Lifecycle == event.Deletes {
		return c, nil
	}
	var fact writes.DatabaseFact
	if err := json.Unmarshal(data, &fact); err != nil {
		return c, fmt.Errorf("access: event %s: %w", e.ID, err)
	}
	if owner := fact.OwnerOf(e.Actor); owner.ID != "" {
		c.Owner = &owner
	}
	return c, nil
}

// Write applies changes in their order, inside a transaction that sees each of them
// once.
func Write(ctx context.Context, tx pgx.Tx, changes []Change) error {
	batch := &pgx.Batch{}
	for _, c := range changes {
		batch.Queue(`delete from spice_access.database_access where db_name = $1`, c.Database)
		if c.Owner != nil {
			batch.Queue(`insert into spice_access.database_access (db_name, principal_type, principal_id, principal_name, role, created_at, updated_at)
				values ($1, $2, $3, $4, $5, $6, $6)`,
				c.Database, datasets.Storable(c.Owner.Type), datasets.Storable(c.Owner.ID), datasets.Storable(c.Owner.Name), Owner, c.Time)
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("access: %w", err)
	}
	return nil
}

// Forget drops all roles, so that the log is read again.
func Forget(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `truncate spice_access.database_access`); err != nil {
		return fmt.Errorf("access: forget: %w", err)
	}
	return nil
}

// Store reads roles. Its errors are problems.
type Store struct {
	Pool *pgxpool.Pool
}

// Grants gives the roles in some databases, by database, the owner's first.
func (s *Store) Grants(ctx context.Context, databases []string) (map[string][]Grant, error) {
	grants := map[string][]Grant{}
	var database string
	var g Grant
	rows, err := s.Pool.Query(ctx, `select db_name, principal_type, principal_id, principal_name, role from spice_access.database_access
		where db_name = any($1) order by db_name, role <> 'Owner', principal_type, principal_id`, databases)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&database, &g.Principal.Type, &g.Principal.ID, &g.Principal.Name, &g.Role}, func() error {
			grants[database] = append(grants[database], g)
			return nil
		})
	}
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "access store", err)
	}
	return grants, nil
}
