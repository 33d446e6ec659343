package engine

import (
	"sync"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// testClock is a time that tests move.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newTestEngine(t *testing.T, dir string) (*Engine, *testClock) {
	t.Helper()
	clock := &testClock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	e, err := New(Options{Dir: dir, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e, clock
}

func mustCreate(t *testing.T, e *Engine, name, body string) *Index {
	t.Helper()
	i, err := e.Create(name, body)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// write does one write and returns its outcome.
func write(t *testing.T, e *Engine, op Op) Outcome {
	t.Helper()
	if op.VersionType == "" {
		op.VersionType = Internal
	}
	outs, err := e.Write(t.Context(), []*Op{&op}, RefreshNone)
	if err != nil {
		t.Fatal(err)
	}
	return outs[0]
}

func external(action Action, typ, id string, version int64) Op {
	return Op{Action: action, Index: "i", ID: id, Source: `{"v":1}`, VersionType: typ, Version: &version}
}

// hits counts the documents that a search of an expression sees.
func hits(t *testing.T, e *Engine, names ...string) int {
	t.Helper()
	n := 0
	err := e.Search(Expression{Names: names}, false, func(readers []*search.Reader) {
		n, _, _ = search.Count(search.All(), readers)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func value(t *testing.T, text string) xcontent.Value {
	t.Helper()
	d, err := xcontent.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}
