package pgindex_test

import (
	"fmt"
	"testing"
	"time"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestConformance(t *testing.T) {
	eventlogtest.IndexSuite(t, func(t *testing.T) eventlog.Index { return pgindex.New(pgtest.Pool(t)) })
}

func TestPressure(t *testing.T) {
	x := pgindex.New(pgtest.Pool(t))
	if err := x.Bind(t.Context(), eventlog.Meta{ID: "log", Chains: 2}); err != nil {
		t.Fatal(err)
	}
	d := eventlog.Delta{Chain: 1, Written: time.Now()}
	for i := range 3 {
		d.Opened = append(d.Opened, eventlog.CommandRow{ID: event.ID(fmt.Sprint(i)), Position: event.Position{Chain: 1, Offset: uint32(i + 1)}, Written: d.Written})
	}
	if moved, err := x.Apply(t.Context(), d); err != nil || !moved {
		t.Fatal(moved, err)
	}
	for limit, want := range map[int]int{2: 2, 10: 3} {
		if open, lag, err := x.Pressure(t.Context(), limit); err != nil || open != want || lag != 1 {
			t.Errorf("limit %d: %d open, lag %d, %v", limit, open, lag, err)
		}
	}
}
