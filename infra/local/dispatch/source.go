package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// heldLimit bounds the records that one source has polled and not delivered.
const heldLimit = 5000

// Config is what the dispatcher needs beside the trigger files.
type Config struct {
	Brokers []string
	// Resolve gives the base URL of a function, or "" if the host has none of
	// that name.
	Resolve func(function string) string
	Client  *http.Client
	Chaos   *Chaos // nil: none
	Single  bool   // one event per POST, as KafkaSource on a cluster does
	Logger  *slog.Logger
}

func (c *Config) url(d Destination) (string, error) {
	base := c.Resolve(d.Ref.Name)
	if base == "" {
		return "", fmt.Errorf("dispatch: no function %s", d.Ref.Name)
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(d.URI, "/"), nil
}

// source is one KafkaSource at work.
type source struct {
	name    string
	client  *kgo.Client
	lanes   *lanes
	offsets *offsets
	send    func(context.Context, []*kgo.Record) error
	batch   int
	linger  time.Duration
	flight  int
	logger  *slog.Logger
}

func newSource(c *Config, s *KafkaSource) (*source, error) {
	target, err := c.url(s.Spec.Sink)
	if err != nil {
		return nil, err
	}
	dead, err := c.url(*s.Spec.Delivery.DeadLetterSink)
	if err != nil {
		return nil, err
	}
	out := &sender{client: c.Client, target: target, dead: dead, retry: s.Spec.Delivery.Retry, linear: s.Spec.Delivery.BackoffPolicy == "linear", logger: c.Logger}
	// The file was validated when it was loaded.
	out.delay, _ = parsePeriod(s.Spec.Delivery.BackoffDelay)
	out.timeout, _ = parsePeriod(s.Spec.Delivery.Timeout)
	src := &source{name: s.Metadata.Name, lanes: newLanes(), send: out.deliver, logger: c.Logger}
	src.batch, _ = s.Metadata.number(annotationBatch, 1)
	src.linger, _ = s.Metadata.duration(annotationLinger, 0)
	src.flight, _ = s.Metadata.number(annotationFlight, 4)
	if c.Single {
		src.batch, src.linger, src.flight = 1, 0, 50
	}
	if c.Chaos != nil {
		src.send = c.Chaos.wrap(src.send)
	}
	src.client, err = kgo.NewClient(
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID(s.Metadata.Name), kgo.ConsumerGroup(s.Spec.ConsumerGroup), kgo.ConsumeTopics(s.Spec.Topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitMarks(), kgo.AutoCommitInterval(time.Second),
		kgo.FetchMaxWait(500*time.Millisecond),
	)
	if err != nil {
		return nil, fmt.Errorf("dispatch: %s: %w", s.Metadata.Name, err)
	}
	src.offsets = newOffsets(src.client)
	return src, nil
}

// run polls and delivers until ctx ends, then commits what is done.
func (s *source) run(ctx context.Context) {
	var deliverers sync.WaitGroup
	for range s.flight {
		deliverers.Go(func() { s.deliver(ctx) })
	}
	for ctx.Err() == nil {
		s.lanes.waitForRoom(ctx, heldLimit)
		fetches := s.client.PollRecords(ctx, 1000)
		fetches.EachError(func(topic string, partition int32, err error) {
			if ctx.Err() == nil {
				s.logger.WarnContext(ctx, "poll", "source", s.name, "topic", topic, "partition", partition, "error", err)
				pause(ctx, 100*time.Millisecond)
			}
		})
		records := fetches.Records()
		s.offsets.begin(records)
		s.lanes.add(records)
	}
	deliverers.Wait()
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.client.CommitMarkedOffsets(final); err != nil {
		s.logger.InfoContext(ctx, "last commit; the records come again", "source", s.name, "error", err)
	}
	s.client.CloseAllowingRebalance()
}

func (s *source) deliver(ctx context.Context) {
	for {
		batch, used := s.lanes.take(ctx, s.batch, s.linger)
		if batch == nil {
			return
		}
		err := s.send(ctx, batch)
		if err == nil {
			s.offsets.done(batch)
		}
		s.lanes.finish(used, len(batch))
	}
}
