// Package kafkatest gives a test a Kafka broker of its own, in memory.
package kafkatest

import (
	"log/slog"
	"testing"

	"spiceharvester/infra/local/kafka"
)

// Partitions is the number of partitions of every topic.
const Partitions = 8

// New starts a broker that has the topics, and answers its bootstrap address. It ends with the test.
func New(tb testing.TB, topics ...string) string {
	tb.Helper()
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
