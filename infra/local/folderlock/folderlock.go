// Package folderlock keeps two processes from running a server on one data folder.
package folderlock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// interval is how often Acquire tries.
const interval = 20 * time.Millisecond

// ErrTaken says that another process, or another server of this one, works on the folder.
var ErrTaken = errors.New("another process uses the folder")

// Lock is a held lock. The kernel drops it with the process, kill -9 included.
type Lock struct{ file *os.File }

// Try takes the lock of dir, an existing folder, by flock(2) on the file "lock" in it. A taken lock is ErrTaken.
func Try(dir string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrTaken)
		}
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return &Lock{file}, nil
}

// Acquire tries for up to patience: a process that was killed may need a moment to be gone with its children.
func Acquire(ctx context.Context, dir string, patience time.Duration) (*Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		lock, err := Try(dir)
		if !errors.Is(err, ErrTaken) {
			return lock, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// Release gives the lock up. It may be called more than once, and on nil.
func (l *Lock) Release() {
	if l != nil {
		l.file.Close()
	}
}
