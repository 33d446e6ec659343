package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs of "create database" for a name that exists, or that another connection creates at the same time.
const (
	duplicateDatabase = "42P04"
	uniqueViolation   = "23505"
)

// ensureDatabase creates the configured database where it is missing. Its connection is also the proof that the server
// answers and takes our password.
func (s *Server) ensureDatabase(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", s.config.Database).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", s.config.Database, err)
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{s.config.Database}.Sanitize())
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == duplicateDatabase || refused.Code == uniqueViolation) {
		return nil // another launcher was faster
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", s.config.Database, err)
	}
	return nil
}
