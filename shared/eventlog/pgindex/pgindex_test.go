package pgindex_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func open(tb testing.TB) *pgindex.Index {
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
	return pgindex.New(pool)
}

func TestConformance(t *testing.T) {
	eventlogtest.IndexSuite(t, func(t *testing.T) eventlog.Index { return open(t) })
}
