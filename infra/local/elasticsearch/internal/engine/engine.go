package engine

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Options configure an Engine.
type Options struct {
	// Dir is where the files lie; "" keeps everything in memory.
	Dir string
	// Clock tells the time for refresh intervals, tombstones and expiry.
	Clock func() time.Time
	// Logger gets what an operator should know.
	Logger *slog.Logger
}

// Engine is one node with all its indices. It is safe for concurrent use.
type Engine struct {
	dir   string
	clock func() time.Time
	log   *slog.Logger
	lock  *os.File

	mu        sync.RWMutex // guards what follows; taken before an index's lock
	indices   map[string]*Index
	aliases   map[string]map[string]*Alias // alias -> index -> definition
	templates map[string]*Template
	settings  xcontent.Obj // flat cluster settings

	contexts contexts
	ending   chan struct{}
	end      sync.Once
}

// New opens the data folder, or starts empty.
func New(o Options) (*Engine, error) {
	e := &Engine{
		dir: o.Dir, clock: o.Clock, log: o.Logger,
		indices: map[string]*Index{}, aliases: map[string]map[string]*Alias{}, templates: map[string]*Template{},
		ending: make(chan struct{}),
	}
	if e.clock == nil {
		e.clock = time.Now
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.contexts.open = map[int64]*openContext{}
	if e.dir == "" {
		return e, nil
	}
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return nil, fmt.Errorf("elasticsearch: create data folder: %w", err)
	}
	if err := e.acquire(); err != nil {
		return nil, err
	}
	if err := e.load(); err != nil {
		e.lock.Close()
		return nil, err
	}
	return e, nil
}

// Interrupt ends writes that wait for a refresh, before Close.
func (e *Engine) Interrupt() { e.end.Do(func() { close(e.ending) }) }

// Close writes nothing more and closes the files.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var first error
	for _, idx := range e.indices {
		idx.mu.Lock()
		if err := idx.journal.close(); err != nil && first == nil {
			first = err
		}
		idx.mu.Unlock()
	}
	if e.lock != nil {
		if err := e.lock.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Now is the engine's time.
func (e *Engine) Now() time.Time { return e.clock() }

// names returns the names of all indices, sorted. The caller holds e.mu.
func (e *Engine) names() []string {
	out := make([]string, 0, len(e.indices))
	for n := range e.indices {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (e *Engine) journalPath(uuid string) string { return filepath.Join(e.dir, uuid+".journal") }

// randomID returns n random bytes as text without padding.
func randomID(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// IndexNames lists all indices, sorted.
func (e *Engine) IndexNames() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.names()
}
