package lakefs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/rest"
	"spiceharvester/infra/local/lakefs/internal/store"
	"spiceharvester/infra/local/standin"
)

// Faults are switches that make the server misbehave: see Server.Faults.
type Faults = standin.Faults

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
	store    *store.Store
	faults   *Faults
	listener *standin.Listener
	spool    string
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
	s := &Server{store: data, faults: &Faults{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeData())
		}
	}()
	if s.spool, err = spoolFolder(c.Dir); err != nil {
		return nil, err
	}
	handler := rest.New(data, s.faults, rest.Options{
		AccessKey: c.AccessKey, SecretKey: c.SecretKey, SpoolDir: s.spool, Clock: c.Clock, Logger: c.Logger,
	})
	if s.listener, err = standin.Listen(ctx, c.Port, handler, c.Logger); err != nil {
		return nil, err
	}
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
func (s *Server) URL() string { return s.listener.URL() }

// Faults returns the switches of the server.
func (s *Server) Faults() *Faults { return s.faults }

// Stop lets running requests finish until ctx ends, then closes connections
// and data. Requests that hang are let go. Further calls return the outcome of
// the first.
func (s *Server) Stop(ctx context.Context) error {
	return s.listener.Stop(ctx, s.faults.Clear, s.closeData)
}

func (s *Server) closeData() error {
	return errors.Join(s.store.Close(), os.RemoveAll(s.spool))
}
