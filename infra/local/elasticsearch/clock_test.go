package elasticsearch_test

import (
	"sync"
	"time"
)

// clock is a time that tests move.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	rush bool
}

func newClock(start time.Time) *clock { return &clock{now: start} }

// Now is the time; in a rush it moves on with every look.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rush {
		c.now = c.now.Add(250 * time.Millisecond)
	}
	return c.now
}

// Advance moves the time.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Rush makes every look at the clock move it, so that waiting ends soon.
func (c *clock) Rush(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rush = on
}
