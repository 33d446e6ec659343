package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"spiceharvester/infra/e2e/process"
)

// stage is what all tests share: the program and, once one asks for it, a host.
var stage struct {
	folder  string
	project string
	program func() (string, error)
	shared  func() (*world, error)
	started *world
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	begin := time.Now()
	folder, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o711); err != nil { // PostgreSQL's account must pass through
		return fail(err)
	}
	if stage.project, err = process.Project(context.Background(), "."); err != nil {
		return fail(err)
	}
	stage.folder = folder
	stage.program = sync.OnceValues(func() (string, error) { return process.Build(context.Background(), stage.project, folder) })
	stage.shared = sync.OnceValues(func() (w *world, err error) {
		stage.started, err = open(filepath.Join(folder, "shared"), nil)
		return stage.started, err
	})
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil { // the tests wait more than they work
		return fail(err)
	}
	code := m.Run()
	if stage.started != nil {
		if err := stage.started.end(); err != nil {
			code = fail(err)
		}
	}
	fmt.Printf("end-to-end tests took %s\n", time.Since(begin).Round(time.Second))
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}
