package outbox_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/outbox"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type world struct {
	pool *pgxpool.Pool
	log  *eventlog.Log
	now  time.Time
	*outbox.Publisher
}

func newWorld(t *testing.T) *world {
	w := &world{pool: pgtest.Pool(t), now: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.log = eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", NewID: func() string { return "log" }, Now: clock})
	t.Cleanup(w.log.Close)
	w.Publisher = &outbox.Publisher{Name: "p", Pool: w.pool, Log: w.log, Now: clock, Logger: slog.New(slog.DiscardHandler)}
	return w
}

// add writes a row in a transaction, which the error given ends.
func (w *world) add(t *testing.T, publisher, id, database string, end error) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		return errors.Join(end, outbox.Add(t.Context(), tx, w.now, outbox.Entry{Publisher: publisher, Event: event.Event{
			ID: event.ID(id), Type: "DATASET_CREATED", Source: "/test", Time: w.now, Kind: event.Domain, Aggregate: event.Aggregate{Type: "Dataset", ID: id},
			Lifecycle: event.Creates, Database: database, Data: []byte(`{"name":"키 #"}`),
		}}))
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

func (w *world) run(t *testing.T, want int) {
	t.Helper()
	if n, err := w.Run(t.Context()); err != nil || n != want {
		t.Errorf("published %d, %v, want %d", n, err, want)
	}
}

func TestWhatIsCommittedIsPublishedOnce(t *testing.T) {
	w := newWorld(t)
	w.add(t, "p", "a", "", nil)
	w.add(t, "p", "a", "", nil)
	w.add(t, "p", "b", "", errors.New("rolled back"))
	w.add(t, "other", "c", "", nil)
	w.run(t, 1)
	w.run(t, 0)
	states, _, err := w.log.States(t.Context(), "", event.Aggregate{Type: "Dataset", ID: "a"}, event.Aggregate{Type: "Dataset", ID: "b"})
	if err != nil || len(states) != 1 {
		t.Errorf("the log has %v, %v", states, err)
	}
	var position string
	if err := w.pool.QueryRow(t.Context(), `select position from spice_outbox.outbox where event_id = 'a'`).Scan(&position); err != nil || position == "" {
		t.Errorf("position %q, %v", position, err)
	}
}

func TestARowThatWasAppendedBeforeACrashIsOneEvent(t *testing.T) {
	w := newWorld(t)
	w.add(t, "p", "a", "", nil)
	w.run(t, 1)
	if _, err := w.pool.Exec(t.Context(), `update spice_outbox.outbox set published_at = null, position = null`); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	w.run(t, 1)
	states, _, _ := w.log.States(t.Context(), "", event.Aggregate{Type: "Dataset", ID: "a"})
	for _, s := range states {
		if s.Sequence != 1 {
			t.Errorf("sequence %d", s.Sequence)
		}
	}
}

func TestARefusedRowIsDeadAndHoldsNobodyUp(t *testing.T) {
	w := newWorld(t)
	w.add(t, "p", "a", "no-such-database", nil)
	w.add(t, "p", "b", "", nil)
	w.run(t, 1)
	w.now = w.now.Add(time.Hour)
	w.run(t, 0)
	var dead bool
	var reason string
	if err := w.pool.QueryRow(t.Context(), `select dead, error from spice_outbox.outbox where event_id = 'a'`).Scan(&dead, &reason); err != nil || !dead || reason == "" {
		t.Errorf("dead %t, %q, %v", dead, reason, err)
	}
}

func TestALogThatIsAwayIsTriedAgainLater(t *testing.T) {
	w := newWorld(t)
	w.add(t, "p", "a", "", nil)
	open := w.Log
	away := eventlog.New(eventlog.Config{Objects: eventlogtest.NewObjects(), Index: eventlogtest.NewIndex(), Writer: "w", NewID: func() string { return "log" }})
	away.Close()
	w.Log = away
	w.run(t, 0)
	w.Log = open
	w.run(t, 0) // not yet due
	w.now = w.now.Add(time.Minute)
	w.run(t, 1)
}

func TestHandler(t *testing.T) {
	w := newWorld(t)
	w.add(t, "p", "a", "", nil)
	for method, want := range map[string]int{http.MethodPost: http.StatusOK, http.MethodGet: http.StatusMethodNotAllowed} {
		answer := httptest.NewRecorder()
		outbox.Handler(w.Publisher).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, "/", nil))
		if answer.Code != want {
			t.Errorf("%s: %d %s", method, answer.Code, answer.Body)
		}
	}
	w.run(t, 0)
}
