// Package kafkatest gives a test a Kafka broker of its own, in memory; under `make
// test-real` the real one, with the topics made anew.
package kafkatest

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/local/kafka"
)

// Partitions is the number of partitions of every topic.
const Partitions = 8

// New starts a broker that has the topics, and answers its bootstrap address. It ends with the test.
func New(tb testing.TB, topics ...string) string {
	tb.Helper()
	if address := os.Getenv("TEST_KAFKA_BOOTSTRAP_SERVERS"); address != "" {
		renew(tb, address, topics)
		return address
	}
	broker, err := kafka.Start(kafka.Config{Topics: topics, Partitions: Partitions, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatalf("kafkatest: %v", err)
	}
	tb.Cleanup(func() {
		if err := broker.Stop(); err != nil {
			tb.Errorf("kafkatest: %v", err)
		}
	})
	return broker.Addr()
}

// renew deletes all topics of a broker but its own, and makes those that a test
// wants. A topic's deletion ends after its answer: the creation is tried until
// the name is free.
func renew(tb testing.TB, address string, topics []string) {
	tb.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		tb.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	old, err := admin.ListTopics(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := admin.DeleteTopics(tb.Context(), old.Names()...); err != nil {
		tb.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); len(topics) > 0; {
		created, err := admin.CreateTopics(tb.Context(), Partitions, 1, nil, topics...)
		if err == nil {
			err = created.Error()
		}
		if err == nil {
			return
		}
		if time.Now().After(end) {
			tb.Fatalf("kafkatest: %v", err)
		}
		topics = nil
		for _, t := range created {
			if t.Err != nil {
				topics = append(topics, t.Topic)
			}
		}
	}
}
