package pgindex_test

import (
	"testing"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestConformance(t *testing.T) {
	eventlogtest.IndexSuite(t, func(t *testing.T) eventlog.Index { return pgindex.New(pgtest.Pool(t)) })
}
