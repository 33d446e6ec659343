package outbox_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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

// The events of one aggregate keep their order, also when the first one has to
// wait; others go on.
func TestOneAggregateKeepsItsOrder(t *testing.T) {
	w := newWorld(t)
	fact := func(id, aggregate string, lifecycle event.Lifecycle, data string) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			return outbox.Add(t.Context(), tx, w.now, outbox.Entry{Publisher: "p", Event: event.Event{
				ID: event.ID(id), Type: "JOB", Source: "/test", Time: w.now, Kind: event.Domain, Aggregate: event.Aggregate{Type: "ObjectifyJob", ID: aggregate},
				Lifecycle: lifecycle, Data: []byte(data),
			}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fact("a1", "a", event.Creates, `{}`)
	if _, err := w.pool.Exec(t.Context(), `update spice_outbox.outbox set next_try = next_try + interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	fact("a2", "a", event.Changes, `{}`)
	fact("b1", "b", event.Creates, `{}`)
	w.run(t, 1) // b alone
	w.now = w.now.Add(time.Minute)
	w.run(t, 2)
	a := event.Aggregate{Type: "ObjectifyJob", ID: "a"}
	states, _, err := w.log.States(t.Context(), "", a)
	if err != nil || states[a].Sequence != 2 {
		t.Errorf("%+v, %v", states[a], err)
	}
}

func TestDataThatIsTooLargeForAnEvent(t *testing.T) {
	w := newWorld(t)
	data := []byte(`{"text":"` + strings.Repeat("x", event.MaxSize) + `"}`)
	a := event.Aggregate{Type: "Dataset", ID: "large"}
	err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		return outbox.Add(t.Context(), tx, w.now, outbox.Entry{Publisher: "p", Event: event.Event{
			ID: "large", Type: "DATASET_CREATED", Source: "/test", Time: w.now, Kind: event.Domain, Aggregate: a, Lifecycle: event.Creates, Data: data,
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.run(t, 1)
	states, _, err := w.log.States(t.Context(), "", a)
	if err != nil {
		t.Fatal(err)
	}
	if _, stored, err := w.log.EventData(t.Context(), states[a].Position); err != nil || string(stored) != string(data) {
		t.Errorf("%d bytes, %v", len(stored), err)
	}
}
