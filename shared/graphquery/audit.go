package graphquery

import (
	"context"
	"sync"

	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

const (
	auditNodes  = 100 // nodes that are audited in one answer
	auditEvents = 5   // events of each, the last ones
	auditReads  = 8   // nodes that are read at once
)

// AuditEvent is one event of an instance's history.
type AuditEvent struct {
	Fact
	Type    string `json:"event_type"`
	Actor   string `json:"actor"`
	Command string `json:"command_id"`
}

// audit adds the last events of each node, newest first, as the log has them.
func (s *Service) audit(ctx context.Context, database, branch string, c *collector, nodes []Node) error {
	n := len(nodes)
	if n > auditNodes {
		c.warn("audit_limit_reached(max_nodes=%d)", auditNodes)
		n = auditNodes
	}
	aggregates := make([]event.Aggregate, n)
	for i := range n {
		aggregates[i] = writes.InstanceAggregate(instance.Ref{Database: database, Branch: branch, Class: c.nodes[i].Class, ID: c.nodes[i].ID})
	}
	states, _, err := s.Log.States(ctx, database, aggregates...)
	if err != nil {
		return problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var work sync.WaitGroup
	for range min(auditReads, n) {
		work.Go(func() {
			for i := range next {
				events, err := s.history(ctx, states[aggregates[i]].Position)
				if err != nil {
					cancel(err)
				}
				nodes[i].Audit = events
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	work.Wait()
	if err := context.Cause(ctx); err != nil {
		return problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	return nil
}

// history reads the last events that end at a position; none if it is zero.
func (s *Service) history(ctx context.Context, from event.Position) ([]AuditEvent, error) {
	list := []AuditEvent{}
	for e, err := range s.Log.History(ctx, from) {
		if err != nil {
			return nil, err
		}
		list = append(list, AuditEvent{
			Fact: Fact{EventID: string(e.ID), Sequence: e.Sequence, Position: e.Position.String(), OccurredAt: problem.Timestamp(e.Time)},
			Type: string(e.Type), Actor: e.Actor, Command: string(e.Command),
		})
		if len(list) == auditEvents {
			break
		}
	}
	return list, nil
}
