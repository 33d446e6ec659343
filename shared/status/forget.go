package status

import (
	"context"
	"fmt"
)

// forgetPage is how many keys one look takes.
const forgetPage = 500

// Forget drops every state of this log's commands, and reports how many. Nothing is
// lost: the log answers, and states come again with what happens next.
func (b *Redis) Forget(ctx context.Context) (dropped int64, err error) {
	log, err := b.LogID(ctx)
	if err != nil {
		return 0, err
	}
	for cursor := uint64(0); ; {
		keys, next, err := b.Client.Scan(ctx, cursor, key(log, "*"), forgetPage).Result()
		if err != nil {
			return dropped, fmt.Errorf("status: forget: %w", err)
		}
		if len(keys) > 0 {
			n, err := b.Client.Unlink(ctx, keys...).Result()
			if err != nil {
				return dropped, fmt.Errorf("status: forget: %w", err)
			}
			dropped += n
		}
		if cursor = next; cursor == 0 {
			return dropped, nil
		}
	}
}
