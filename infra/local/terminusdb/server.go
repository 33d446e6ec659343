package terminusdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spiceharvester/infra/local/standin"
	"spiceharvester/infra/local/terminusdb/internal/rest"
	"spiceharvester/infra/local/terminusdb/internal/store"
)

// Config says where the server listens and keeps its data.
type Config struct {
	// Dir is the data folder; it is created. "" keeps everything in memory. A
	// folder in use is an error that wraps folderlock.ErrTaken.
	Dir string
	// Port of 127.0.0.1; 0 takes a free one. A taken port is an error that
	// wraps syscall.EADDRINUSE.
	Port int
	// User and Key are the only account; both must be given.
	User, Key string
	// Account is the only organization; "" is admin.
	Account string
	// Clock tells the times of commits; nil is time.Now.
	Clock func() time.Time
	// Logger gets what an operator should know; nil discards it.
	Logger *slog.Logger
}

// Server is a running stand-in.
type Server struct {
	store    *store.Store
	faults   *standin.Faults
	listener *standin.Listener
}

// Start opens the data and listens on 127.0.0.1. When ctx ends, connections are
// closed; the data is closed by Stop, which must be called in any case.
func Start(ctx context.Context, c Config) (*Server, error) {
	s, err := start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("terminusdb: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, c Config) (*Server, error) {
	if c.User == "" || c.Key == "" {
		return nil, errors.New("the user and the key must be given")
	}
	if c.Account == "" {
		c.Account = "admin"
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	data, err := store.Open(ctx, store.Options{Dir: c.Dir, Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	s := &Server{store: data, faults: &standin.Faults{}}
	h := rest.New(data, s.faults, rest.Options{User: c.User, Key: c.Key, Account: c.Account, Logger: c.Logger})
	if s.listener, err = standin.Listen(ctx, c.Port, h, c.Logger); err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return s, nil
}

// URL is the address of the server, without a slash at its end; the API lies
// below /api.
func (s *Server) URL() string { return s.listener.URL() }

// Faults returns the switches of the server.
func (s *Server) Faults() *standin.Faults { return s.faults }

// Stop lets running requests finish until ctx ends, then closes connections
// and data. Requests that hang are let go. Further calls return the outcome of
// the first.
func (s *Server) Stop(ctx context.Context) error {
	return s.listener.Stop(ctx, s.faults.Clear, s.store.Close)
}
