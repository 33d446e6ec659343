// Package consumetest holds a registry in memory and the conformance suite that
// every implementation of consume.Registry must pass.
package consumetest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/event"
)

type key struct {
	handler   string
	aggregate event.Aggregate
}

// Registry is a registry in memory.
type Registry struct {
	mu        sync.Mutex
	marks     map[key]uint64
	parked    map[key]consume.Parked
	processed map[string]map[event.ID]consume.ProcessedEvent
	letters   []consume.DeadLetter
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry {
	return &Registry{marks: map[key]uint64{}, parked: map[key]consume.Parked{}, processed: map[string]map[event.ID]consume.ProcessedEvent{}}
}

// Load implements consume.Registry.
func (r *Registry) Load(_ context.Context, handler string, aggregates []event.Aggregate) (map[event.Aggregate]consume.Mark, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	marks := map[event.Aggregate]consume.Mark{}
	for _, a := range aggregates {
		k := key{handler, a}
		m := consume.Mark{Sequence: r.marks[k]}
		if p, ok := r.parked[k]; ok {
			m.Parked = &p
		}
		if m.Sequence > 0 || m.Parked != nil {
			marks[a] = m
		}
	}
	return marks, nil
}

// Save implements consume.Registry.
func (r *Registry) Save(_ context.Context, handler string, _ time.Time, done []consume.Progress) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range done {
		k := key{handler, p.Aggregate}
		if p.Sequence > 0 {
			r.marks[k] = max(r.marks[k], p.Sequence)
		}
		delete(r.parked, k)
		if p.Park != nil {
			r.parked[k] = *p.Park
		}
		for _, e := range p.Events {
			if r.processed[handler] == nil {
				r.processed[handler] = map[event.ID]consume.ProcessedEvent{}
			}
			if r.processed[handler][e.ID].Status != consume.StatusDone {
				r.processed[handler][e.ID] = e
			}
		}
	}
	return nil
}

// RecordRaw implements consume.Registry.
func (r *Registry) RecordRaw(_ context.Context, l consume.DeadLetter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letters = append(r.letters, l)
	return nil
}

// DeadLetters gives what RecordRaw got.
func (r *Registry) DeadLetters() []consume.DeadLetter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.letters)
}

// Due implements consume.Registry.
func (r *Registry) Due(_ context.Context, now time.Time, limit int) ([]consume.Parked, error) {
	list := r.list(func(p consume.Parked) bool { return !p.Dead && !p.NextTry.After(now) })
	slices.SortFunc(list, func(a, b consume.Parked) int { return a.NextTry.Compare(b.NextTry) })
	return list[:min(limit, len(list))], nil
}

// Parked implements consume.Registry.
func (r *Registry) Parked(_ context.Context, limit int) ([]consume.Parked, error) {
	list := r.list(func(consume.Parked) bool { return true })
	slices.SortFunc(list, func(a, b consume.Parked) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Handler, b.Handler), cmp.Compare(a.Aggregate.ID, b.Aggregate.ID))
	})
	return list[:min(limit, len(list))], nil
}

func (r *Registry) list(keep func(consume.Parked) bool) []consume.Parked {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []consume.Parked
	for _, p := range r.parked {
		if keep(p) {
			list = append(list, p)
		}
	}
	return list
}

// Processed gives a processed event, and whether there is one.
func (r *Registry) Processed(handler string, id event.ID) (consume.ProcessedEvent, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.processed[handler][id]
	return e, ok
}
