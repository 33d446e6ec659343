package standin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"spiceharvester/infra/local/loopback"
)

// Listener serves a handler on 127.0.0.1.
type Listener struct {
	http    *http.Server
	url     string
	cancel  context.CancelFunc
	done    chan error
	once    sync.Once
	stopErr error
}

// Listen serves h on a port of 127.0.0.1; 0 takes a free one. A taken port is
// an error that wraps syscall.EADDRINUSE. When ctx ends, connections are
// closed; Stop must be called in any case.
func Listen(ctx context.Context, port int, h http.Handler, logger *slog.Logger) (*Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", loopback.Address(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, loopback.Taken(port)
	}
	if err != nil {
		return nil, err
	}
	// Requests end with the server: one that waits must not hold up Stop.
	base, cancel := context.WithCancel(ctx)
	s := &Listener{
		url: "http://" + l.Addr().String(), cancel: cancel, done: make(chan error, 1),
		http: &http.Server{
			Handler: h, ReadHeaderTimeout: 30 * time.Second,
			BaseContext: func(net.Listener) context.Context { return base },
			ErrorLog:    slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		},
	}
	go func() {
		err := s.http.Serve(l)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.done <- err
	}()
	context.AfterFunc(base, func() { s.http.Close() })
	return s, nil
}

// URL is the address, without a slash at its end.
func (s *Listener) URL() string { return s.url }

// Stop calls wake, which lets go what hangs, and lets running requests finish
// until ctx ends; then it closes the connections and calls closeData. Further
// calls return the outcome of the first.
func (s *Listener) Stop(ctx context.Context, wake func(), closeData func() error) error {
	s.once.Do(func() {
		wake()
		err := s.http.Shutdown(ctx)
		s.cancel()
		s.http.Close()
		s.stopErr = errors.Join(err, <-s.done, closeData())
	})
	return s.stopErr
}
