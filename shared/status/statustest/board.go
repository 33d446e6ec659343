// Package statustest holds the conformance suite of boards and a board in memory.
package statustest

import (
	"context"
	"sync"

	"spiceharvester/shared/event"
	"spiceharvester/shared/status"
)

// Board is a board in memory, the model of the others.
type Board struct {
	mu        sync.Mutex
	records   map[event.ID]status.Record
	listeners map[chan status.Record]bool
}

// NewBoard makes an empty board.
func NewBoard() *Board {
	return &Board{records: map[event.ID]status.Record{}, listeners: map[chan status.Record]bool{}}
}

// Put implements status.Board.
func (b *Board) Put(_ context.Context, records []status.Record) ([]bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	news := make([]bool, len(records))
	for i, r := range records {
		known, ok := b.records[r.CommandID]
		if ok && known.Order() >= r.Order() {
			continue
		}
		news[i] = true
		b.records[r.CommandID] = r
		for l := range b.listeners {
			l <- r
		}
	}
	return news, nil
}

// Get implements status.Board.
func (b *Board) Get(_ context.Context, id event.ID) (status.Record, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.records[id]
	return r, ok, nil
}

// Listen implements status.Board.
func (b *Board) Listen(ctx context.Context, ready func(), hear func(status.Record)) error {
	heard := make(chan status.Record, 100_000)
	b.mu.Lock()
	b.listeners[heard] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, heard)
	}()
	ready()
	for {
		select {
		case r := <-heard:
			hear(r)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Listeners counts those who listen.
func (b *Board) Listeners() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners)
}
