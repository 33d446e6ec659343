package lakefs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/rest"
	"spiceharvester/infra/local/lakefs/internal/store"
	"spiceharvester/infra/local/loopback"
)

// Faults are switches that make the server misbehave: see Server.Faults.
type Faults = rest.Faults

// Blobs is where bytes are kept.
type Blobs = blob.Store

// S3 keeps bytes in the buckets that storage namespaces name. They must exist.
func S3(client *s3.Client) Blobs { return blob.NewS3(client) }

// Memory keeps bytes in memory, for tests; it outlives a server.
func Memory() Blobs { return &blob.Memory{} }

// Config says where the server listens and keeps its data.
type Config struct {
	// Dir is the data folder; it is created. "" keeps refs and what is staged
	// in memory. A folder in use is an error that wraps folderlock.ErrTaken.
	Dir string
	// Port of 127.0.0.1; 0 takes a free one. A taken port is an error that
	// wraps syscall.EADDRINUSE.
	Port int
	// AccessKey and SecretKey are the only credentials; both must be given.
	AccessKey, SecretKey string
	// Blobs must be given.
	Blobs Blobs
	// Clock tells the times of commits and objects; nil is time.Now.
	Clock func() time.Time
	// Logger gets what an operator should know; nil discards it.
	Logger *slog.Logger
}

// Server is a running stand-in.
type Server struct {
	store   *store.Store
	faults  *Faults
	http    *http.Server
	spool   string
	url     string
	cancel  context.CancelFunc
	done    chan error
	once    sync.Once
	stopErr error
}

// Start opens the data and listens on 127.0.0.1. When ctx ends, connections
// are closed; the data is closed by Stop, which must be called in any case.
func Start(ctx context.Context, c Config) (*Server, error) {
	s, err := start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("lakefs: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, c Config) (_ *Server, err error) {
	if c.AccessKey == "" || c.SecretKey == "" || c.Blobs == nil {
		return nil, errors.New("the access key, the secret key and the store of bytes must be given")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	data, err := store.Open(ctx, store.Options{Dir: c.Dir, Blobs: c.Blobs, Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	s := &Server{store: data, faults: &Faults{}, done: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeData())
		}
	}()
	if s.spool, err = spoolFolder(c.Dir); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", loopback.Address(c.Port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, loopback.Taken(c.Port)
	}
	if err != nil {
		return nil, err
	}
	s.url = "http://" + l.Addr().String()
	// Requests end with the server: one that waits for a slow object store
	// must not hold up Stop.
	base, cancel := context.WithCancel(ctx)
	s.cancel = cancel
	s.http = &http.Server{
		Handler: rest.New(data, s.faults, rest.Options{
			AccessKey: c.AccessKey, SecretKey: c.SecretKey, SpoolDir: s.spool, Clock: c.Clock, Logger: c.Logger,
		}),
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
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

// spoolFolder makes an empty folder for uploads on their way.
func spoolFolder(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "lakefs-uploads-")
	}
	// What a killed process left is of no use.
	spool := filepath.Join(dir, "uploads")
	if err := os.RemoveAll(spool); err != nil {
		return "", err
	}
	return spool, os.Mkdir(spool, 0o700)
}

// URL is the address of the server, without a slash at its end; the API lies
// below /api/v1.
func (s *Server) URL() string { return s.url }

// Faults returns the switches of the server.
func (s *Server) Faults() *Faults { return s.faults }

// Stop lets running requests finish until ctx ends, then closes connections
// and data. Requests that hang are let go. Further calls return the outcome of
// the first.
func (s *Server) Stop(ctx context.Context) error {
	s.once.Do(func() {
		s.faults.Clear()
		err := s.http.Shutdown(ctx)
		s.cancel()
		s.http.Close()
		s.stopErr = errors.Join(err, <-s.done, s.closeData())
	})
	return s.stopErr
}

func (s *Server) closeData() error {
	return errors.Join(s.store.Close(), os.RemoveAll(s.spool))
}
