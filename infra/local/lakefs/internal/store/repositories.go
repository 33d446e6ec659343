package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/tree"
)

const (
	// metaPrefix begins the names of what is no object's content.
	metaPrefix = "_lakefs/"
	// dummy marks a namespace that is in use.
	dummy = metaPrefix + "dummy"
)

func (s *Store) newRepository(r Repository) *repository {
	return &repository{
		Repository: r, trees: tree.New(objects{s.blobs, blob.Namespace(r.Namespace)}, s.cache),
		branches: map[string]*branch{}, tags: map[string]string{}, commits: map[string]*Commit{},
	}
}

// repo finds a repository; the caller holds the lock.
func (s *Store) repo(id string) (*repository, error) {
	if r := s.repos[id]; r != nil {
		return r, nil
	}
	return nil, notFound("repository not found")
}

// writable finds a repository that takes writes; the caller holds the lock.
func (s *Store) writable(id string) (*repository, error) {
	r, err := s.repo(id)
	if err == nil && r.ReadOnly {
		return nil, fail(http.StatusForbidden, "read-only repository")
	}
	return r, err
}

// Repository finds a repository.
func (s *Store) Repository(id string) (Repository, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(id)
	if err != nil {
		return Repository{}, err
	}
	return r.Repository, nil
}

// Repositories lists all, by id.
func (s *Store) Repositories() []Repository {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Repository
	for _, id := range slices.Sorted(maps.Keys(s.repos)) {
		list = append(list, s.repos[id].Repository)
	}
	return list
}

// CreateRepository makes a repository with an empty first commit on its
// default branch; a bare one has neither, waits for RestoreRefs and may use a
// namespace that holds a repository's objects.
func (s *Store) CreateRepository(ctx context.Context, r Repository, bare bool) (Repository, error) {
	s.naming.Lock()
	defer s.naming.Unlock()
	if _, err := s.Repository(r.ID); err == nil {
		return Repository{}, fail(http.StatusConflict, "error creating repository: not unique")
	}
	if !strings.HasPrefix(r.Namespace, "s3://") {
		return Repository{}, fail(http.StatusBadRequest, "failed to match required regex ^s3://: invalid namespace")
	}
	r.Created = s.now()
	rec := &record{Op: opRepository, Repo: r.ID, Repository: &r}
	if !bare {
		if err := s.claim(ctx, r.Namespace); err != nil {
			return Repository{}, err
		}
		root := &Commit{Message: "Repository created", Created: r.Created, Generation: 1}
		root.name()
		rec.Commit, rec.Branch = root, r.DefaultBranch
	}
	return r, s.update(func() ([]*record, error) { return one(rec) })
}

// claim marks a namespace as used.
func (s *Store) claim(ctx context.Context, namespace string) error {
	bucket, key := blob.Namespace(namespace).Key(dummy)
	switch _, err := blob.ReadAll(ctx, s.blobs, bucket, key); {
	case err == nil:
		return fail(http.StatusBadRequest, "failed to create repository: found lakeFS objects in the storage (:%s) key(%s): storage namespace already in use", namespace, dummy)
	case !errors.Is(err, blob.ErrNotFound):
		return err
	}
	mark := []byte("this is dummy data - created by lakeFS to check accessibility")
	sum := sha256.Sum256(mark)
	return s.blobs.Put(ctx, bucket, key, blob.Bytes(mark, hex.EncodeToString(sum[:])))
}

// DeleteRepository forgets a repository; its bytes stay in the bucket.
func (s *Store) DeleteRepository(id string, force bool) error {
	return s.update(func() ([]*record, error) {
		find := s.writable
		if force {
			find = s.repo
		}
		if _, err := find(id); err != nil {
			return nil, err
		}
		return one(&record{Op: opDropRepo, Repo: id})
	})
}
