// Package kafka publishes events to Kafka.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"spiceharvester/shared/event"
	"spiceharvester/shared/telemetry"
	"spiceharvester/shared/topics"
)

// Publisher implements eventlog.Publisher.
type Publisher struct {
	client      *kgo.Client
	logger      *slog.Logger
	quarantined atomic.Int64
}

// ProducerOptions are the settings that the log's promises need: an idempotent
// producer (the client's default), all replicas acknowledge, the key decides
// the partition as in every other Kafka client.
func ProducerOptions(brokers ...string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.ClientID("message-relay"), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(1 << 20), kgo.UnknownTopicRetries(3),
		kgo.ProducerLinger(0), // the relay hands in whole segments: nothing else is worth waiting for
	}
}

// NewPublisher publishes with a client made of ProducerOptions.
func NewPublisher(client *kgo.Client, logger *slog.Logger) *Publisher {
	return &Publisher{client: client, logger: logger}
}

// Publish implements eventlog.Publisher. The events of one aggregate keep their
// order. It returns when all are acknowledged or ctx ends; an idempotent
// producer may go on with what it has begun, which gives duplicates at most.
func (p *Publisher) Publish(ctx context.Context, events []event.Event) error {
	results := make(chan error, len(events))
	scope := telemetry.From(ctx)
	for i := range events {
		topic, known := topics.Of(&events[i])
		if !known {
			p.quarantined.Add(1)
			telemetry.Events.WithLabelValues(scope.Service, events[i].Type, telemetry.Quarantined).Inc()
			p.logger.ErrorContext(ctx, "event has no topic; it goes to quarantine", "event", string(events[i].ID),
				"type", events[i].Type, "aggregate", events[i].Aggregate.String(), "topic", topic)
		}
		_, span := scope.Continue(ctx, events[i].TraceParent, "publish "+topic, trace.SpanKindProducer,
			attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", topic), attribute.String("event.id", string(events[i].ID)))
		p.client.Produce(ctx, event.ToRecord(topic, &events[i]), func(_ *kgo.Record, err error) {
			telemetry.End(span, err)
			if err == nil {
				telemetry.Events.WithLabelValues(scope.Service, events[i].Type, telemetry.Published).Inc()
			}
			results <- err
		})
	}
	var errs []error
	for range events {
		select {
		case err := <-results:
			errs = append(errs, err)
		case <-ctx.Done():
			return fmt.Errorf("kafka: publish: %w", ctx.Err())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("kafka: publish: %w", err)
	}
	return nil
}

// Quarantined counts the events that had no topic, since the process started.
func (p *Publisher) Quarantined() int64 { return p.quarantined.Load() }
