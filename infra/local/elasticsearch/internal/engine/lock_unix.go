//go:build unix

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// acquire makes sure that one process at a time uses the data folder. The
// system frees the lock when the process dies.
func (e *Engine) acquire() error {
	f, err := os.OpenFile(filepath.Join(e.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("elasticsearch: lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("elasticsearch: data folder %s is in use by another process: stop it or choose another folder: %w", e.dir, err)
	}
	e.lock = f
	return nil
}
