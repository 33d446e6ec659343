package postgres

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// folder is a data folder, opened for the account that runs the server in it.
type folder struct {
	dir      string // absolute, links resolved
	account  *account
	password string
}

// openFolder creates the folder and its password file where they are missing and hands them to the server's account.
func openFolder(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// The server's account passes through the parents; only the folder itself is private.
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	if f.account, err = accountFor(f.data()); err != nil {
		return nil, err
	}
	if err := f.account.checkReach(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	if err := f.account.own(dir); err != nil {
		return nil, fmt.Errorf("give %s to the server's account: %w", dir, err)
	}
	if f.password, err = f.readPassword(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *folder) data() string         { return filepath.Join(f.dir, "db") }
func (f *folder) passwordFile() string { return filepath.Join(f.dir, "password") }

// readPassword reads the password file and makes it with a random password on the first call. The password is needed:
// trust on TCP would let every user of the machine in.
func (f *folder) readPassword() (string, error) {
	b, err := os.ReadFile(f.passwordFile())
	if errors.Is(err, fs.ErrNotExist) {
		if isFile(filepath.Join(f.data(), "PG_VERSION")) {
			return "", fmt.Errorf("the password file %s is gone and the cluster beside it cannot be opened without: bring it back, or remove the folder to begin anew", f.passwordFile())
		}
		return f.makePassword()
	}
	if err != nil {
		return "", fmt.Errorf("read the password: %w (the folder was made by another account: run as that one)", err)
	}
	if len(b) == 0 {
		return "", fmt.Errorf("the password file %s is empty: remove the folder to begin anew", f.passwordFile())
	}
	return string(b), nil
}

// makePassword writes the file under another name first, then links it: of two launchers at once one wins and both
// read the winner's password.
func (f *folder) makePassword() (string, error) {
	tmp, err := os.CreateTemp(f.dir, "password.*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(rand.Text())
	// Synced, because the cluster that is made next cannot be opened without it.
	if err = errors.Join(err, tmp.Sync(), tmp.Close(), f.account.own(tmp.Name())); err != nil {
		return "", fmt.Errorf("write the password: %w", err)
	}
	if err := os.Link(tmp.Name(), f.passwordFile()); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("write the password: %w", err)
	}
	return f.readPassword()
}

// clusterVersion is the major version of the programs that made the cluster, 0 when there is no cluster yet.
func (f *folder) clusterVersion() (int, error) {
	b, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version in %s: %w", f.data(), err)
	}
	return version, nil
}
