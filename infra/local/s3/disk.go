package s3

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// disk syncs objects and the way to them.
type disk struct {
	root    string // of the buckets
	sidecar string // of the metadata; "" when attributes are part of the files
	// sync is (*os.File).Sync, or a test's.
	sync func(*os.File) error

	mu sync.Mutex
	// named holds the folders whose own names are durable in the folder above.
	named map[string]bool
}

func newDisk(root, sidecar string) *disk {
	return &disk{root: root, sidecar: sidecar, sync: (*os.File).Sync, named: make(map[string]bool)}
}

// syncObject makes an object that has its name durable: its attributes, its name, and the names of new folders.
func (d *disk) syncObject(bucket, key string) error {
	file := filepath.Join(d.root, bucket, key)
	if err := errors.Join(d.syncPath(file), d.syncFolders(filepath.Dir(file), d.root)); err != nil {
		return fmt.Errorf("sync object %s/%s: %w", bucket, key, err)
	}
	if d.sidecar == "" {
		return nil
	}
	folder := filepath.Join(d.sidecar, bucket, key, "meta")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("sync metadata of %s/%s: %w", bucket, key, err)
	}
	for _, entry := range entries {
		err = errors.Join(err, d.syncPath(filepath.Join(folder, entry.Name())))
	}
	if err := errors.Join(err, d.syncFolders(folder, d.sidecar)); err != nil {
		return fmt.Errorf("sync metadata of %s/%s: %w", bucket, key, err)
	}
	return nil
}

// syncFolders syncs a folder in which a name appeared, and the folders above up to top as far as they are new.
func (d *disk) syncFolders(folder, top string) error {
	if err := d.syncPath(folder); err != nil {
		return err
	}
	for ; folder != top && !d.isNamed(folder); folder = filepath.Dir(folder) {
		if err := d.syncPath(filepath.Dir(folder)); err != nil {
			return err
		}
		d.mu.Lock()
		d.named[folder] = true
		d.mu.Unlock()
	}
	return nil
}

func (d *disk) isNamed(folder string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.named[folder]
}

// forget takes back what is known of folders, after some may have been removed.
func (d *disk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.named)
}

func (d *disk) syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.sync(f), f.Close())
}
