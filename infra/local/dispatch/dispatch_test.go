package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/local/kafka/kafkatest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/kafka"
	"spiceharvester/shared/topics"
)

// function is an HTTP function that remembers what it gets.
type function struct {
	mu       sync.Mutex
	got      map[string][]uint64 // sequences per aggregate, in order of arrival
	raw      []string
	posts    int
	dead     []string // ids that came to the dead-letter sink
	answer   func(posts int, events []event.Event) int
	overlaps int // two posts with one aggregate at the same time
	busy     map[string]bool
}

func newFunction() *function {
	return &function{got: map[string][]uint64{}, busy: map[string]bool{}, answer: func(int, []event.Event) int { return 200 }}
}

func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	events, err := event.ReadHTTP(r)
	f.mu.Lock()
	if strings.HasSuffix(r.URL.Path, "/dead-letter") {
		for _, e := range events {
			f.dead = append(f.dead, string(e.ID))
		}
		f.mu.Unlock()
		return
	}
	f.posts++
	if err != nil {
		f.raw = append(f.raw, r.Header.Get("X-Kafka-Position"))
		f.mu.Unlock()
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	mine := map[string]bool{}
	for _, e := range events {
		mine[e.Aggregate.ID] = true
	}
	for a := range mine {
		if f.busy[a] {
			f.overlaps++
		}
		f.busy[a] = true
	}
	status := f.answer(f.posts, events)
	f.mu.Unlock()
	time.Sleep(time.Millisecond) // long enough for a second post to show itself
	f.mu.Lock()
	defer f.mu.Unlock()
	for a := range mine {
		delete(f.busy, a)
	}
	if status == 200 {
		for _, e := range events {
			f.got[e.Aggregate.ID] = append(f.got[e.Aggregate.ID], e.Sequence)
		}
	}
	w.WriteHeader(status)
}

func (f *function) count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, list := range f.got {
		n += len(list)
	}
	return n
}

func (f *function) counted(want int) func() bool { return func() bool { return f.count() >= want } }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within a minute: " + what)
		}
	}
}

const manifest = `apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata:
  name: worker
  annotations: {spiceharvester.dev/batch-max: "%d"}
spec:
  consumerGroup: worker-group
  bootstrapServers: [kafka:9092]
  topics: [instance_events]
  initialOffset: earliest
  ordering: unordered
  delivery:
    retry: 3
    backoffPolicy: linear
    backoffDelay: PT0.01S
    timeout: PT5S
    deadLetterSink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: relay}, uri: /dead-letter}
  sink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: worker}}
`

func parse(t *testing.T, docs ...string) Triggers {
	t.Helper()
	var triggers Triggers
	for _, doc := range docs {
		if err := triggers.add([]byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	return triggers
}

// start runs a dispatcher over a function until the end of the test, or until
// the returned stop.
func start(t *testing.T, broker string, f *function, triggers Triggers, change ...func(*Config)) (stop func()) {
	t.Helper()
	server := httptest.NewServer(f)
	c := Config{
		Brokers: []string{broker}, Client: server.Client(), Logger: slog.New(slog.DiscardHandler),
		Resolve: func(name string) string { return server.URL + "/" + name },
	}
	for _, change := range change {
		change(&c)
	}
	d, err := Start(c, triggers)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { d.Stop(); server.Close() })
	t.Cleanup(stop)
	return stop
}

// publish sends facts of some aggregates, in order per aggregate.
func publish(t *testing.T, broker string, aggregates, facts, first int) {
	t.Helper()
	client, err := kgo.NewClient(kafka.ProducerOptions(broker)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var events []event.Event
	for s := range facts {
		for a := range aggregates {
			events = append(events, event.Event{
				ID: event.ID(fmt.Sprintf("%d-%d", a, first+s)), Type: "INSTANCE_UPDATED", Source: "/test", Time: time.Now().UTC(), Kind: event.Domain,
				Aggregate: event.Aggregate{Type: "Instance", ID: fmt.Sprintf("키 %d", a)}, Lifecycle: event.Changes, Sequence: uint64(first + s),
			})
		}
	}
	if err := kafka.NewPublisher(client, slog.New(slog.DiscardHandler)).Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func upTo(n int) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(i + 1)
	}
	return list
}

func TestEventsArriveInOrderPerAggregate(t *testing.T) {
	for name, batch := range map[string]int{"one by one": 1, "in batches": 50} {
		t.Run(name, func(t *testing.T) {
			broker := kafkatest.New(t, topics.InstanceEvents)
			f := newFunction()
			stop := start(t, broker, f, parse(t, fmt.Sprintf(manifest, batch)))
			publish(t, broker, 20, 10, 1)
			eventually(t, "all events", f.counted(200))
			stop()
			for a, list := range f.got {
				if !slices.Equal(list, upTo(10)) {
					t.Errorf("%s: %v", a, list)
				}
			}
			if batch > 1 && f.posts > 100 {
				t.Errorf("%d posts for 200 events", f.posts)
			}
			if f.overlaps > 0 {
				t.Errorf("%d times two posts carried one aggregate", f.overlaps)
			}
		})
	}
}

func TestAFailedDeliveryIsRepeatedThenBuried(t *testing.T) {
	broker := kafkatest.New(t, topics.InstanceEvents)
	f := newFunction()
	f.answer = func(posts int, events []event.Event) int {
		switch {
		case events[0].ID == "0-1" && posts <= 2:
			return 503
		case events[0].ID == "0-2":
			return 500
		case events[0].ID == "0-3":
			return 400
		}
		return 200
	}
	stop := start(t, broker, f, parse(t, fmt.Sprintf(manifest, 1)))
	publish(t, broker, 1, 4, 1)
	eventually(t, "the last event", f.counted(2))
	stop()
	if got := f.got["키 0"]; !slices.Equal(got, []uint64{1, 4}) || !slices.Equal(f.dead, []string{"0-2", "0-3"}) {
		t.Errorf("delivered %v, buried %v", got, f.dead)
	}
	if f.posts != 3+4+1+1 { // two failures and a success, four tries, one refusal, one success
		t.Errorf("%d posts", f.posts)
	}
}

func TestARestartGoesOnWhereItWas(t *testing.T) {
	broker := kafkatest.New(t, topics.InstanceEvents)
	first := newFunction()
	stop := start(t, broker, first, parse(t, fmt.Sprintf(manifest, 10)))
	publish(t, broker, 5, 4, 1)
	eventually(t, "the first events", first.counted(20))
	stop()
	publish(t, broker, 5, 2, 5)
	second := newFunction()
	stop = start(t, broker, second, parse(t, fmt.Sprintf(manifest, 10)))
	eventually(t, "the later events", second.counted(10))
	stop()
	for a, list := range second.got {
		if !slices.Equal(list, []uint64{5, 6}) {
			t.Errorf("%s: %v", a, list)
		}
	}
}

func TestWhatIsNoEventReachesTheFunctionAlone(t *testing.T) {
	broker := kafkatest.New(t, topics.InstanceEvents)
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topics.InstanceEvents, Key: []byte("k"), Value: []byte("\x00no event")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	f := newFunction()
	stop := start(t, broker, f, parse(t, fmt.Sprintf(manifest, 10)))
	publish(t, broker, 1, 1, 1)
	eventually(t, "both records", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.raw) == 1 && len(f.got) == 1 })
	stop()
	if !strings.HasPrefix(f.raw[0], topics.InstanceEvents+"/") {
		t.Errorf("raw record %q", f.raw[0])
	}
}

func TestTimersTick(t *testing.T) {
	broker := kafkatest.New(t, topics.InstanceEvents)
	f := newFunction()
	ping := `apiVersion: sources.knative.dev/v1
kind: PingSource
metadata: {name: timer, annotations: {spiceharvester.dev/local-period: 10ms}}
spec:
  schedule: "* * * * *"
  contentType: application/json
  data: '{"tick": true}'
  sink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: worker}}
`
	start(t, broker, f, parse(t, ping))
	eventually(t, "three ticks", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.posts >= 3 })
}

func TestChaosDisturbs(t *testing.T) {
	c, err := ParseChaos("seed=7,duplicate=0.3,drop=0.3,reorder=0.5,delay=0.2,max-delay=1ms")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	deliver := c.wrap(func(_ context.Context, records []*kgo.Record) error {
		for _, r := range records {
			counts[int(r.Offset)]++
		}
		return nil
	})
	for i := range 200 {
		if err := deliver(t.Context(), []*kgo.Record{{Offset: int64(i)}, {Offset: int64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	var lost, doubled int
	for i := range 200 {
		switch counts[i] {
		case 0:
			lost++
		case 4:
			doubled++
		}
	}
	if lost < 30 || lost > 90 || doubled < 20 {
		t.Errorf("of 200 batches %d were lost and %d doubled", lost, doubled)
	}
	for _, bad := range []string{"drop=x", "noise=1", ""} {
		if _, err := ParseChaos(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
