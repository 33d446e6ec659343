// Command spice is the local host: it runs the platform on one machine.
//
//	spice run      start everything, serve until Ctrl-C
//	spice status   say what runs and where
//	spice stop     end a running host
//	spice reset    remove the data folder
//	spice demo     walk through a running host with real data
//	spice rebuild  make index, registries and projections from the log (-sinks a,b for some)
//	spice function NAME   one function as a process: what ISOLATE=1 starts
//
// With PPROF_ADDRESS=127.0.0.1:6060 a running host serves Go's profiles there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	_ "net/http/pprof" // on the default mux, see run
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"spiceharvester/infra/demo"
	"spiceharvester/infra/local/host"
	"spiceharvester/shared/telemetry"
)

func main() {
	flags := flag.NewFlagSet("spice", flag.ExitOnError)
	project := flags.String("project", ".", "folder with stack.yml, triggers/ and infra/topics.yaml")
	data := flags.String("data", ".data", "folder that keeps everything")
	sinks := flags.String("sinks", "", "what rebuild rebuilds, separated by commas; everything without")
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: spice run|status|stop|reset|demo|rebuild [-project DIR] [-data DIR]")
		os.Exit(2)
	}
	if len(os.Args) == 3 && os.Args[1] == "function" {
		os.Exit(host.Function(os.Args[2], os.Stdin))
	}
	if err := flags.Parse(os.Args[2:]); err != nil {
		os.Exit(2)
	}
	if err := command(os.Args[1], *project, *data, *sinks); err != nil {
		fmt.Fprintln(os.Stderr, "spice:", err)
		os.Exit(1)
	}
}

func command(name, project, data, sinks string) error {
	switch name {
	case "run":
		return run(project, data)
	case "status":
		return host.Status(os.Stdout, data)
	case "stop":
		return host.StopRunning(os.Stdout, data)
	case "reset":
		return host.Reset(os.Stdout, data)
	case "demo":
		return walk(data)
	case "rebuild":
		return rebuild(data, sinks)
	}
	return fmt.Errorf("unknown command %q; run, status, stop, reset, demo and rebuild are known", name)
}

func walk(data string) error {
	url, token, err := host.Running(data)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return demo.Run(ctx, demo.Options{BaseURL: url, Token: token, Out: os.Stdout})
}

func rebuild(data, sinks string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var names []string
	if sinks != "" {
		names = strings.Split(sinks, ",")
	}
	return host.Rebuild(ctx, os.Stdout, data, names)
}

func run(project, data string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := os.MkdirAll(data, 0o711); err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(data, "host.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	logger, err := telemetry.NewLogger(logFile, os.Getenv)
	if err != nil {
		return err
	}
	h, err := host.Start(ctx, host.Options{Project: project, Data: data, Getenv: os.Getenv, Logger: logger, ChildLog: logFile})
	if err != nil {
		return err
	}
	if address := os.Getenv("PPROF_ADDRESS"); address != "" {
		go func() { logger.Warn("profiles", "error", http.ListenAndServe(address, nil)) }() // lives as long as the process
	}
	h.Welcome(os.Stdout, filepath.Join(data, "host.log"))
	<-ctx.Done()
	stop() // a second Ctrl-C ends the process at once
	fmt.Fprintln(os.Stdout, "\nstopping ...")
	return errors.Join(h.Stop())
}
