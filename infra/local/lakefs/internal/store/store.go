package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/tree"
	"spiceharvester/infra/local/standin/journal"
)

const (
	// User is the only user, and the committer of every commit.
	User = "admin"

	// A journal is rewritten when it has this many records and four times as
	// many as are needed.
	compactFrom = 4096
	// lockPatience is how long Open waits for a process on the same folder that
	// is about to end.
	lockPatience = 5 * time.Second
)

// Options says where a Store keeps what.
type Options struct {
	Dir    string // of the journal; "" keeps refs and staged changes in memory
	Blobs  blob.Store
	Clock  func() time.Time
	Logger *slog.Logger
}

// Store holds all repositories. It is safe for concurrent use.
type Store struct {
	blobs  blob.Store
	cache  *tree.Cache
	clock  func() time.Time
	log    *slog.Logger
	lock   *folderlock.Lock
	naming sync.Mutex // held while a repository is made

	mu sync.RWMutex
	state
	journal *journal.Journal[record]
	tasks   tasks
}

// Open replays the journal. Close the Store when done.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	s := &Store{
		blobs: o.Blobs, cache: tree.NewCache(), clock: o.Clock, log: o.Logger,
		state: state{repos: map[string]*repository{}},
	}
	if o.Dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if s.lock, err = folderlock.Acquire(ctx, o.Dir, lockPatience); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.lock.Release()
		}
	}()
	path := filepath.Join(o.Dir, "journal")
	opened, torn, err := journal.Open(path, format, s.apply)
	if err != nil {
		return nil, err
	}
	if torn {
		s.log.Warn("lakefs: the last record of the journal was not whole and was dropped: the process died while it wrote", "journal", path)
	}
	s.journal = opened
	if err := s.compact(); err != nil {
		s.journal.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the use of the folder. Operations that still run fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.lock.Release()
	return s.journal.Close()
}

// update runs f under the lock; what it answers is written and counts.
func (s *Store) update(f func() ([]*record, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := f()
	if err != nil || len(records) == 0 {
		return err
	}
	if err := s.journal.Append(records...); err != nil {
		return err
	}
	for _, r := range records {
		if err := s.apply(r); err != nil {
			return fmt.Errorf("apply a record: %w", err)
		}
	}
	if err := s.compact(); err != nil {
		s.log.Error("lakefs: the journal grows", "error", err)
	}
	return nil
}

// compact rewrites the journal when most of it is history.
func (s *Store) compact() error {
	if s.journal == nil || s.journal.Records() < compactFrom || s.journal.Records() < 4*s.live {
		return nil
	}
	return s.journal.Replace(s.snapshot())
}

func (s *Store) now() int64 { return s.clock().Unix() }

// newID makes an id like those of runs and tasks.
func newID() string { return strings.ToLower(rand.Text())[:20] }

// one is a list of one record.
func one(r *record) ([]*record, error) { return []*record{r}, nil }

// objects are the committed parts of a namespace, below _lakefs/.
type objects struct {
	blobs     blob.Store
	namespace blob.Namespace
}

func (o objects) Put(ctx context.Context, id string, body []byte) error {
	bucket, key := o.namespace.Key(metaPrefix + id)
	return o.blobs.Put(ctx, bucket, key, blob.Bytes(body, id))
}

func (o objects) Get(ctx context.Context, id string) ([]byte, error) {
	bucket, key := o.namespace.Key(metaPrefix + id)
	b, err := blob.ReadAll(ctx, o.blobs, bucket, key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fmt.Errorf("a part of a commit is missing in the bucket: restore it from a copy of the bucket: %w", err)
	}
	return b, err
}
