package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"spiceharvester/infra/local/loopback"
)

// orphansPatience is how long the processes of a server that was killed get to notice it and end.
const orphansPatience = 10 * time.Second

// errOrphans says that such processes still use the cluster's shared memory.
var errOrphans = errors.New("processes of a killed server still work on the data")

// portTries bounds the search for a free port: between choosing one and using it another process may take it.
const portTries = 3

// launch starts the server and waits until it is ready.
func (s *Server) launch(ctx context.Context, f *folder, p programs) error {
	if err := removeStale(f.data()); err != nil {
		return err
	}
	if err := os.Rename(s.LogFile(), s.LogFile()+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	begin := time.Now()
	for try := 1; ; try++ {
		port, err := loopback.FreePort(s.config.Port)
		if err != nil {
			return err
		}
		err = s.run(ctx, f, p, port)
		switch {
		case errors.Is(err, errOrphans) && time.Since(begin) < orphansPatience && ctx.Err() == nil:
			try--
		case errors.Is(err, syscall.EADDRINUSE) && s.config.Port == 0 && try < portTries:
		default:
			return err
		}
	}
}

// run is one try on one port.
func (s *Server) run(ctx context.Context, f *folder, p programs, port int) error {
	log, err := os.OpenFile(s.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", f.data(), "-p", strconv.Itoa(port)}
	settings := s.settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	s.cmd = exec.Command(filepath.Join(p.dir, "postgres"), args...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = f.dir, cleanEnvironment(os.Environ()), log, log
	s.cmd.SysProcAttr = processAttributes(f.account)
	s.port, s.done, s.exit = port, make(chan struct{}), nil

	started := make(chan error)
	go func() {
		// Never unlocked: this goroutine waits for the server on the thread that forked it, so that the thread ends
		// after the server or with the whole process, and never in between.
		runtime.LockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.exit = s.cmd.Wait()
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start PostgreSQL %s: %w", p, err)
	}
	if err = s.waitReady(ctx, f.data()); err == nil {
		return nil
	}
	_ = s.end(context.WithoutCancel(ctx))
	text, _ := os.ReadFile(s.LogFile())
	if strings.Contains(string(text), "Address already in use") {
		return loopback.Taken(port)
	}
	if strings.Contains(string(text), "pre-existing shared memory block") {
		err = errors.Join(errOrphans, err)
	}
	return fmt.Errorf("PostgreSQL %s did not start: %w; the end of %s:\n%s", p, err, s.LogFile(), lastLines(string(text), 20))
}

// settings suit a small machine; the caller's own win.
func (s *Server) settings() map[string]string {
	all := map[string]string{
		"listen_addresses": "127.0.0.1",
		// TCP with a password is the only way in; a socket file's path could also get too long.
		"unix_socket_directories": "",
		"max_connections":         "100",
		"shared_buffers":          "128MB",
		"max_wal_size":            "512MB",
		// Compiling costs more than it brings for the short queries of an index.
		"jit":          "off",
		"timezone":     "UTC",
		"log_timezone": "UTC",
	}
	if s.config.NoSync {
		maps.Copy(all, map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	}
	maps.Copy(all, s.config.Settings)
	return all
}

// waitReady polls postmaster.pid, as pg_ctl does.
func (s *Server) waitReady(ctx context.Context, data string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.done:
			return fmt.Errorf("the server ended: %w", s.exitError())
		case <-tick.C:
			if p := readPostmaster(data); p != nil && p.ready && p.pid == s.cmd.Process.Pid {
				return nil
			}
		}
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
