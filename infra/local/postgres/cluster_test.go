package postgres

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// template is a stopped cluster that tests copy: making one takes most of a second.
var template struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if template.dir != "" {
		os.RemoveAll(template.dir)
	}
	os.Exit(code)
}

// cluster is a data folder with a new cluster.
func cluster(t *testing.T) string {
	t.Helper()
	template.once.Do(func() { template.dir, template.err = makeTemplate() })
	if template.err != nil {
		t.Fatal(template.err)
	}
	dir := filepath.Join(tempDir(t), "data")
	if out, err := exec.Command("cp", "-Rp", filepath.Join(template.dir, "data"), dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the template: %v: %s", err, out)
	}
	return dir
}

func makeTemplate() (string, error) {
	dir, err := os.MkdirTemp("", "postgres-template-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return dir, err
	}
	s, err := Start(context.Background(), Config{Dir: filepath.Join(dir, "data"), NoSync: true})
	if err != nil {
		return dir, err
	}
	return dir, s.Stop(context.Background())
}
