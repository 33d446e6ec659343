package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// machineFolders are the places where packages put the server programs: Debian, Red Hat, Alpine, Homebrew,
// Postgres.app, a build from source.
var machineFolders = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin", "/usr/local/pgsql/bin",
}

// programs is a folder with initdb and postgres side by side.
type programs struct {
	dir          string
	major, minor int
}

func (p programs) String() string { return fmt.Sprintf("%d.%d in %s", p.major, p.minor, p.dir) }

// finder knows where to look; its fields are the outside world.
type finder struct {
	pgBin    string // the environment's PG_BIN
	folders  []string
	cache    string
	lookPath func(string) (string, error)
}

func newFinder(cache string) finder {
	return finder{pgBin: os.Getenv("PG_BIN"), folders: machineFolders, cache: cache, lookPath: exec.LookPath}
}

// NotFoundError says that no usable PostgreSQL server programs were found.
type NotFoundError struct {
	// Major is the version that the data folder needs; 0 when any would do.
	Major int
	// Searched are the places where the programs were looked for, in order.
	Searched []string
	// Found are programs of other versions than Major.
	Found []string
	// Install is the command that installs them on this machine.
	Install string
}

// Error names the places and the command to type.
func (e *NotFoundError) Error() string {
	searched := strings.Join(e.Searched, "; ")
	if e.Major == 0 {
		return fmt.Sprintf("no PostgreSQL server found (initdb and postgres in one folder). Searched: %s. Type: %s", searched, e.Install)
	}
	return fmt.Sprintf("the data folder was made by PostgreSQL %d, whose programs were not found (there is %s). Searched: %s. Install that version, set PG_BIN to its folder, or move the data folder away",
		e.Major, cmp.Or(strings.Join(e.Found, ", "), "none"), searched)
}

// findPrograms looks in PG_BIN, else among the machine's programs, newest first, then in the cache. want is the major
// version that an existing cluster needs, 0 for any. PG_BIN, when set, is the only place: it is what the user asked for.
func findPrograms(ctx context.Context, f finder, want int) (programs, error) {
	if f.pgBin != "" {
		p, err := inspect(ctx, f.pgBin)
		if err != nil {
			return programs{}, fmt.Errorf("PG_BIN: %w: set it to the folder that holds initdb and postgres, or unset it", err)
		}
		if want != 0 && p.major != want {
			return programs{}, &NotFoundError{Major: want, Searched: []string{"PG_BIN (" + f.pgBin + ")"}, Found: []string{p.String()}}
		}
		return p, nil
	}
	var machine []string
	for _, pattern := range f.folders {
		dirs, _ := filepath.Glob(pattern)
		machine = append(machine, dirs...)
	}
	if path, err := f.lookPath("initdb"); err == nil {
		// Distributions put links into PATH; the programs lie together where the links lead.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			machine = append(machine, filepath.Dir(path))
		}
	}
	cached, _ := filepath.Glob(filepath.Join(f.cache, "*", "bin"))
	var found []string
	for _, dirs := range [][]string{machine, cached} {
		for _, p := range newestFirst(ctx, dirs) {
			if want == 0 || p.major == want {
				return p, nil
			}
			found = append(found, p.String())
		}
	}
	return programs{}, &NotFoundError{
		Major: want, Found: found, Install: installCommand(f.lookPath, os.Geteuid() == 0),
		Searched: []string{"PG_BIN (not set)", "the machine (" + strings.Join(f.folders, ", ") + ")", "PATH", "the cache (" + filepath.Join(f.cache, "*", "bin") + ")"},
	}
}

// newestFirst inspects the folders and drops those without whole programs.
func newestFirst(ctx context.Context, dirs []string) []programs {
	slices.Sort(dirs)
	var all []programs
	for _, dir := range slices.Compact(dirs) {
		if p, err := inspect(ctx, dir); err == nil {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b programs) int {
		return cmp.Or(cmp.Compare(b.major, a.major), cmp.Compare(b.minor, a.minor))
	})
	return all
}

// inspect asks the programs in dir for their version.
func inspect(ctx context.Context, dir string) (programs, error) {
	// The programs are started in another working directory.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return programs{}, err
	}
	for _, name := range []string{"initdb", "postgres"} {
		if path := filepath.Join(dir, name); !isFile(path) {
			return programs{}, fmt.Errorf("there is no %s", path)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return programs{}, errors.Join(fmt.Errorf("%s --version: %w", filepath.Join(dir, "postgres"), err), ctx.Err())
	}
	p := programs{dir: dir}
	// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 19beta1": the minor may be missing.
	n, _ := fmt.Sscanf(string(out), "postgres (PostgreSQL) %d.%d", &p.major, &p.minor)
	if n == 0 {
		return programs{}, fmt.Errorf("%s --version answers %q", filepath.Join(dir, "postgres"), strings.TrimSpace(string(out)))
	}
	return p, nil
}

// installCommand is the one line to type on this machine.
func installCommand(lookPath func(string) (string, error), root bool) string {
	for _, manager := range []struct{ program, command string }{
		{"apt-get", "apt-get install -y postgresql"},
		{"dnf", "dnf install -y postgresql-server"},
		{"apk", "apk add postgresql"},
		{"pacman", "pacman -S --noconfirm postgresql"},
		{"zypper", "zypper install -y postgresql-server"},
	} {
		if _, err := lookPath(manager.program); err != nil {
			continue
		}
		if root {
			return manager.command
		}
		return "sudo " + manager.command
	}
	return "brew install postgresql@17"
}
