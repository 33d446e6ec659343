package eventlog

import (
	"context"
	"errors"
	"fmt"
)

// Objects is the object store. Keys are paths below the bucket.
type Objects interface {
	// Create stores an object if its key is free, atomically (If-None-Match: *).
	// It returns ErrExists if the key is taken. Every other error means that it
	// is unknown whether the object was or will be stored.
	Create(ctx context.Context, key string, body []byte) error
	// Get returns a whole object, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// GetRange returns length bytes from offset, or ErrNotFound.
	GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error)
}

// What an object store says.
var (
	ErrExists   = errors.New("eventlog: object exists")
	ErrNotFound = errors.New("eventlog: no such object")
)

// Keys of the log's objects.
const metaKey = "log/v1/log.json"

func segmentKey(chain int, number uint64) string {
	return fmt.Sprintf("log/v1/%03d/%020d", chain, number)
}

func dataKey(sha256Hex string) string { return "log/v1/data/" + sha256Hex }

// SegmentKey names the object that holds a segment.
func SegmentKey(chain int, number uint64) string { return segmentKey(chain, number) }

// ParseSegmentKey is the reverse of [SegmentKey].
func ParseSegmentKey(key string) (chain int, number uint64, ok bool) {
	if _, err := fmt.Sscanf(key, "log/v1/%d/%d", &chain, &number); err != nil || segmentKey(chain, number) != key {
		return 0, 0, false
	}
	return chain, number, true
}
