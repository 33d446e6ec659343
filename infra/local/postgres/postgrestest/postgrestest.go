// Package postgrestest gives tests databases of a real PostgreSQL.
//
// The first New of a test process starts one server in a temporary folder, with fsync off; every call gets an empty
// database of its own on it. The server lives in a child process that stops it and removes the folder when the test
// process ends, by whatever cause; no TestMain is needed. Nothing is skipped: a machine without PostgreSQL fails the
// test with the command that installs it.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/infra/local/postgres"
	"spiceharvester/infra/local/reexec"
)

// startLimit bounds the start of the server on a loaded machine.
const startLimit = 2 * time.Minute

var server struct {
	sync.Mutex
	child *reexec.Child
	dsn   string
	err   error
	used  int // databases given out, for their names
}

func init() { reexec.Register("postgrestest", serve) }

// serve runs the server in the child process, in a folder of its own, until ctx is done.
func serve(ctx context.Context, parent string, ready func(dsn string)) (err error) {
	dir, err := os.MkdirTemp("", "postgrestest-"+parent+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := postgres.Start(ctx, postgres.Config{Dir: dir, NoSync: true})
	if err != nil {
		return err
	}
	ready(s.DSN())
	select {
	case <-ctx.Done():
	case <-s.Done():
		return errors.New("the server ended by itself")
	}
	return s.Stop(context.WithoutCancel(ctx))
}

// New answers the DSN of a new, empty database, which is dropped at the end of the test, whatever is still connected.
func New(tb testing.TB) string {
	tb.Helper()
	admin, name, err := next()
	if err != nil {
		tb.Fatalf("postgrestest: %v", err)
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if err := execute(tb.Context(), admin, "create database "+quoted); err != nil {
		tb.Fatalf("postgrestest: create %s: %v", name, err)
	}
	tb.Cleanup(func() {
		// tb.Context is over by now.
		if err := execute(context.Background(), admin, "drop database "+quoted+" with (force)"); err != nil {
			tb.Errorf("postgrestest: drop %s: %v", name, err)
		}
	})
	config, err := pgx.ParseConfig(admin)
	if err != nil {
		tb.Fatalf("postgrestest: %v", err)
	}
	return fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", config.User, config.Password, config.Host, config.Port, name)
}

// next starts the server on the first call and chooses the next database's name.
func next() (admin, name string, err error) {
	server.Lock()
	defer server.Unlock()
	if server.child == nil && server.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		server.child, server.dsn, server.err = reexec.Start[string, string](ctx, "postgrestest", fmt.Sprint(os.Getpid()))
	}
	server.used++
	return server.dsn, fmt.Sprintf("test%d", server.used), server.err
}

func execute(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// Stop stops the server, if one runs, and waits until its folder is gone. A later New starts another one.
func Stop() error {
	server.Lock()
	defer server.Unlock()
	if server.child == nil {
		return nil
	}
	child := server.child
	server.child, server.dsn, server.err = nil, "", nil
	return child.Stop()
}

// Main runs the tests and then waits for the server's end: for a TestMain that wants nothing left when it returns.
func Main(m *testing.M) {
	code := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
