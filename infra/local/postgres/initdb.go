package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// initdb makes the cluster under another name and renames it: a crash in the middle leaves no half-made cluster.
func (f *folder) initdb(ctx context.Context, p programs, config Config) error {
	unfinished := f.data() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	args := append([]string{
		"-D", unfinished, "-U", config.User, "-A", "scram-sha-256", "--pwfile", f.passwordFile(), "-E", "UTF8",
	}, localeArgs(p.major)...)
	if config.NoSync {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, "initdb"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = f.dir, cleanEnvironment(os.Environ()), processAttributes(f.account)
	// The thread that forks must outlive initdb, see processAttributes.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb (PostgreSQL %s): %w: %s", p, err, strings.TrimSpace(string(out)))
	}
	return os.Rename(unfinished, f.data())
}

// localeArgs asks for byte order in sorting and Unicode in lower, upper and ILIKE, the same on every machine. Plain C
// would know the case of ASCII letters only.
func localeArgs(major int) []string {
	switch {
	case major >= 17:
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	case runtime.GOOS == "darwin": // has no C.UTF-8, but a character type named UTF-8
		return []string{"--locale=C", "--lc-ctype=UTF-8"}
	}
	return []string{"--locale=C.UTF-8"}
}

// cleanEnvironment drops what would change initdb and postgres behind our back: libpq's and the server's PG*, locales,
// and the home folder of the account that we came from.
func cleanEnvironment(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return slices.ContainsFunc([]string{"PG", "LC_", "LANG", "HOME="}, func(prefix string) bool {
			return strings.HasPrefix(entry, prefix)
		})
	})
	return append(env, "LC_ALL=C", "TZ=UTC")
}
