package rebuild

import (
	"context"
	"fmt"

	"spiceharvester/shared/status"
)

// Statuses empties the board of command states; nil is an installation without
// Redis. There is nothing to fill in: a state that is not there is read from the log.
func Statuses(board *status.Redis) Sink {
	return Sink{Name: "status", Rebuild: func(ctx context.Context) (Report, error) {
		if board == nil {
			return Report{Equal: true, Notes: []string{"this installation has no Redis"}}, nil
		}
		dropped, err := board.Forget(ctx)
		if err != nil {
			return Report{}, err
		}
		return Report{Equal: true, Notes: []string{fmt.Sprintf("%d states dropped; the log answers instead", dropped)}}, nil
	}}
}
