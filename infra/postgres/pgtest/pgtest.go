// Package pgtest gives tests a migrated database.
package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres"
	"spiceharvester/shared/eventlog/pgindex"
)

// Pool opens a fresh database with the project's schema, as functions do. The
// test's TestMain must be postgrestest.Main.
func Pool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	dsn := postgrestest.New(tb)
	if err := postgres.Migrate(tb.Context(), dsn); err != nil {
		tb.Fatal(err)
	}
	config, err := pgindex.PoolConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}
