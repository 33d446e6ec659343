package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits of a start and of an orderly end on a loaded machine.
const (
	startLimit = 2 * time.Minute
	stopLimit  = time.Minute
)

// upLine is what the host prints when it serves.
const upLine = "SPICE HARVESTER is up"

// ports are the variables that let every service of the host take any port.
var ports = []string{
	"BFF_PORT", "OMS_PORT", "FUNNEL_PORT", "POSTGRES_PORT", "S3_PORT", "KAFKA_PORT",
	"ELASTICSEARCH_PORT", "LAKEFS_PORT", "REDIS_PORT", "TERMINUSDB_PORT",
}

// inherited are the variables that a host takes over from the tests. Others, for
// example the address of a developer's own PostgreSQL, must not reach it.
var inherited = []string{"PATH", "HOME", "TMPDIR", "USER", "LANG", "PG_BIN", "GOCOVERDIR"}

// Config says what to start.
type Config struct {
	Program string
	Project string
	Data    string
	Env     map[string]string // beside ports and secrets
}

// Host is a running program.
type Host struct {
	// Env is the data folder's env file: addresses and secrets.
	Env map[string]string

	command *exec.Cmd
	output  string        // file with what it printed
	ended   chan struct{} // closed when the process has ended
	err     error         // of Wait; read after ended
}

// Start runs the program and waits until it is up. The error of a failed start
// carries what the program printed.
func Start(ctx context.Context, c Config) (*Host, error) {
	// A file, not a pipe: children that live on for a moment would hold a pipe open.
	output, err := os.CreateTemp(filepath.Dir(c.Data), "output-*")
	if err != nil {
		return nil, err
	}
	defer output.Close()
	h := &Host{output: output.Name(), ended: make(chan struct{})}
	h.command = exec.Command(c.Program, "run", "-project", c.Project, "-data", c.Data)
	h.command.Env = environment(c.Env)
	h.command.Stdout, h.command.Stderr = output, output
	h.command.SysProcAttr = attributes()
	if err := h.run(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Program, err)
	}
	if err := h.waitUntilUp(ctx); err != nil {
		h.KillGroup()
		return nil, fmt.Errorf("%w\n%s", err, h.printed())
	}
	if h.Env, err = readEnv(filepath.Join(c.Data, "env")); err != nil {
		h.KillGroup()
		return nil, err
	}
	return h, nil
}

// run starts the process and waits for its end, on one thread: the process ends
// with the thread that started it (see attributes).
func (h *Host) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := h.command.Start()
		started <- err
		if err == nil {
			h.err = h.command.Wait()
			close(h.ended)
		}
	}()
	return <-started
}

func (h *Host) waitUntilUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !strings.Contains(h.printed(), upLine) {
		select {
		case <-look.C:
		case <-h.ended:
			return fmt.Errorf("the host ended before it was up: %v", h.err)
		case <-ctx.Done():
			return fmt.Errorf("the host is not up: %w", ctx.Err())
		}
	}
	return nil
}

// printed gives what the program printed so far.
func (h *Host) printed() string {
	text, err := os.ReadFile(h.output)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func environment(more map[string]string) []string {
	env := map[string]string{"GORACE": "halt_on_error=0"}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
	}
	for _, name := range ports {
		env[name] = "0"
	}
	maps.Copy(env, more)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

func readEnv(file string) (map[string]string, error) {
	content, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the host's env file: %w", err)
	}
	defer content.Close()
	env := map[string]string{}
	lines := bufio.NewScanner(content)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			env[name] = value
		}
	}
	return env, lines.Err()
}

// URL gives the address of the API that listens on the port of a variable, for
// example BFF_PORT.
func (h *Host) URL(portVariable string) string { return "http://127.0.0.1:" + h.Env[portVariable] }

// Kill ends the process with SIGKILL and waits for its end. The services that it
// had started notice by themselves.
func (h *Host) Kill() {
	h.command.Process.Kill() // an error means that it has ended already
	<-h.ended
}

// KillGroup ends the process and its children with SIGKILL, as the machine's end
// would, except for what made a process group of its own.
func (h *Host) KillGroup() {
	syscall.Kill(-h.command.Process.Pid, syscall.SIGKILL) // as above
	<-h.ended
}

// Stop ends the host in order. It is an error if the host does not end, ends
// badly, or had found a race.
func (h *Host) Stop() error {
	var errs []error
	if err := h.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		errs = append(errs, err)
	}
	select {
	case <-h.ended:
		if h.err != nil {
			errs = append(errs, fmt.Errorf("the host ends with %w\n%s", h.err, h.printed()))
		}
	case <-time.After(stopLimit):
		h.KillGroup()
		errs = append(errs, fmt.Errorf("the host does not end\n%s", h.printed()))
	}
	return errors.Join(append(errs, h.Races())...)
}

// Races tells of data races that the host has found so far.
func (h *Host) Races() error {
	if text := h.printed(); strings.Contains(text, "DATA RACE") {
		return fmt.Errorf("the host found a data race:\n%s", text)
	}
	return nil
}
