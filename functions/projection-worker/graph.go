package projectionworker

import (
	"time"

	"spiceharvester/shared/follow"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/platform"
)

// Of a batch: commits take long there, and a change of the schema minutes; so a
// commit shall serve many facts.
const (
	graphLinger = 100 * time.Millisecond
	graphLimit  = 6 * time.Minute
)

// openGraph makes the follower that writes into TerminusDB.
func openGraph(p *platform.Platform) (*follow.Follower, error) {
	sink, _, err := graphprojection.Open(p)
	if err != nil {
		return nil, err
	}
	return follow.New(follow.Config{
		Name: "graph", Log: p.Log, Sink: sink, Limit: graphLimit, Linger: graphLinger, Now: p.Now, Logger: p.Logger,
	}), nil
}
