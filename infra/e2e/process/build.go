// Package process runs the local host as what it is for a user: a program with
// a data folder, that can be killed and started again. Tests of the end-to-end
// kind use it; the host's own package is not linked into them.
package process

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build makes the program in a folder and returns its path. It finds races if
// the caller's build does.
func Build(ctx context.Context, project, folder string) (string, error) {
	return build(ctx, project, filepath.Join(folder, "spice"), raceFlag)
}

// BuildPlain makes the program as users get it, for tests that measure: the race
// detector multiplies memory.
func BuildPlain(ctx context.Context, project, folder string) (string, error) {
	return build(ctx, project, filepath.Join(folder, "spice-plain"), nil)
}

func build(ctx context.Context, project, program string, flags []string) (string, error) {
	arguments := append([]string{"build"}, flags...)
	build := exec.CommandContext(ctx, "go", append(arguments, "-o", program, "./infra/local/cmd/spice")...)
	build.Dir = project
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the local host: %w\n%s", err, out)
	}
	return program, nil
}

// Project finds the project's folder from a folder inside it.
func Project(ctx context.Context, inside string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	list.Dir = inside
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	return filepath.Clean(string(out[:len(out)-1])), nil
}
