package isolate

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"spiceharvester/infra/local/loopback"
)

// lame is how long a process that is to end still takes what is on its way to it.
const lame = 20 * time.Millisecond

// child is one process of a function.
type child struct {
	address string
	born    time.Time
	ready   chan struct{} // closed when it answers
	ended   chan struct{} // closed when the process has ended; err is set before
	err     error

	once sync.Once
	stop chan struct{} // closed when it has to end

	requests int       // under way; guarded by the unit
	used     time.Time // end of the last request
}

// retire lets the process end in order.
func (c *child) retire() { c.once.Do(func() { close(c.stop) }) }

// failure tells why a process that has ended never answered.
func (c *child) failure() error {
	select {
	case <-c.ready:
		return nil
	default:
		return c.err
	}
}

// start begins a process; it does not wait for it. The unit's lock is held.
func (u *Unit) start() *child {
	now := time.Now()
	c := &child{born: now, used: now, ready: make(chan struct{}), ended: make(chan struct{}), stop: make(chan struct{})}
	port, err := loopback.FreePort(0)
	var command *exec.Cmd
	if err == nil {
		c.address = loopback.Address(port)
		command = u.Command(port)
		// Held open: its end tells the process that this one is gone.
		if _, err = command.StdinPipe(); err == nil {
			err = command.Start()
		}
	}
	if err != nil {
		c.err = fmt.Errorf("start: %w", err)
		close(c.ended)
		return c
	}
	u.processes.Go(func() { u.attend(c, command) })
	return c
}

// attend follows a process from its start to its end.
func (u *Unit) attend(c *child, command *exec.Cmd) {
	exited := make(chan error, 1)
	go func() { exited <- command.Wait() }()
	log := u.Logger.With("function", u.Name, "process", command.Process.Pid)
	err := u.untilReady(c, exited)
	if err == nil {
		log.Info("function started", "after", time.Since(c.born).String())
		close(c.ready)
		err = u.untilDue(c, exited)
	}
	if err == nil {
		u.retire(c)
		time.Sleep(lame)
		err = u.drain(command, exited)
		log.Info("function stopped", "age", time.Since(c.born).String(), "error", err)
	} else {
		log.Warn("function ended", "error", err)
		command.Process.Kill() // it may be dead already
	}
	c.err = err
	close(c.ended)
	u.retire(c)
}

// untilReady waits until the process says that it is ready. One that listens but
// is not ready in time gets its requests nevertheless: its own answer tells more.
func (u *Unit) untilReady(c *child, exited chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), u.Start)
	defer cancel()
	listens := false
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+"/readyz", nil); err == nil {
			if resp, err := u.transport.RoundTrip(req); err == nil {
				resp.Body.Close()
				listens = true
				if resp.StatusCode == http.StatusOK {
					return nil
				}
			}
		}
		select {
		case err := <-exited:
			return fmt.Errorf("the process ended before it answered: %v", err)
		case <-c.stop:
			return nil
		case <-ctx.Done():
			if listens {
				return nil
			}
			return fmt.Errorf("the process does not answer within %s", u.Start)
		case <-time.After(pause):
		}
	}
}

// untilDue waits until the process has to go. Its own end is an error.
func (u *Unit) untilDue(c *child, exited chan error) error {
	step := u.Idle
	if u.Life > 0 {
		step = min(step, u.Life)
	}
	look := time.NewTicker(max(step/4, time.Millisecond))
	defer look.Stop()
	for {
		select {
		case err := <-exited:
			return fmt.Errorf("the process ended by itself: %v", err)
		case <-c.stop:
			return nil
		case now := <-look.C:
			if u.due(c, now) {
				return nil
			}
		}
	}
}

// drain lets the process finish what it has begun.
func (u *Unit) drain(command *exec.Cmd, exited chan error) error {
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		return <-exited
	}
	select {
	case err := <-exited:
		return err
	case <-time.After(u.Drain):
		command.Process.Kill() // it may be dead by now
		<-exited
		return fmt.Errorf("it did not end within %s and was killed", u.Drain)
	}
}
