// Package eventlogtest holds what tests of the event log share: an object store
// and an index in memory, and the conformance suites that every implementation
// of the two must pass.
package eventlogtest

import (
	"bytes"
	"context"
	"maps"
	"sync"

	"spiceharvester/shared/eventlog"
)

// Objects is an object store in memory.
type Objects struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// NewObjects makes an empty store.
func NewObjects() *Objects { return &Objects{objects: map[string][]byte{}} }

// Create implements eventlog.Objects.
func (o *Objects) Create(_ context.Context, key string, body []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, taken := o.objects[key]; taken {
		return eventlog.ErrExists
	}
	o.objects[key] = bytes.Clone(body)
	return nil
}

// Get implements eventlog.Objects.
func (o *Objects) Get(_ context.Context, key string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, ok := o.objects[key]
	if !ok {
		return nil, eventlog.ErrNotFound
	}
	return bytes.Clone(body), nil
}

// GetRange implements eventlog.Objects.
func (o *Objects) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	body, err := o.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return body[offset : offset+length], nil
}

// Overwrite stores an object whatever is there, as nothing in the product can.
func (o *Objects) Overwrite(key string, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects[key] = bytes.Clone(body)
}

// Backup copies the store's content; Restore puts a copy back.
func (o *Objects) Backup() map[string][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.objects)
}

// Restore replaces the content.
func (o *Objects) Restore(content map[string][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects = maps.Clone(content)
}
