package terminusdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/terminusdb"
)

// stop ends a server before its test does.
func (s server) stop() {
	s.t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// TestRestart: everything is there again, with its versions.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := start(t, terminusdb.Config{Dir: dir})
	s.fenceDatabase()
	s.must("POST", fencedPath, fenced(0, 3, upserts(0, 50)...))
	s.database("gone", "")
	s.must("DELETE", "/api/db/admin/gone", "")
	s.must("PUT", "/api/db/admin/fence", `{"label":"renamed"}`)
	s.must("POST", "/api/branch/admin/fence/local/branch/b", `{"origin":"admin/fence"}`)
	s.must("DELETE", "/api/document/admin/fence/local/branch/b"+by+"&id=Item/k7", "")
	paths := []string{
		"/api/document/admin/fence?as_list=true", "/api/document/admin/fence/local/branch/b?as_list=true", "/api/log/admin/fence",
		"/api/log/admin/fence/local/branch/b", "/api/document/admin/fence?graph_type=schema&as_list=true", "/api/db?verbose=true&branches=true",
		"/api/document/admin/fence/local/branch/b?id=Item/k7",
	}
	before := make([]answer, len(paths))
	for i, path := range paths {
		before[i] = s.must("GET", path, "")
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := terminusdb.Start(impatient, terminusdb.Config{Dir: dir, User: user, Key: key}); !errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("a second server on the folder: %v", err)
	}
	s.stop()
	s = start(t, terminusdb.Config{Dir: dir})
	for i, path := range paths {
		if after := s.must("GET", path, ""); after.text != before[i].text || after.version() != before[i].version() {
			t.Errorf("%s\nbefore %.300s\nafter  %.300s", path, before[i].text, after.text)
		}
	}
	if len(bindings(s.must("POST", fencedPath, fenced(3, 4, upserts(50, 60)...)))) != 1 {
		t.Error("the fence does not go on")
	}
}

// TestTornJournal: half a record at the end is what a killed process leaves; it
// was not acknowledged. Damage in the middle is refused.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := start(t, terminusdb.Config{Dir: dir})
	s.fenceDatabase()
	s.must("POST", fencedPath, fenced(0, 1, upserts(0, 5)...))
	s.must("POST", fencedPath, fenced(1, 2, upserts(5, 9)...))
	s.stop()
	files, err := filepath.Glob(filepath.Join(dir, "*.journal"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], whole[:len(whole)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	s = start(t, terminusdb.Config{Dir: dir})
	if s.position() != "1" {
		t.Errorf("position %s after half a record", s.position())
	}
	if len(bindings(s.must("POST", fencedPath, fenced(1, 2, upserts(5, 9)...)))) != 1 {
		t.Error("the lost batch cannot be sent again")
	}
	s.stop()
	whole[200] ^= 1
	if err := os.WriteFile(files[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := terminusdb.Start(t.Context(), terminusdb.Config{Dir: dir, User: user, Key: key}); err == nil {
		t.Error("a damaged journal was read", s.Stop(context.Background()))
	}
}

func TestTakenPort(t *testing.T) {
	s := start(t, terminusdb.Config{})
	port := portOf(t, s.URL())
	if _, err := terminusdb.Start(t.Context(), terminusdb.Config{Port: port, User: user, Key: key}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken port: %v", err)
	}
	if _, err := terminusdb.Start(t.Context(), terminusdb.Config{}); err == nil {
		t.Error("a server without credentials started")
	}
}
