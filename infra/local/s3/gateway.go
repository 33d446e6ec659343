// Package s3 runs an S3 server inside this process: versitygw with plain files under a data folder, and one addition.
// What the event log writes (keys under "log/") is on the disk before the answer leaves, see backend.
//
// The gateway has package-level state and works with relative paths, so that there is one per process and
// **Start changes the working directory of the process** to the data folder. A program that needs its own working
// directory uses StartProcess instead, which runs the same gateway in a child process.
//
// The data folder holds:
//
//	buckets    one folder a bucket, one file an object
//	metadata   ETags and headers, where the file system has no extended attributes
//	lock       held by the process that runs the gateway
//
// Quirks of versitygw to know: a key that is a folder of another key ("a" and "a/b") answers 409 ObjectParentIsFile; a
// key that ends in "/" takes no content; versioning and lifecycle answer 501.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/loopback"
)

const (
	// Region is the region that the gateway answers to.
	Region = "us-east-1"

	// healthPath cannot hide a bucket: bucket names have no underscore.
	healthPath = "/_health"
	// startLimit bounds one Start.
	startLimit = time.Minute
	// lockPatience is how long Start waits for a process on the same folder that is about to end.
	lockPatience = 5 * time.Second
	// portTries bounds the search for a free port: between choosing one and using it another process may take it.
	portTries = 3
	// maxRequests in flight; more are told to slow down.
	maxRequests = 1000
)

// ErrRunning says that this process runs a gateway already.
var ErrRunning = errors.New("s3: a gateway runs in this process already, and there can be only one: stop it first, or use StartProcess")

// running is set while a gateway of this process lives.
var running atomic.Bool

// Config says which gateway to run.
type Config struct {
	// Dir is the data folder; it is created with its parents.
	Dir string
	// Port of 127.0.0.1; 0 takes a free one. A taken port is an error that wraps syscall.EADDRINUSE.
	Port int
	// AccessKey and SecretKey are the only credentials that the gateway knows.
	AccessKey, SecretKey string
	// NoSync gives up the durability of the log for speed: for tests only.
	NoSync bool

	// sync replaces (*os.File).Sync in tests.
	sync func(*os.File) error
}

// Server is a running gateway.
type Server struct {
	port   int
	dir    string
	before string // the working directory before Start
	lock   *folderlock.Lock
	cancel context.CancelFunc
	stop   sync.Once
	// done is closed when the gateway has ended; exit is set before.
	done chan struct{}
	exit error
}

// Start runs a gateway in this process until Stop and returns when it answers. ctx bounds the start only. A second Start
// in the process is ErrRunning.
func Start(ctx context.Context, config Config) (*Server, error) {
	if !running.CompareAndSwap(false, true) {
		return nil, ErrRunning
	}
	s, err := start(ctx, config)
	if err != nil {
		running.Store(false)
		return nil, fmt.Errorf("s3: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, config Config) (_ *Server, err error) {
	if config.Dir == "" || config.AccessKey == "" || config.SecretKey == "" {
		return nil, errors.New("the data folder, the access key and the secret key must be given")
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, err
	}
	before, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(bucketFolder(dir), 0o700); err != nil {
		return nil, err
	}
	lock, err := folderlock.Acquire(ctx, dir, lockPatience)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.Release()
		}
	}()
	for try := 1; ; try++ {
		port, err := loopback.FreePort(config.Port)
		if err != nil {
			return nil, err
		}
		s := &Server{port: port, dir: dir, before: before, lock: lock, done: make(chan struct{})}
		err = s.run(ctx, config)
		if err == nil {
			return s, nil
		}
		s.leaveFolder()
		if !errors.Is(err, syscall.EADDRINUSE) || config.Port != 0 || try == portTries {
			return nil, err
		}
	}
}

// run starts the gateway on s.port and waits until it answers.
func (s *Server) run(ctx context.Context, config Config) error {
	be, err := newBackend(s.dir, !config.NoSync)
	if err != nil {
		return err
	}
	if config.sync != nil {
		be.disk.sync = config.sync
	}
	listening := make(chan struct{})
	settings := &embedgw.Config{
		RootUserAccess: config.AccessKey, RootUserSecret: config.SecretKey, Region: Region,
		IAMService: newAccounts(config.AccessKey, config.SecretKey),
		Ports:      []string{s.address()}, HealthPath: healthPath,
		MaxConnections: maxRequests, MaxRequests: maxRequests, MultipartMaxParts: 10000,
		KeepAlive: true, Quiet: true,
		S3Options: []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go func() {
		defer close(s.done)
		s.exit = embedgw.RunVersityGW(life, be, settings)
	}()
	select {
	case <-listening:
		err = s.checkHealth(ctx)
	case <-s.done:
		err = s.startError()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		<-s.done
	}
	return err
}

// startError says why the gateway ended before it answered.
func (s *Server) startError() error {
	switch {
	case errors.Is(s.exit, syscall.EADDRINUSE):
		return loopback.Taken(s.port)
	case s.exit == nil:
		return errors.New("the gateway ended at once")
	}
	return s.exit
}

// checkHealth asks the gateway once: its listener accepts connections by now.
func (s *Server) checkHealth(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+healthPath, nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the gateway for its health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway's health is %s", response.Status)
	}
	return nil
}

// Endpoint is the address for clients, http://127.0.0.1:port. They use path style.
func (s *Server) Endpoint() string { return "http://" + s.address() }

func (s *Server) address() string { return loopback.Address(s.port) }

// Done is closed when the gateway has ended, asked or not.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop lets the requests in flight finish, at most ten seconds, and ends the gateway. The working directory is again
// what it was before Start. Stop may be called more than once.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		s.cancel()
		<-s.done
		s.leaveFolder()
		s.lock.Release()
		running.Store(false)
	})
	if s.exit != nil {
		return fmt.Errorf("s3: %w", s.exit)
	}
	return nil
}

// leaveFolder restores the working directory, unless the program chose another one meanwhile.
func (s *Server) leaveFolder() {
	now, err := os.Stat(".")
	if err != nil {
		return
	}
	if ours, err := os.Stat(bucketFolder(s.dir)); err == nil && os.SameFile(now, ours) {
		_ = os.Chdir(s.before)
	}
}
