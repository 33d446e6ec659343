package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the account that the server runs under when this process is root. The nil account is this process's own.
type account struct{ uid, gid uint32 }

// accountFor chooses the account for the cluster in data: its owner if it exists, since PostgreSQL insists on that, else
// PG_USER, postgres or nobody. It is nil when this process is not root.
func accountFor(data string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	info, err := os.Stat(data)
	switch {
	case err == nil:
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			return &account{owner.Uid, owner.Gid}, nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if name := os.Getenv("PG_USER"); name != "" {
		a, err := lookup(name)
		if err != nil {
			return nil, fmt.Errorf("PG_USER: %w", err)
		}
		return a, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if a, err := lookup(name); err == nil {
			return a, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root and neither the account postgres nor nobody exists: set PG_USER to an account's name")
}

func lookup(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if uid == 0 {
		return nil, fmt.Errorf("%s is root, PostgreSQL does not run as root", name)
	}
	return &account{uint32(uid), uint32(gid)}, nil
}

// credential is what a child process is started with.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a file or folder to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// checkReach names the first folder on the way to dir, itself included, that the account may not enter. Without it a
// checkout under a home folder of mode 0700 ends in an error of initdb that nobody understands.
func (a *account) checkReach(dir string) error {
	if a == nil {
		return nil
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if owner := info.Sys().(*syscall.Stat_t); !a.enters(info.Mode(), owner.Uid, owner.Gid) {
			return fmt.Errorf("the account that runs PostgreSQL (uid %d) cannot enter %s (mode %s): put the data folder elsewhere, for example under /var/tmp, or run `chmod o+x %s`",
				a.uid, dir, info.Mode(), dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// enters applies the search permission of a folder: the first of owner, group and others that fits decides.
func (a *account) enters(mode fs.FileMode, uid, gid uint32) bool {
	switch {
	case uid == a.uid:
		return mode&0o100 != 0
	case gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
