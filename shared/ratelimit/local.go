package ratelimit

import (
	"container/list"
	"math"
	"sync"
	"time"
)

// Memory keeps buckets in the process, the most recently used ones.
type Memory struct {
	limit int

	mu      sync.Mutex
	buckets map[string]*list.Element
	recent  *list.List // of *bucket, the last used in front
}

type bucket struct {
	key    string
	tokens float64
	at     time.Time
}

// NewMemory keeps up to limit buckets.
func NewMemory(limit int) *Memory {
	return &Memory{limit: max(1, limit), buckets: map[string]*list.Element{}, recent: list.New()}
}

// Take is [Buckets.Take], without errors.
func (m *Memory) Take(p Preset, key string, now time.Time) (tokens float64, allowed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.buckets[key]
	if !ok {
		if m.recent.Len() >= m.limit {
			oldest := m.recent.Back()
			delete(m.buckets, m.recent.Remove(oldest).(*bucket).key)
		}
		at = m.recent.PushFront(&bucket{key, float64(p.Requests), now})
		m.buckets[key] = at
	}
	m.recent.MoveToFront(at)
	b := at.Value.(*bucket)
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens = math.Min(float64(p.Requests), b.tokens+passed*p.perSecond())
		b.at = now
	}
	if b.tokens < float64(p.Cost) {
		return b.tokens, false
	}
	b.tokens -= float64(p.Cost)
	return b.tokens, true
}
