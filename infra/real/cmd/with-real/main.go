// Command with-real runs a command with the addresses of real servers in its
// environment, and ends the servers after it.
//
//	with-real [-programs DIR] [-data DIR] command arguments...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"spiceharvester/infra/real"
)

func main() {
	var c real.Config
	flag.StringVar(&c.Scripts, "scripts", "infra/real", "folder of the launchers")
	flag.StringVar(&c.Programs, "programs", ".bin/real", "folder that infra/real/install.sh has filled")
	flag.StringVar(&c.Dir, "data", ".data/real", "folder that keeps what the servers hold")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	err := run(c, flag.Args())
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "with-real:", err)
		os.Exit(1)
	}
}

func run(c real.Config, arguments []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	servers, err := real.Start(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Stop()) }()
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = os.Environ()
	for name, address := range servers.Env() {
		command.Env = append(command.Env, name+"="+address)
	}
	return command.Run()
}
