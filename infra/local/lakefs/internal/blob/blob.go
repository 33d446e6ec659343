// Package blob is where the stand-in keeps bytes: objects and committed trees,
// in buckets of an object store.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// ErrNotFound says that a bucket or key does not exist.
var ErrNotFound = errors.New("no such object")

// Body is the content of a Put.
type Body struct {
	io.ReadSeeker        // at its start
	Size          int64  // bytes
	SHA256        string // of the bytes, hex
}

// Bytes makes a Body of bytes in memory.
func Bytes(b []byte, sha256 string) Body {
	return Body{ReadSeeker: bytes.NewReader(b), Size: int64(len(b)), SHA256: sha256}
}

// Store is the part of an object store that the stand-in needs. Keys name
// their content, so that a Put never changes what a key means; the only
// exception is a repository's manifest.
type Store interface {
	// Put writes an object, over one that exists.
	Put(ctx context.Context, bucket, key string, body Body) error
	// Get reads length bytes from offset; a negative length reads to the end.
	// The caller closes the reader.
	Get(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error)
}

// ReadAll reads a whole small object.
func ReadAll(ctx context.Context, s Store, bucket, key string) ([]byte, error) {
	r, err := s.Get(ctx, bucket, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", bucket, key, err)
	}
	return b, nil
}

// Namespace is a storage namespace, s3://bucket/prefix.
type Namespace string

// Key splits the namespace and puts a name below its prefix.
func (n Namespace) Key(name string) (bucket, key string) {
	rest := strings.TrimPrefix(string(n), "s3://")
	bucket, prefix, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	if prefix != "" {
		name = prefix + "/" + name
	}
	return bucket, name
}

// Address is the URI of a name below the namespace.
func (n Namespace) Address(name string) string {
	bucket, key := n.Key(name)
	return "s3://" + bucket + "/" + key
}

// Memory is a Store for tests. The zero value is empty and ready.
type Memory struct {
	mu      sync.RWMutex
	objects map[string][]byte
}

// Put implements Store.
func (m *Memory) Put(_ context.Context, bucket, key string, body Body) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = map[string][]byte{}
	}
	m.objects[bucket+"/"+key] = b
	return nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	m.mu.RLock()
	b, ok := m.objects[bucket+"/"+key]
	m.mu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("%s/%s: %w", bucket, key, ErrNotFound)
	}
	b = b[min(offset, int64(len(b))):]
	if length >= 0 {
		b = b[:min(length, int64(len(b)))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}
