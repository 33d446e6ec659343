package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/local/kafka/kafkatest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/kafka"
	"spiceharvester/shared/topics"
)

func newPublisher(t *testing.T, logger *slog.Logger, brokers ...string) *kafka.Publisher {
	t.Helper()
	client, err := kgo.NewClient(kafka.ProducerOptions(brokers...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kafka.NewPublisher(client, logger)
}

func fact(typ event.AggregateType, id string, sequence uint64) event.Event {
	return event.Event{
		ID: event.ID(fmt.Sprint(id, "-", sequence)), Type: "INSTANCE_UPDATED", Source: "/test", Time: time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC),
		Kind: event.Domain, Aggregate: event.Aggregate{Type: typ, ID: id}, Sequence: sequence, Lifecycle: event.Changes, Data: []byte(`{"n":1}`),
	}
}

// consume reads n records of all topics.
func consume(t *testing.T, broker string, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topics.All...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var records []*kgo.Record
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func TestEventsOfOneAggregateKeepTheirOrder(t *testing.T) {
	broker := kafkatest.New(t, topics.All...)
	p := newPublisher(t, slog.New(slog.DiscardHandler), broker)
	var events []event.Event
	for sequence := range uint64(20) {
		for _, id := range []string{"db:main:A:1", "db:main:A:한글", "db:main:B:3"} {
			events = append(events, fact("Instance", id, sequence+1))
		}
	}
	for _, part := range [][]event.Event{events[:7], events[7:]} {
		if err := p.Publish(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	last, partitions := map[string]uint64{}, map[string]int32{}
	for _, r := range consume(t, broker, len(events)) {
		e, err := event.FromRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		id := e.Aggregate.ID
		if string(r.Key) != id || r.Topic != topics.InstanceEvents || e.Sequence != last[id]+1 || string(e.Data) != `{"n":1}` {
			t.Errorf("%s/%d key %s: %+v after %d", r.Topic, r.Partition, r.Key, e, last[id])
		}
		if before, seen := partitions[id]; seen && before != r.Partition {
			t.Errorf("%s is in two partitions", id)
		}
		last[id], partitions[id] = e.Sequence, r.Partition
	}
	if len(last) != 3 || p.Quarantined() != 0 {
		t.Errorf("%v, quarantined %d", last, p.Quarantined())
	}
}

// What no rule routes neither blocks nor vanishes, and is told of.
func TestQuarantine(t *testing.T) {
	broker := kafkatest.New(t, topics.All...)
	var log bytes.Buffer
	p := newPublisher(t, slog.New(slog.NewTextHandler(&log, nil)), broker)
	if err := p.Publish(t.Context(), []event.Event{fact("Instance", "a", 1), fact("Unheard", "b", 1), fact("Instance", "c", 1)}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range consume(t, broker, 3) {
		got[string(r.Key)] = r.Topic
	}
	if fmt.Sprint(got) != "map[a:instance_events b:events-quarantine c:instance_events]" || p.Quarantined() != 1 {
		t.Errorf("%v, quarantined %d", got, p.Quarantined())
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "b-1") {
		t.Errorf("log: %s", log.String())
	}
}

func TestWhatIsNotAcknowledgedIsAnError(t *testing.T) {
	missing := newPublisher(t, slog.New(slog.DiscardHandler), kafkatest.New(t, topics.OntologyEvents))
	if err := missing.Publish(t.Context(), []event.Event{fact("OntologyClass", "a", 1), fact("Instance", "b", 1)}); err == nil {
		t.Error("a topic that does not exist")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	nobody := newPublisher(t, slog.New(slog.DiscardHandler), "127.0.0.1:1")
	if err := nobody.Publish(ctx, []event.Event{fact("Instance", "b", 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("no broker: %v", err)
	}
	if err := nobody.Publish(t.Context(), nil); err != nil {
		t.Errorf("nothing to publish: %v", err)
	}
}
