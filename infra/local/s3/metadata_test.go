package s3

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/versity/versitygw/backend/meta"
)

func TestMetadataFallsBackToFiles(t *testing.T) {
	root, folder := t.TempDir(), filepath.Join(t.TempDir(), "metadata")
	// NoMeta loses what it is given, as a file system without attributes does.
	storer, sidecar, err := openMetadata(root, folder, meta.NoMeta{})
	if err != nil {
		t.Fatal(err)
	}
	if _, files := storer.(meta.SideCar); !files || sidecar != folder {
		t.Errorf("got a %T in %q, want files in %s", storer, sidecar, folder)
	}
	// Later starts keep it, even where attributes would work.
	working, err := meta.NewSideCar(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, sidecar, err = openMetadata(root, folder, working); err != nil || sidecar != folder {
		t.Errorf("a second start uses %q (%v), want %s", sidecar, err, folder)
	}
}

func TestMetadataInAttributes(t *testing.T) {
	root, folder := t.TempDir(), filepath.Join(t.TempDir(), "metadata")
	// Any storer that keeps what it is given will do for the choice.
	working, err := meta.NewSideCar(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	storer, sidecar, err := openMetadata(root, folder, working)
	if err != nil || storer != working || sidecar != "" {
		t.Errorf("got a %T in %q (%v), want the given one", storer, sidecar, err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 0 {
		t.Errorf("the probe left %v (%v)", left, err)
	}
}
