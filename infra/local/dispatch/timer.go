package dispatch

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/robfig/cron/v3"
)

// timer is one PingSource at work.
type timer struct {
	name   string
	target string
	spec   PingSourceSpec
	next   func(time.Time) time.Time
	config *Config
}

func newTimer(c *Config, s *PingSource) (*timer, error) {
	target, err := c.url(s.Spec.Sink)
	if err != nil {
		return nil, err
	}
	schedule, err := cron.ParseStandard(s.Spec.Schedule)
	if err != nil {
		return nil, fmt.Errorf("dispatch: %s: %w", s.Metadata.Name, err)
	}
	t := &timer{name: s.Metadata.Name, target: target, spec: s.Spec, next: schedule.Next, config: c}
	period, err := s.Metadata.duration(annotationPeriod, 0)
	if err != nil {
		return nil, err
	}
	if period > 0 {
		t.next = func(now time.Time) time.Time { return now.Add(period) }
	}
	return t, nil
}

// run posts at each due time. A tick that is still under way when the next is
// due swallows it, as the functions coalesce them anyway.
func (t *timer) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, time.Until(t.next(time.Now())))
		if ctx.Err() != nil {
			return
		}
		if err := t.post(ctx); err != nil && ctx.Err() == nil {
			t.config.Logger.WarnContext(ctx, "timer", "name", t.name, "error", err)
		}
	}
}

func (t *timer) post(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.target, strings.NewReader(t.spec.Data))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Ce-Specversion": "1.0", "Ce-Id": uuid.NewString(), "Ce-Type": "dev.knative.sources.ping",
		"Ce-Source": "/local/pingsources/" + t.name, "Ce-Time": time.Now().UTC().Format(time.RFC3339Nano),
	} {
		req.Header.Set(name, value)
	}
	if t.spec.ContentType != "" {
		req.Header.Set("Content-Type", t.spec.ContentType)
	}
	resp, err := t.config.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s answers %s", t.target, resp.Status)
	}
	return nil
}
