package messagerelay

import (
	"context"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/status"
)

// announcing hands what is published to those who wait for commands too. It never
// waits for them.
type announcing struct {
	eventlog.Publisher
	status *status.Writer
}

// Publish implements eventlog.Publisher.
func (a *announcing) Publish(ctx context.Context, events []event.Event) error {
	a.status.Events(events)
	return a.Publisher.Publish(ctx, events)
}
