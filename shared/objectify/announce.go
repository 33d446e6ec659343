package objectify

import (
	"context"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/outbox"
)

// Publisher is the function that brings what happens here into the log.
const Publisher = "objectify-outbox-worker"

// announce writes an event into the outbox, in the transaction that makes it true.
func announce(ctx context.Context, tx pgx.Tx, e event.Event) error {
	e.Kind, e.Source = event.Domain, "/functions/"+Publisher
	return outbox.Add(ctx, tx, e.Time, outbox.Entry{Publisher: Publisher, Event: e})
}
