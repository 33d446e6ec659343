package postgres

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// stopPatience is how long the server gets for a fast shutdown, and again for an immediate one.
const stopPatience = 30 * time.Second

// Stop ends the server with a fast shutdown: clients are disconnected, data is flushed. When ctx ends first, or after 30
// seconds, it insists with an immediate shutdown and says so in its error; the next Start then recovers. An attached
// server is left to the process that started it. Stop may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	if s.attached {
		return nil
	}
	err := s.end(ctx)
	s.lock.Release()
	if err != nil {
		return fmt.Errorf("postgres: stop: %w", err)
	}
	return nil
}

// end asks the process to end, more firmly each time, until it has.
func (s *Server) end(ctx context.Context) error {
	var hurried error
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		// An error means that the process is gone.
		_ = s.cmd.Process.Signal(signal)
		limit := s.patience
		if signal == syscall.SIGKILL {
			limit = max(limit, stopPatience) // nothing firmer is left
		}
		patience, cancel := context.WithTimeout(ctx, limit)
		select {
		case <-s.done:
			cancel()
			return errors.Join(hurried, s.exit)
		case <-patience.Done():
			hurried = fmt.Errorf("no end after %s: %w", signal, patience.Err())
			cancel()
		}
		// The caller's patience is over, the server's own deadline is not.
		ctx = context.WithoutCancel(ctx)
	}
	return hurried
}

// exitError is how the process ended; call it when done is closed.
func (s *Server) exitError() error {
	if s.exit == nil {
		return errors.New("exit status 0")
	}
	return s.exit
}
