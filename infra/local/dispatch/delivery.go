package dispatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/shared/event"
)

// sender posts to one destination as its Delivery says.
type sender struct {
	client  *http.Client
	target  string
	dead    string // URL of the dead-letter sink
	retry   int
	linear  bool
	delay   time.Duration
	timeout time.Duration
	logger  *slog.Logger
}

// deliver posts a batch until it is accepted, refused for good or the retries
// are used up; in the last two cases the events go to the dead-letter sink. It
// returns an error only when ctx ended first: then the batch is not done.
func (s *sender) deliver(ctx context.Context, records []*kgo.Record) error {
	events := make([]event.Event, 0, len(records))
	for _, r := range records {
		e, err := event.FromRecord(r)
		if err != nil {
			// No event: the function gets what the record holds, alone, and records it.
			if err := s.try(ctx, s.target, func(ctx context.Context, target string) (*http.Request, error) { return rawRequest(ctx, target, r) }); err != nil {
				return err
			}
			continue
		}
		events = append(events, e)
	}
	switch len(events) {
	case 0:
		return nil
	case 1:
		return s.try(ctx, s.target, func(ctx context.Context, target string) (*http.Request, error) {
			return event.NewHTTPRequest(ctx, target, &events[0])
		})
	}
	return s.try(ctx, s.target, func(ctx context.Context, target string) (*http.Request, error) {
		return event.NewHTTPBatchRequest(ctx, target, events)
	})
}

type requester func(ctx context.Context, target string) (*http.Request, error)

func (s *sender) try(ctx context.Context, target string, request requester) error {
	for attempt := 0; ; attempt++ {
		status, reason := s.post(ctx, target, request)
		if status >= 200 && status < 300 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("deliver to %s: %w", target, ctx.Err())
		}
		if !retryable(status) || attempt >= s.retry {
			s.bury(ctx, request, status, reason)
			return nil
		}
		pause(ctx, s.backoff(attempt))
	}
}

// retryable is Knative's rule: 404, 408, 409, 429, 5xx, and no answer (0).
func retryable(status int) bool {
	return status == 0 || status >= 500 || status == 404 || status == 408 || status == 409 || status == 429
}

func (s *sender) backoff(attempt int) time.Duration {
	if s.linear {
		return s.delay * time.Duration(attempt+1)
	}
	return s.delay << min(attempt, 10)
}

func (s *sender) post(ctx context.Context, target string, request requester) (status int, reason string) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := request(ctx, target)
	if err != nil {
		return http.StatusUnprocessableEntity, err.Error()
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// bury posts to the dead-letter sink, with Knative's extension attributes. As
// with KafkaSource, nothing more is done if that fails: the sweeps of
// message-relay deliver every event again that had no effect.
func (s *sender) bury(ctx context.Context, request requester, status int, reason string) {
	s.logger.WarnContext(ctx, "delivery is given up", "target", s.target, "status", status, "reason", reason)
	dead := func(ctx context.Context, target string) (*http.Request, error) {
		req, err := request(ctx, target)
		if err == nil {
			req.Header.Set("Ce-Knativeerrordest", s.target)
			req.Header.Set("Ce-Knativeerrorcode", strconv.Itoa(status))
		}
		return req, err
	}
	for attempt := range 3 {
		if status, _ := s.post(ctx, s.dead, dead); status >= 200 && status < 300 {
			return
		}
		pause(ctx, s.backoff(attempt))
	}
	s.logger.ErrorContext(ctx, "the dead-letter sink fails", "target", s.dead)
}

// rawRequest posts a record that is no event, as far as HTTP can carry it.
func rawRequest(ctx context.Context, target string, r *kgo.Record) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(string(r.Value)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("X-Kafka-Position", fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset))
	return req, nil
}
