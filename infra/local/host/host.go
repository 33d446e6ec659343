// Package host is the local host: the whole platform in one process on one
// machine, without a cluster and without containers.
//
//	host.go         order of start and stop
//	environment.go  what the functions see; secrets that are made once
//	services.go     PostgreSQL, S3, Kafka: run here unless an address is given
//	functions.go    the functions of stack.yml behind HTTP
//	isolate.go      with ISOLATE: each function as a process of its own
//	stack.go        stack.yml and infra/topics.yaml
//
// Events reach the functions through infra/local/dispatch, which reads the very
// trigger files that a cluster gets.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"spiceharvester/infra/local/dispatch"
	"spiceharvester/infra/local/folderlock"
	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
)

// EnvFile is the file in the data folder that holds every address and secret.
const EnvFile = "env"

// startTimeout bounds a start, recovery of the data included.
const startTimeout = 2 * time.Minute

// Options say what to run.
type Options struct {
	Project string // folder with stack.yml, triggers/ and infra/topics.yaml
	Data    string // folder that keeps everything
	Getenv  func(string) string
	Out     io.Writer // what a person reads
	Logger  *slog.Logger

	ChildLog *os.File // where isolated functions log
}

// Host is a running local host.
type Host struct {
	env       environment
	childLog  *os.File
	data      string
	stack     stack
	topics    topicList
	triggers  dispatch.Triggers
	logger    *slog.Logger
	transport *http.Transport
	client    *http.Client

	base string            // internal URL of the functions
	urls map[string]string // functions with a port of their own

	mu    sync.Mutex
	stops []func() error // in the order of the starts
}

// ErrRunning means that a host already uses the data folder.
var ErrRunning = errors.New("the local host is running already; `make status` tells where, `make stop` ends it")

// Start brings everything up. The error of a failed start names what to do, and
// nothing is left running.
func Start(ctx context.Context, o Options) (*Host, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	h := &Host{
		env: environment{getenv: o.Getenv, made: map[string]string{}}, data: data, logger: o.Logger, childLog: o.ChildLog, urls: map[string]string{},
		transport: transport, client: &http.Client{Transport: transport},
	}
	if err := h.start(ctx, o.Project); err != nil {
		return nil, errors.Join(err, h.Stop())
	}
	return h, nil
}

func (h *Host) start(ctx context.Context, project string) (err error) {
	if h.stack, err = loadStack(filepath.Join(project, "stack.yml")); err != nil {
		return err
	}
	if h.triggers, err = dispatch.Load(filepath.Join(project, "triggers")); err != nil {
		return err
	}
	if h.topics, err = loadTopics(filepath.Join(project, "infra", "topics.yaml")); err != nil {
		return err
	}
	if err := os.MkdirAll(h.data, 0o711); err != nil { // PostgreSQL's account must pass through
		return fmt.Errorf("data folder: %w", err)
	}
	lock, err := folderlock.Acquire(ctx, h.data, 5*time.Second)
	if errors.Is(err, folderlock.ErrTaken) {
		return ErrRunning
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	h.onStop(func() error { lock.Release(); return nil })
	if err := h.env.loadSecrets(filepath.Join(h.data, EnvFile)); err != nil {
		return err
	}
	// Proposals come with governance: until then direct changes must be possible.
	h.env.setDefault("ONTOLOGY_REQUIRE_PROPOSALS", "false")
	if err := h.startServices(ctx); err != nil {
		return err
	}
	c, err := config.FromEnv(h.env.get)
	if err != nil {
		return err
	}
	if err := h.prepare(ctx, c); err != nil {
		return err
	}
	isolated, err := h.startPlatform(c)
	if err != nil {
		return err
	}
	awaited := slices.Collect(maps.Keys(h.stack.Functions))
	if isolated {
		awaited = []string{"bff"} // the others start when they are needed
	}
	if err := h.ready(ctx, awaited); err != nil {
		return err
	}
	if err := h.startDispatcher(c); err != nil {
		return err
	}
	h.set("LOCAL_HOST_PID", fmt.Sprint(os.Getpid()))
	return h.env.save(filepath.Join(h.data, EnvFile))
}

// startPlatform opens the functions' common dependencies and the functions, or
// lets each be a process of its own.
func (h *Host) startPlatform(c config.Config) (isolated bool, err error) {
	mux, err := h.startListener()
	if err != nil {
		return false, err
	}
	c.FunctionURL = h.base + "/{function}"
	i, isolated, err := parseIsolation(h.env.get("ISOLATE"))
	if err != nil {
		return false, err
	}
	if isolated {
		return true, h.startIsolated(i, c, mux)
	}
	p, err := platform.Open("local-host", c, h.logger)
	if err != nil {
		return false, err
	}
	h.onStop(func() error { p.Close(); return nil })
	return false, h.startFunctions(p, mux)
}

func (h *Host) startDispatcher(c config.Config) error {
	var chaos *dispatch.Chaos
	if text := h.env.get("CHAOS"); text != "" {
		var err error
		if chaos, err = dispatch.ParseChaos(text); err != nil {
			return err
		}
	}
	d, err := dispatch.Start(dispatch.Config{
		Brokers: c.KafkaBrokers, Resolve: h.resolve, Client: h.client, Chaos: chaos,
		Single: h.env.get("DISPATCH") == "single", Logger: h.logger,
	}, h.triggers)
	if err != nil {
		return err
	}
	h.onStop(func() error { d.Stop(); return nil })
	return nil
}

// URL gives the address of a function that has a port of its own.
func (h *Host) URL(function string) string { return h.urls[function] }

// Env gives a variable as the functions see it.
func (h *Host) Env(name string) string { return h.env.get(name) }

func (h *Host) set(name, value string) { h.env.set(name, value) }

func (h *Host) onStop(f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stops = append(h.stops, f)
}

// Stop ends everything in the opposite order of the start.
func (h *Host) Stop() error {
	h.mu.Lock()
	stops := h.stops
	h.stops = nil
	h.mu.Unlock()
	var errs []error
	for i := len(stops) - 1; i >= 0; i-- {
		errs = append(errs, stops[i]())
	}
	h.transport.CloseIdleConnections()
	return errors.Join(errs...)
}
