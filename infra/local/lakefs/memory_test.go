package lakefs_test

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/shared/lake"
)

const mebibyte = 1 << 20

// pattern is what noise consists of.
var pattern = func() []byte {
	b := make([]byte, mebibyte)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}()

// noise is content of a given size; another start makes another content.
type noise struct{ left, start uint64 }

func (n *noise) Read(b []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	size := copy(b[:min(uint64(len(b)), n.left)], pattern[n.start%uint64(len(pattern)):])
	n.left -= uint64(size)
	n.start += uint64(size)
	return size, nil
}

// peak measures by how much the heap grows while f runs.
func peak(t *testing.T, f func()) uint64 {
	t.Helper()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before := heap()
	var highest atomic.Uint64
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			highest.Store(max(highest.Load(), heap()))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	f()
	cancel()
	<-watched
	return max(highest.Load(), before) - before
}

// TestLargeObjectsStream sends a large object through client and server, both in this
// process, to S3 and back.
func TestLargeObjectsStream(t *testing.T) {
	if testing.Short() {
		t.Skip("moves hundreds of MiB")
	}
	const size = largeSize
	const limit = 12 * mebibyte
	endpoint := s3test.New(t)
	dir := t.TempDir()
	s := start(t, lakefs.Config{Dir: dir, Blobs: lakefs.S3(endpoint.Client())})
	if err := s.lake.EnsureRepository(t.Context(), "raw", "s3://"+endpoint.Bucket); err != nil {
		t.Fatal(err)
	}
	up := peak(t, func() {
		u, err := s.lake.Upload(t.Context(), "raw", "main", "large", &noise{left: size}, lake.Properties{})
		if err != nil || u.Size != size {
			t.Fatal(u, err)
		}
	})
	down := peak(t, func() {
		body, err := s.lake.Get(t.Context(), "raw", "main", "large", lake.Range{})
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if n, err := io.Copy(io.Discard, body); err != nil || n != size {
			t.Fatal(n, err)
		}
	})
	t.Logf("the heap grew by %.1f MiB up, %.1f MiB down", float64(up)/mebibyte, float64(down)/mebibyte)
	if up > limit || down > limit {
		t.Errorf("more than %d MiB", limit/mebibyte)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "uploads")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
