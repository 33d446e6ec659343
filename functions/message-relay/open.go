package messagerelay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/shared/kafka"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/sweep"
)

// Open makes the function out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	client, err := kgo.NewClient(kafka.ProducerOptions(p.Config.KafkaBrokers...)...)
	if err != nil {
		return nil, fmt.Errorf("message-relay: kafka: %w", err)
	}
	publisher := kafka.NewPublisher(client, p.Logger)
	p.WatchBacklog()
	f := New(Deps{
		Log: p.Log, Publisher: &announcing{publisher, p.Status}, Registry: p.Registry, Now: p.Now, Logger: p.Logger,
		Sweep: sweep.New(sweep.Config{
			Log: p.Log, Registry: p.Registry, Store: p.Registry, Publisher: publisher, Handlers: sweep.Handlers, Now: p.Now, Logger: p.Logger,
		}),
		Forget: func(ctx context.Context, before time.Time) error {
			return errors.Join(p.Index.Forget(ctx, before), p.Registry.Forget(ctx, before))
		},
	})
	f.closeClient = client.Close
	return f, nil
}
