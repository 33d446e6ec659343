// Package redis is the local host's Redis: miniredis, with the clock that it lacks.
// Nothing is kept on disk; what it held is lost at exit, as design wants it to be.
package redis

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/infra/local/loopback"
)

// tick is how often keys grow older: miniredis lets no time pass by itself.
const tick = 50 * time.Millisecond

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
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			s.mini.FastForward(now.Sub(last))
			last = now
		}
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
