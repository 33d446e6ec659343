package consume

import (
	"cmp"
	"log/slog"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// Base is what every handler is made of.
type Base struct {
	Handler  string                // its name in the registry, for example instance_worker
	Types    []event.AggregateType // the aggregates that concern it
	Log      *eventlog.Log
	Registry Registry
	Retry    Retry
	Timeout  time.Duration    // of one batch; default 30 s
	MaxBatch int              // deliveries per batch; default 500
	Now      func() time.Time // default time.Now
	Logger   *slog.Logger     // default slog.Default
}

func (b Base) withDefaults() Base {
	b.Retry = b.Retry.withDefaults()
	b.Timeout = cmp.Or(b.Timeout, 30*time.Second)
	b.MaxBatch = cmp.Or(b.MaxBatch, 500)
	if b.Now == nil {
		b.Now = time.Now
	}
	if b.Logger == nil {
		b.Logger = slog.Default()
	}
	return b
}
