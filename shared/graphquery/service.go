package graphquery

import (
	"context"
	"errors"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
)

// Service answers graph queries.
type Service struct {
	Engine  graph.Engine
	Search  *search.Client
	Classes *classes.Reader
	Log     *eventlog.Log
	Limits  Limits
	Now     func() time.Time
}

// Run answers a query. Unknown names are 400 problems that name the field, a store
// that cannot answer is a 503.
func (s *Service) Run(ctx context.Context, database, branch string, q *Query) (*Answer, error) {
	if err := q.checkClassIDs(); err != nil {
		return nil, err
	}
	hops := q.hops()
	if s.Limits.Semantic {
		var err error
		if hops, err = q.check(ctx, once(s.Classes.Schemas(database, branch))); err != nil {
			return nil, err
		}
	}
	c := newCollector(q)
	if err := s.collect(ctx, database, branch, q, hops, c); err != nil {
		return nil, err
	}
	return s.answer(ctx, database, branch, q, c)
}

func (s *Service) collect(ctx context.Context, database, branch string, q *Query, hops []graph.Hop, c *collector) error {
	w := newWalker(s.Engine, database, branch, hops, s.Limits.Visits, c.wanted)
	err := s.starts(ctx, database, q, q.Offset+q.Limit, func(page []graph.Node) (bool, error) {
		return w.from(ctx, page, c.add)
	})
	if errors.Is(err, errVisits) {
		c.warn("visit_limit_reached(max_visits=%d)", s.Limits.Visits)
		return nil
	}
	return unavailable(err)
}

// unavailable is an error of a store as clients get it.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	if _, known := problem.AsProblem(err); known {
		return err
	}
	return problem.Unavailable(problem.ServiceUnavailable, "graph", err)
}
