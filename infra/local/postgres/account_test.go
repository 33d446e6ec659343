package postgres

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEnters(t *testing.T) {
	a := &account{uid: 100, gid: 200}
	for _, test := range []struct {
		mode     fs.FileMode
		uid, gid uint32
		want     bool
	}{
		{0o700, 100, 1, true},
		{0o700, 1, 1, false},
		{0o710, 1, 200, true},
		{0o711, 1, 1, true},
		{0o755, 1, 1, true},
		// The first that fits decides, even if it gives less than the next.
		{0o077, 100, 200, false},
		{0o707, 1, 200, false},
		{0o754, 1, 1, false},
	} {
		if got := a.enters(test.mode, test.uid, test.gid); got != test.want {
			t.Errorf("mode %o of %d:%d: %v, want %v", test.mode, test.uid, test.gid, got, test.want)
		}
	}
}

func TestAFolderThatTheAccountCannotEnter(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	checkout := filepath.Join(home, "checkout")
	if err := os.MkdirAll(checkout, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &account{uid: 54321, gid: 54321}
	err := stranger.checkReach(checkout)
	if err == nil || !strings.Contains(err.Error(), "cannot enter "+home+" (mode drwx------)") {
		t.Errorf("got %v, want %s named", err, home)
	}
	if err := (*account)(nil).checkReach(checkout); err != nil {
		t.Errorf("for this process itself: %v", err)
	}
	if os.Geteuid() != 0 {
		return // only root starts servers as somebody else
	}
	if _, err := Start(t.Context(), Config{Dir: filepath.Join(checkout, "data")}); err == nil || !strings.Contains(err.Error(), "cannot enter "+home) {
		t.Errorf("Start: %v", err)
	}
}

func TestAccountFor(t *testing.T) {
	if os.Geteuid() != 0 {
		if a, err := accountFor(t.TempDir()); a != nil || err != nil {
			t.Errorf("got %v, %v, want this process's own", a, err)
		}
		return
	}
	none := filepath.Join(t.TempDir(), "db")
	if a, err := accountFor(none); err != nil || a == nil || a.uid == 0 {
		t.Errorf("by default: %v, %v", a, err)
	}
	t.Setenv("PG_USER", "nobody")
	nobody, err := lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := accountFor(none); err != nil || *a != *nobody {
		t.Errorf("PG_USER=nobody: %v, %v", a, err)
	}
	for _, name := range []string{"root", "no-such-account"} {
		t.Setenv("PG_USER", name)
		if a, err := accountFor(none); err == nil || !strings.Contains(err.Error(), "PG_USER") {
			t.Errorf("PG_USER=%s: %v, %v", name, a, err)
		}
	}
	// An existing cluster decides.
	owned := t.TempDir()
	if err := os.Chown(owned, 54321, 54322); err != nil {
		t.Fatal(err)
	}
	if a, err := accountFor(owned); err != nil || *a != (account{54321, 54322}) {
		t.Errorf("an existing cluster: %v, %v", a, err)
	}
}

func TestCleanEnvironment(t *testing.T) {
	got := cleanEnvironment([]string{"PATH=/bin", "PGDATA=/x", "PGPASSWORD=y", "LC_CTYPE=z", "LANG=a", "LANGUAGE=b", "HOME=/root", "TERM=dumb"})
	if want := []string{"PATH=/bin", "TERM=dumb", "LC_ALL=C", "TZ=UTC"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
