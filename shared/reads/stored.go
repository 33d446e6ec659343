package reads

import (
	"context"
	"encoding/json"
	"fmt"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

// Stored walks the instances of a class as they were at a position or later, by id. It
// waits for the read model to get there and answers 503 if it does not, or is away.
func (r *Reads) Stored(ctx context.Context, database, class string, upTo event.Position, visit func(id string, data map[string]any)) error {
	if err := r.wait(ctx, database, sweep.Instances, upTo); err != nil {
		return err
	}
	alias := search.InstancesAlias(database)
	if err := r.Search.Refresh(ctx, alias); err != nil {
		return unavailable(err)
	}
	err := r.Search.ScanClass(ctx, alias, class, func(id string, source json.RawMessage) error {
		document, err := strictjson.Object(source)
		if err != nil {
			return fmt.Errorf("reads: document %s: %w", id, err)
		}
		instance, _ := document["instance_id"].(string)
		data, _ := document["data"].(map[string]any)
		visit(instance, data)
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	return nil
}
