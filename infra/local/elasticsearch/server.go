package elasticsearch

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/rest"
	"spiceharvester/infra/local/standin"
)

// Faults are switches that make the server misbehave: see Server.Faults.
type Faults = rest.Faults

// Config says where the server listens and keeps its data. The zero value is
// a server in memory on any free port.
type Config struct {
	// Dir is the data folder; it is created. "" keeps everything in memory.
	Dir string
	// Port is the TCP port on 127.0.0.1; 0 takes a free one.
	Port int
	// Clock tells the time for refresh intervals, tombstones and expiry; nil
	// is time.Now.
	Clock func() time.Time
	// Logger gets what an operator should know; nil discards it.
	Logger *slog.Logger
	// EnableFaults lets clients set faults: PUT and DELETE /_faults.
	EnableFaults bool
}

// Handler is the server without a listener, for tests.
type Handler struct {
	http.Handler
	engine *engine.Engine
	faults *Faults
	log    *slog.Logger
}

// NewHandler opens the data and returns a handler; Close it when done. Port is
// not used.
func NewHandler(c Config) (*Handler, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := engine.New(engine.Options{Dir: c.Dir, Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	faults := &Faults{}
	return &Handler{Handler: rest.New(e, c.Logger, faults, c.EnableFaults), engine: e, faults: faults, log: c.Logger}, nil
}

// Faults returns the switches of the handler.
func (h *Handler) Faults() *Faults { return h.faults }

// Close ends writes that wait for a refresh and closes the data files.
func (h *Handler) Close() error {
	h.engine.Interrupt()
	return h.engine.Close()
}

// Server is a running stand-in.
type Server struct {
	handler  *Handler
	listener *standin.Listener
}

// Start opens the data and listens on 127.0.0.1. When ctx ends, connections are
// closed; the data is closed by Stop, which must be called in any case.
func Start(ctx context.Context, c Config) (*Server, error) {
	h, err := NewHandler(c)
	if err != nil {
		return nil, err
	}
	l, err := standin.Listen(ctx, c.Port, h, h.log)
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("elasticsearch: %w", err)
	}
	return &Server{handler: h, listener: l}, nil
}

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return s.listener.URL() }

// Faults returns the switches of the server.
func (s *Server) Faults() *Faults { return s.handler.faults }

// Handler returns the handler of the server.
func (s *Server) Handler() http.Handler { return s.handler }

// Stop lets running requests finish until ctx ends, then closes connections
// and data. Requests that hang or wait for a refresh are cut off. Further calls
// return the outcome of the first.
func (s *Server) Stop(ctx context.Context) error {
	wake := func() {
		s.handler.faults.Clear()
		s.handler.engine.Interrupt()
	}
	return s.listener.Stop(ctx, wake, s.handler.Close)
}
