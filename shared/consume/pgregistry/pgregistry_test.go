package pgregistry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/consumetest"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/event"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func open(t *testing.T) (*pgregistry.Registry, *pgxpool.Pool) {
	pool := pgtest.Pool(t)
	return pgregistry.New(pool, "test"), pool
}

func TestConformance(t *testing.T) {
	consumetest.Suite(t, func(t *testing.T) consume.Registry { r, _ := open(t); return r })
}

func TestProcessedEvents(t *testing.T) {
	r, _ := open(t)
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	a := event.Aggregate{Type: "Instance", ID: "a"}
	save := func(status string, attempts int) {
		t.Helper()
		err := r.Save(t.Context(), "h", day, []consume.Progress{{Aggregate: a, Events: []consume.ProcessedEvent{{ID: "e", Sequence: 7, Status: status, Attempts: attempts, Error: "x"}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	save(consume.StatusFailed, 1)
	save(consume.StatusDone, 2)
	save(consume.StatusFailed, 3) // late news about a done event
	p, err := r.Processed(t.Context(), "h", "e")
	if err != nil || p.Status != consume.StatusDone || p.Attempts != 2 || p.Sequence != 7 {
		t.Errorf("processed %+v, %v", p, err)
	}
	if _, err := r.Processed(t.Context(), "other", "e"); !errors.Is(err, pgregistry.ErrNoEvent) {
		t.Error(err)
	}
	if err := r.Forget(t.Context(), day.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Processed(t.Context(), "h", "e"); !errors.Is(err, pgregistry.ErrNoEvent) {
		t.Error("not forgotten:", err)
	}
	save(consume.StatusDone, 1)
}

func TestAggregateVersionsView(t *testing.T) {
	r, pool := open(t)
	a := event.Aggregate{Type: "Instance", ID: "db:main:C:1"}
	if err := r.Save(t.Context(), "projection_worker:instance_events", time.Now(), []consume.Progress{{Aggregate: a, Sequence: 3}}); err != nil {
		t.Fatal(err)
	}
	_, err := pool.Exec(t.Context(), `insert into spice_event_log.aggregates values (0, 'Instance', 'db:main:C:1', 'db', 4, 1, 2, 3, false, 0, 0, 0, now(), '')`)
	if err != nil {
		t.Fatal(err)
	}
	for handler, want := range map[string]int{"write_side:Instance": 4, "projection_worker:instance_events": 3} {
		var got int
		err := pool.QueryRow(t.Context(), `select last_sequence from spice_event_registry.aggregate_versions where handler = $1 and aggregate_id = $2`, handler, a.ID).Scan(&got)
		if err != nil || got != want {
			t.Errorf("%s: %d, %v", handler, got, err)
		}
	}
}
