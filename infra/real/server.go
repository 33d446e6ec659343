package real

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Limits of a start and of an orderly end on a loaded machine.
const (
	startLimit = 3 * time.Minute
	stopLimit  = 30 * time.Second
)

type command struct {
	name      string
	output    string // file for what it prints
	program   string
	arguments []string
	env       []string
	ready     func(context.Context) error // nil: it serves
}

// server is a process and those that it starts.
type server struct {
	command *exec.Cmd
	ended   chan struct{} // closed when the process has ended
}

// startServer runs a command until it is ready. What it printed is named by the
// error of a start that failed.
func startServer(ctx context.Context, c command) (*server, error) {
	output, err := os.OpenFile(c.output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	s := &server{command: exec.Command(c.program, c.arguments...), ended: make(chan struct{})}
	s.command.Env = append(os.Environ(), c.env...)
	s.command.Stdout, s.command.Stderr = output, output
	s.command.SysProcAttr = attributes()
	if err := s.run(); err != nil {
		return nil, fmt.Errorf("%s: %w; `infra/real/install.sh` fetches it", c.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.await(ctx, c.ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w; see %s", c.name, err, c.output), s.stop())
	}
	return s, nil
}

// run starts the process from a thread that lives as long as the process: Linux
// sends the death signal when the thread ends that forked it.
func (s *server) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.command.Start()
		started <- err
		if err == nil {
			_ = s.command.Wait() // how it ended does not matter, that it did does
			close(s.ended)
		}
	}()
	return <-started
}

func (s *server) await(ctx context.Context, ready func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		pause := time.NewTimer(100 * time.Millisecond)
		select {
		case <-s.ended:
			pause.Stop()
			return errors.New("ended while it started")
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("not ready within %s: %w", startLimit, err)
		case <-pause.C:
		}
	}
}

// stop asks the process group to end, and kills what does not.
func (s *server) stop() error {
	group := -s.command.Process.Pid
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
		if err := syscall.Kill(group, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		<-s.ended
	}
	return nil
}
