package eventlog_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/pgindex"
	"spiceharvester/shared/eventlog/s3store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// newLog opens a log on given stores, as a process of its own.
func newLog(tb testing.TB, objects eventlog.Objects, index eventlog.Index) *eventlog.Log {
	l := eventlog.New(eventlog.Config{Objects: objects, Index: index, Writer: uuid.NewString(), NewID: uuid.NewString})
	tb.Cleanup(l.Close)
	return l
}

func memoryLog(tb testing.TB) *eventlog.Log {
	return newLog(tb, eventlogtest.NewObjects(), eventlogtest.NewIndex())
}

// realStores are a bucket on an S3 gateway and a database on a PostgreSQL.
func realStores(tb testing.TB) (eventlog.Objects, eventlog.Index) {
	endpoint := s3test.New(tb)
	return s3store.New(endpoint.Client(), endpoint.Bucket), pgindex.New(pgtest.Pool(tb))
}

var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// create is a fact that creates an instance, in no database.
func create(id string) eventlog.Entry {
	return eventlog.Entry{Event: event.Event{
		ID: event.ID("create-" + id), Type: "INSTANCE_CREATED", Source: "/test", Time: noon, Kind: event.Domain,
		Aggregate: event.Aggregate{Type: "Instance", ID: id}, Lifecycle: event.Creates, Data: []byte(`{"n":1}`),
	}}
}

// change is a fact that changes an instance at a sequence.
func change(id string, sequence uint64) eventlog.Entry {
	en := create(id)
	en.Event.ID, en.Event.Lifecycle, en.Expect = event.ID("change-"+id+"-"+string(event.At(sequence))), event.Changes, event.At(sequence)
	return en
}

// request is a command on an instance.
func request(id string, x event.Expect) eventlog.Entry {
	return eventlog.Entry{Expect: x, Event: event.Event{
		ID: event.ID("command-" + id), Type: "CREATE_INSTANCE_REQUESTED", Source: "/test", Time: noon, Kind: event.Command,
		Aggregate: event.Aggregate{Type: "Instance", ID: id}, Data: []byte(`{}`),
	}}
}

// end is the outcome of a command that changed nothing.
func end(id string, outcome event.Outcome) eventlog.Entry {
	return eventlog.Entry{Event: event.Event{
		ID: event.ID("end-" + id), Type: "COMMAND_FAILED", Source: "/test", Time: noon, Kind: event.Domain, Command: event.ID("command-" + id),
		Aggregate: event.Aggregate{Type: "Instance", ID: id}, Outcome: outcome, Data: []byte(`{}`),
	}}
}

func mustAppend(tb testing.TB, l *eventlog.Log, entries ...eventlog.Entry) []eventlog.Result {
	tb.Helper()
	var results []eventlog.Result
	for _, o := range l.AppendAll(tb.Context(), entries) {
		if o.Err != nil {
			tb.Fatal(o.Err)
		}
		results = append(results, o.Result)
	}
	return results
}
