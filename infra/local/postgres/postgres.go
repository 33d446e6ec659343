// Package postgres runs a real PostgreSQL for one data folder: no container, no cluster made by hand, root or not.
//
// Start finds the server programs of the machine, makes the cluster on the first call, starts it on a port of 127.0.0.1
// and answers when it takes connections. The server ends with its launcher: by Stop, and on Linux also when the launcher
// is killed. A second launcher on the same folder attaches to the running server.
//
// The data folder holds:
//
//	db         the cluster (db.new while initdb works)
//	password   the password of Config.User, mode 0600
//	log        the server's log since its last start; log.1 the one before
//	lock       held by the launcher as long as it lives
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/loopback"
)

// startLimit bounds one Start. Making a cluster takes about a second, crash recovery of a large log much longer.
const startLimit = 2 * time.Minute

// Config says which server to run. The zero value of every field but Dir works.
type Config struct {
	// Dir is the data folder; it is created with its parents. As root, the account that the server runs under (the
	// environment's PG_USER, else postgres, else nobody) must be able to enter every parent folder.
	Dir string
	// Port of 127.0.0.1; 0 takes a free one. A taken port is an error that wraps syscall.EADDRINUSE.
	Port int
	// User is the role that owns everything, made with the cluster; default "spiceadmin".
	User string
	// Database is created where it is missing; default "spicedb".
	Database string
	// Settings are further settings of the server (max_connections, work_mem, ...), stronger than the package's own.
	Settings map[string]string
	// Cache is a folder of unpacked server programs, CACHE/<version>/bin, used when the machine has none;
	// default "cache/postgres" beside Dir.
	Cache string
	// NoSync gives up durability for speed (fsync off): for tests only.
	NoSync bool
}

// Server is a running PostgreSQL.
type Server struct {
	config   Config
	port     int
	password string
	attached bool
	patience time.Duration // stopPatience, or a test's
	cmd      *exec.Cmd
	lock     *folderlock.Lock
	// done is closed when the process has ended; exit is set before.
	done chan struct{}
	exit error
}

// Start brings up the server whose data is in config.Dir and waits until it takes connections. It needs no privileges;
// as root it runs the server under another account, since PostgreSQL refuses to run as root. A server that runs in the
// folder already is attached to, with the port and the settings that it has.
//
// Errors say what to do: a *NotFoundError when the machine has no server programs, an error that wraps
// syscall.EADDRINUSE when the port is taken, and the end of the server's log when it does not start.
func Start(ctx context.Context, config Config) (*Server, error) {
	s, err := start(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, config Config) (_ *Server, err error) {
	if config.Dir == "" {
		return nil, errors.New("no data folder given")
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	config.User = cmp.Or(config.User, "spiceadmin")
	config.Database = cmp.Or(config.Database, "spicedb")
	folder, err := openFolder(config.Dir)
	if err != nil {
		return nil, err
	}
	config.Dir = folder.dir
	if config.Cache == "" {
		config.Cache = filepath.Join(filepath.Dir(folder.dir), "cache", "postgres")
	}
	s := &Server{config: config, password: folder.password, patience: stopPatience, done: make(chan struct{})}

	lock, running, err := folder.claim(ctx)
	if err != nil {
		return nil, err
	}
	if running != nil {
		s.attached, s.port = true, running.port
		if err := s.ensureDatabase(ctx); err != nil {
			return nil, fmt.Errorf("attach to the server that runs in %s: %w", folder.dir, err)
		}
		return s, nil
	}
	s.lock = lock
	defer func() {
		if err != nil {
			lock.Release()
		}
	}()

	want, err := folder.clusterVersion()
	if err != nil {
		return nil, err
	}
	programs, err := findPrograms(ctx, newFinder(config.Cache), want)
	if err != nil {
		return nil, err
	}
	if err := folder.account.checkReach(programs.dir); err != nil {
		return nil, err
	}
	if want == 0 {
		if err := folder.initdb(ctx, programs, config); err != nil {
			return nil, err
		}
	}
	if err := s.launch(ctx, folder, programs); err != nil {
		return nil, err
	}
	if err := s.ensureDatabase(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// DSN is the address of the configured database as a URL with user and password.
func (s *Server) DSN() string { return s.dsn(s.config.Database) }

func (s *Server) dsn(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(s.config.User, s.password),
		Host: loopback.Address(s.port), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the server's port on 127.0.0.1. An attached server keeps the port that its launcher gave it.
func (s *Server) Port() int { return s.port }

// Attached says that another process started the server; Stop then leaves it alone.
func (s *Server) Attached() bool { return s.attached }

// Done is closed when the server process has ended, asked or not. It never is for an attached server.
func (s *Server) Done() <-chan struct{} { return s.done }

// LogFile is the path of the server's log.
func (s *Server) LogFile() string { return filepath.Join(s.config.Dir, "log") }

// isFile says whether path is a file that is not a folder.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
