package folderlock_test

import (
	"errors"
	"testing"
	"time"

	"spiceharvester/infra/local/folderlock"
)

func TestALockIsHeldByOne(t *testing.T) {
	dir := t.TempDir()
	held, err := folderlock.Try(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folderlock.Try(dir); !errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("a second lock: %v, want ErrTaken", err)
	}
	if _, err := folderlock.Acquire(t.Context(), dir, time.Millisecond); !errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("out of patience: %v, want ErrTaken", err)
	}
	held.Release()
	held.Release()
	again, err := folderlock.Try(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again.Release()
}

func TestAcquireWaitsForTheRelease(t *testing.T) {
	dir := t.TempDir()
	held, err := folderlock.Try(dir)
	if err != nil {
		t.Fatal(err)
	}
	acquired := make(chan error)
	go func() {
		lock, err := folderlock.Acquire(t.Context(), dir, time.Minute)
		lock.Release()
		acquired <- err
	}()
	select {
	case err := <-acquired:
		t.Fatalf("acquired while it was held: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	held.Release()
	if err := <-acquired; err != nil {
		t.Error(err)
	}
}

func TestAFolderThatIsMissing(t *testing.T) {
	if _, err := folderlock.Acquire(t.Context(), t.TempDir()+"/none", time.Minute); err == nil || errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("got %v, want the error of the file system", err)
	}
}
