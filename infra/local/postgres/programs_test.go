package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakePrograms makes a folder with programs that answer version, which is all that the search asks.
func fakePrograms(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initdb", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", version)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func answer(version string) string { return "postgres (PostgreSQL) " + version }

// inPath is a PATH that has the named programs.
func inPath(programs map[string]string) func(string) (string, error) {
	return func(name string) (string, error) {
		if p, ok := programs[name]; ok {
			return p, nil
		}
		return "", errors.New("not found")
	}
}

func TestTheOrderOfTheSearch(t *testing.T) {
	root := tempDir(t)
	at := func(name string) string { return filepath.Join(root, name) }
	fakePrograms(t, at("machine/9.6/bin"), answer("9.6.24"))
	fakePrograms(t, at("machine/15/bin"), answer("15.18 (Debian 15.18-0+deb12u1)"))
	fakePrograms(t, at("machine/17/bin"), answer("17.2"))
	fakePrograms(t, at("machine/18/bin"), "no version")
	fakePrograms(t, at("other-17/bin"), answer("17.10"))
	fakePrograms(t, at("path"), answer("19beta1"))
	fakePrograms(t, at("cache/16.1/bin"), answer("16.1"))
	fakePrograms(t, at("cache/20.1/bin"), answer("20.1"))
	fakePrograms(t, at("own"), answer("14.1"))
	if err := os.MkdirAll(at("machine/21/bin"), 0o755); err != nil { // psql only, as without the server package
		t.Fatal(err)
	}
	if err := os.Symlink(at("path/initdb"), at("initdb-link")); err != nil {
		t.Fatal(err)
	}
	machine := []string{at("machine/*/bin"), at("other-*/bin")}
	tests := []struct {
		name   string
		finder finder
		want   int
		dir    string
	}{
		{"PG_BIN wins", finder{pgBin: at("own"), folders: machine, cache: at("cache"), lookPath: inPath(nil)}, 0, "own"},
		{"the machine's newest, by number", finder{folders: machine, cache: at("cache"), lookPath: inPath(nil)}, 0, "other-17/bin"},
		{"PATH belongs to the machine", finder{folders: machine, lookPath: inPath(map[string]string{"initdb": at("initdb-link")})}, 0, "path"},
		{"the cluster's version before the newest", finder{folders: machine, cache: at("cache"), lookPath: inPath(nil)}, 15, "machine/15/bin"},
		{"the cache last", finder{folders: machine, cache: at("cache"), lookPath: inPath(nil)}, 16, "cache/16.1/bin"},
		{"the cache alone", finder{cache: at("cache"), lookPath: inPath(nil)}, 0, "cache/20.1/bin"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := findPrograms(t.Context(), test.finder, test.want)
			if err != nil || got.dir != at(test.dir) {
				t.Errorf("got %v (%v), want %s", got, err, test.dir)
			}
		})
	}
}

func TestNothingFound(t *testing.T) {
	root := tempDir(t)
	f := finder{folders: []string{filepath.Join(root, "*/bin")}, cache: filepath.Join(root, "cache"), lookPath: inPath(map[string]string{"apt-get": "/usr/bin/apt-get"})}
	_, err := findPrograms(t.Context(), f, 0)
	var missing *NotFoundError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"PG_BIN", root + "/*/bin", "PATH", root + "/cache", "apt-get install -y postgresql"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestWrongPGBin(t *testing.T) {
	root := tempDir(t)
	broken := fakePrograms(t, filepath.Join(root, "broken"), "something else")
	old := fakePrograms(t, filepath.Join(root, "old"), answer("14.1"))
	for _, test := range []struct {
		pgBin string
		want  int
		text  string
	}{
		{filepath.Join(root, "none"), 0, "PG_BIN: there is no " + filepath.Join(root, "none", "initdb")},
		{broken, 0, "something else"},
		{old, 15, "made by PostgreSQL 15, whose programs were not found (there is 14.1 in " + old},
	} {
		t.Run(filepath.Base(test.pgBin), func(t *testing.T) {
			// The machine's own programs are no way out.
			t.Setenv("PG_BIN", test.pgBin)
			if _, err := findPrograms(t.Context(), newFinder(root), test.want); err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want %q", err, test.text)
			}
		})
	}
	t.Setenv("PG_BIN", filepath.Join(root, "none"))
	if _, err := Start(t.Context(), Config{Dir: filepath.Join(root, "data")}); err == nil || !strings.Contains(err.Error(), "PG_BIN") {
		t.Errorf("Start with a wrong PG_BIN: %v", err)
	}
}

func TestInstallCommand(t *testing.T) {
	for _, test := range []struct {
		program string
		root    bool
		want    string
	}{
		{"apt-get", true, "apt-get install -y postgresql"},
		{"apt-get", false, "sudo apt-get install -y postgresql"},
		{"dnf", false, "sudo dnf install -y postgresql-server"},
		{"none of them", false, "brew install postgresql@17"},
	} {
		if got := installCommand(inPath(map[string]string{test.program: "/bin/x"}), test.root); got != test.want {
			t.Errorf("%s, root %v: %q, want %q", test.program, test.root, got, test.want)
		}
	}
}

func TestAFailedInitdbLeavesNoCluster(t *testing.T) {
	root := tempDir(t)
	bin := fakePrograms(t, filepath.Join(root, "bin"), answer("15.1"))
	// It gets as far as the folder.
	script := "#!/bin/sh\nmkdir -p \"$2\" && echo 15 > \"$2/PG_VERSION\"\necho 'no space left' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "initdb"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PG_BIN", bin)
	config := Config{Dir: filepath.Join(root, "data"), NoSync: true}
	if _, err := Start(t.Context(), config); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v, want what initdb said", err)
	}
	if _, err := os.Stat(filepath.Join(config.Dir, "db")); !os.IsNotExist(err) {
		t.Errorf("there is a cluster: %v", err)
	}
	os.Unsetenv("PG_BIN") // t.Setenv restores it
	startTest(t, config)
}

func TestLocaleArgs(t *testing.T) {
	if got := localeArgs(17); !slices.Contains(got, "--builtin-locale=C.UTF-8") {
		t.Errorf("17: %v", got)
	}
	if got := localeArgs(15); slices.Contains(got, "--locale-provider=builtin") {
		t.Errorf("15 has no builtin provider: %v", got)
	}
}
