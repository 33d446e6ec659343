// Package sweep finds what deliveries left undone and publishes a hint for it
// again: parked aggregates whose next try has come, aggregates whose watermark
// lags behind the log, and commands without an outcome. Handlers do the rest
// (package consume), so a sweep can only repeat work, never lose or decide it.
package sweep

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
)

// Handler names a consumer of facts whose watermarks are compared with the log.
type Handler struct {
	Name  string
	Types []event.AggregateType
}

// The consumers of facts of the project.
var (
	Instances = Handler{"projection_worker:instance_events", []event.AggregateType{"Instance"}}
	Ontology  = Handler{"projection_worker:ontology_events", []event.AggregateType{event.Database, "OntologyClass"}}
)

// Handlers lists every consumer of facts with a watermark. A consumer that is
// missing here still gets its deliveries, but a lost one is not found.
var Handlers = []Handler{Instances, Ontology}

// Store finds lagging aggregates.
type Store interface {
	// Lagging gives the positions of the last facts of aggregates that a
	// handler has not reached although they were published at least grace ago.
	// Parked aggregates are not among them.
	Lagging(ctx context.Context, h Handler, now time.Time, grace time.Duration) ([]event.Position, error)
}

// Config holds what a Sweep needs.
type Config struct {
	Log       *eventlog.Log
	Registry  consume.Registry
	Store     Store
	Publisher eventlog.Publisher
	Handlers  []Handler
	// Grace is how long a delivery may take before it is hinted at again;
	// default 10 s. It is also the pause between two hints for the same event.
	Grace  time.Duration
	Limit  int // hints per kind and run; default 500
	Now    func() time.Time
	Logger *slog.Logger
}

// Sweep publishes hints. It is safe for concurrent use.
type Sweep struct {
	Config

	mu     sync.Mutex
	hinted map[event.Position]time.Time // a cache: losing it repeats hints
}

// New makes a Sweep.
func New(c Config) *Sweep {
	c.Grace = cmp.Or(c.Grace, 10*time.Second)
	c.Limit = cmp.Or(c.Limit, 500)
	return &Sweep{Config: c, hinted: map[event.Position]time.Time{}}
}

// Run makes one sweep and reports how many hints it published.
func (s *Sweep) Run(ctx context.Context) (int, error) {
	var due []event.Position
	parked, err := s.Registry.Due(ctx, s.Now(), s.Limit)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	for _, p := range parked {
		due = append(due, p.Position)
	}
	for _, h := range s.Handlers {
		lagging, err := s.Store.Lagging(ctx, h, s.Now(), s.Grace)
		if err != nil {
			return 0, fmt.Errorf("sweep: %w", err)
		}
		due = append(due, lagging...)
	}
	open, err := s.overdue(ctx)
	if err != nil {
		return 0, err
	}
	return s.publish(ctx, s.fresh(append(due, open...)))
}

// overdue gives the commands that have waited for an outcome longer than grace.
func (s *Sweep) overdue(ctx context.Context) ([]event.Position, error) {
	open, err := s.Log.OverdueCommands(ctx, s.Now().Add(-s.Grace), s.Limit)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	positions := make([]event.Position, len(open))
	for i, c := range open {
		positions[i] = c.Position
	}
	return positions, nil
}

// fresh drops what was hinted at within the grace period.
func (s *Sweep) fresh(positions []event.Position) []event.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	for p, t := range s.hinted {
		if now.Sub(t) >= s.Grace {
			delete(s.hinted, p)
		}
	}
	slices.SortFunc(positions, event.Position.Compare)
	positions = slices.Compact(positions)
	positions = slices.DeleteFunc(positions, func(p event.Position) bool { _, recent := s.hinted[p]; return recent })
	for _, p := range positions {
		s.hinted[p] = now
	}
	return positions
}

func (s *Sweep) publish(ctx context.Context, positions []event.Position) (int, error) {
	var hints []event.Event
	for _, p := range positions {
		e, err := s.Log.Event(ctx, p)
		if err != nil {
			return 0, fmt.Errorf("sweep: %w", err)
		}
		hints = append(hints, e)
	}
	if len(hints) == 0 {
		return 0, nil
	}
	s.Logger.InfoContext(ctx, "sweep delivers again", "events", len(hints))
	if err := s.Publisher.Publish(ctx, hints); err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	return len(hints), nil
}
