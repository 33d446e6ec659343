// Package redis is the local host's Redis: miniredis, with the clock that it lacks.
// Nothing is kept on disk; what it held is lost at exit, as design wants it to be.
package redis

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/infra/local/loopback"
)

// miniredis lets no time pass by itself, and letting it pass looks at every key
// under its lock. So keys grow older each tick, and the more there are the more
// seldom: at most one part in share of the time is spent on it, until a key may
// live oldest too long.
const (
	tick   = 50 * time.Millisecond
	share  = 100
	oldest = 5 * time.Second
)

// Server is a running Redis.
type Server struct {
	mini *miniredis.Miniredis
	stop chan struct{}
	done chan struct{}
}

// Start listens on a port, 0 for any.
func Start(port int) (*Server, error) {
	s := &Server{mini: miniredis.NewMiniRedis(), stop: make(chan struct{}), done: make(chan struct{})}
	if err := s.mini.StartAddr(loopback.Address(port)); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	go s.age()
	return s, nil
}

func (s *Server) age() {
	defer close(s.done)
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for last := time.Now(); ; {
		select {
		case <-s.stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		s.mini.FastForward(now.Sub(last))
		last = now
		timer.Reset(min(max(tick, share*time.Since(now)), oldest))
	}
}

// URL is the address as REDIS_URL has it.
func (s *Server) URL() string { return "redis://" + s.mini.Addr() + "/0" }

// Stop ends it.
func (s *Server) Stop() {
	close(s.stop)
	<-s.done
	s.mini.Close()
}
