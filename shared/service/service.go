// Package service runs a function as a process: it listens on PORT (and HOST), answers the
// probes of Knative and OpenFaaS, and on SIGTERM finishes what is in flight.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/telemetry"
)

// drainTimeout bounds the end of a process; Knative's default grace is 300 s.
const drainTimeout = 25 * time.Second

// Function is what runs: a handler, and the end of what it began.
type Function interface {
	http.Handler
	Close()
}

// Main is a function's main. It returns the exit code.
func Main[F Function](name string, open func(*platform.Platform) (F, error)) int {
	logger, err := telemetry.NewLogger(os.Stderr, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := run(name, open, logger); err != nil {
		logger.Error("stopped", "function", name, "error", err)
		return 1
	}
	return 0
}

func run[F Function](name string, open func(*platform.Platform) (F, error), logger *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("HOST"), port)) // without HOST on every address, as a container must
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	c, err := config.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	p, err := platform.Open(name, c, logger)
	if err != nil {
		return err
	}
	defer p.Close()
	f, err := open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	p.Scope.Serving()
	return Serve(ctx, listener, Handler(f, p), logger)
}

// Handler is a function as its host serves it: with probes, and with its name in
// whatever it measures. The APIs answer GET /metrics themselves, behind their
// guard; the workers', which no client reaches, stands beside the probes.
func Handler(f Function, p *platform.Platform) http.Handler {
	handler := WithProbes(f, p.Ready)
	if _, api := f.(interface{ ServesMetrics() }); !api {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /metrics", telemetry.Metrics)
		mux.Handle("/", handler)
		handler = mux
	}
	return p.Scope.Handler(handler)
}

// Serve serves until ctx ends, then drains. Clients that send too slowly are cut off.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	server := &http.Server{
		Handler: usual.handler(handler), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("drain: %w", errors.Join(err, server.Close()))
	}
	<-served
	return nil
}

// WithProbes adds the health paths of Kubernetes and of OpenFaaS.
func WithProbes(next http.Handler, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	alive := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	probe := func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /_/health", alive)
	mux.HandleFunc("GET /readyz", probe)
	mux.HandleFunc("GET /_/ready", probe)
	mux.Handle("/", next)
	return mux
}
