package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/tree"
)

// manifest names the last dump of a repository in its namespace.
const manifest = metaPrefix + "refs_manifest.json"

// Refs are the ids of a dump's three trees.
type Refs struct {
	Commits  string `json:"commits_meta_range_id"`
	Tags     string `json:"tags_meta_range_id"`
	Branches string `json:"branches_meta_range_id"`
}

// DumpRefs writes commits, tags and branches to the object store, as trees of
// their own, and a manifest that names them. What is staged is not dumped.
func (s *Store) DumpRefs(ctx context.Context, repo string) (Refs, error) {
	s.mu.RLock()
	r, err := s.repo(repo)
	s.mu.RUnlock()
	if err != nil {
		return Refs{}, err
	}
	r.dumping.Lock()
	defer r.dumping.Unlock()
	s.mu.Lock()
	fresh, tags, heads := r.fresh, maps.Clone(r.tags), map[string]string{}
	r.fresh = nil
	for name, b := range r.branches {
		heads[name] = b.head
	}
	s.mu.Unlock()
	refs, err := r.dump(ctx, fresh, tags, heads)
	if err == nil {
		err = s.writeManifest(ctx, r.Namespace, refs)
	}
	if err != nil {
		s.mu.Lock()
		r.fresh = append(fresh, r.fresh...)
		s.mu.Unlock()
		return Refs{}, err
	}
	r.dumped = refs.Commits
	return refs, nil
}

func (r *repository) dump(ctx context.Context, fresh []*Commit, tags, heads map[string]string) (refs Refs, err error) {
	changes := make([]tree.Change, 0, len(fresh))
	for _, c := range fresh {
		value, err := json.Marshal(c)
		if err != nil {
			return refs, err
		}
		changes = append(changes, tree.Change{Key: c.ID, Record: &tree.Record{Key: c.ID, Identity: c.ID, Value: value}})
	}
	if r.dumped == tree.Empty {
		refs.Commits, err = r.trees.Write(ctx, changes)
	} else {
		refs.Commits, err = r.trees.Apply(ctx, r.dumped, changes)
	}
	if err != nil {
		return refs, err
	}
	if refs.Tags, err = r.trees.Write(ctx, pointers(tags)); err != nil {
		return refs, err
	}
	refs.Branches, err = r.trees.Write(ctx, pointers(heads))
	return refs, err
}

// pointers makes a tree's records of names and their commits.
func pointers(list map[string]string) []tree.Change {
	var changes []tree.Change
	for name, commit := range list {
		changes = append(changes, tree.Change{Key: name, Record: &tree.Record{Key: name, Identity: commit, Value: []byte("{}")}})
	}
	return changes
}

func (s *Store) writeManifest(ctx context.Context, namespace string, refs Refs) error {
	body, err := json.Marshal(refs)
	if err != nil {
		return err
	}
	bucket, key := blob.Namespace(namespace).Key(manifest)
	sum := sha256.Sum256(body)
	return s.blobs.Put(ctx, bucket, key, blob.Bytes(body, hex.EncodeToString(sum[:])))
}

// RestoreRefs fills a bare repository from a dump in its namespace.
func (s *Store) RestoreRefs(ctx context.Context, repo string, refs Refs) error {
	s.mu.RLock()
	r, err := s.repo(repo)
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	var records []*record
	for entry, err := range r.trees.All(ctx, refs.Commits, "") {
		var c Commit
		if err == nil {
			err = json.Unmarshal(entry.Value, &c)
		}
		if err != nil {
			return fmt.Errorf("restore commits: %w", err)
		}
		records = append(records, &record{Op: opCommit, Repo: repo, Commit: &c})
	}
	for entry, err := range r.trees.All(ctx, refs.Tags, "") {
		if err != nil {
			return fmt.Errorf("restore tags: %w", err)
		}
		records = append(records, &record{Op: opTag, Repo: repo, Tag: entry.Key, Head: entry.Identity})
	}
	heads := map[string]string{}
	for entry, err := range r.trees.All(ctx, refs.Branches, "") {
		if err != nil {
			return fmt.Errorf("restore branches: %w", err)
		}
		heads[entry.Key] = entry.Identity
	}
	// Branches come last: without them the repository is still bare, and a
	// restore that died can be done again.
	records = append(records, &record{Op: opBranches, Repo: repo, Heads: heads})
	return s.update(func() ([]*record, error) {
		if s.repos[repo] != r {
			return nil, notFound("repository not found")
		}
		if len(r.branches) > 0 {
			return nil, fail(http.StatusBadRequest, "can only restore into a bare repository")
		}
		return records, nil
	})
}

// Task is a dump or restore that ended.
type Task struct {
	ID      string
	Updated time.Time
	Refs    *Refs // of a dump
	Err     error
}

// maxTasks bounds the tasks that are remembered.
const maxTasks = 1000

type tasks struct {
	byID  map[string]Task
	order []string
}

// Dump is DumpRefs as a task.
func (s *Store) Dump(ctx context.Context, repo string) (Task, error) {
	refs, err := s.DumpRefs(ctx, repo)
	return s.task("DR", repo, Task{Refs: &refs}, err)
}

// Restore is RestoreRefs as a task.
func (s *Store) Restore(ctx context.Context, repo string, refs Refs) (Task, error) {
	return s.task("RR", repo, Task{}, s.RestoreRefs(ctx, repo, refs))
}

// task remembers an outcome; what the client got wrong is no task.
func (s *Store) task(kind, repo string, t Task, err error) (Task, error) {
	var refused *Error
	if errors.As(err, &refused) {
		return Task{}, err
	}
	t.ID, t.Updated, t.Err = kind+newID(), s.clock(), err
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tasks.byID == nil {
		s.tasks.byID = map[string]Task{}
	}
	key := repo + "/" + t.ID
	s.tasks.byID[key] = t
	s.tasks.order = append(s.tasks.order, key)
	if len(s.tasks.order) > maxTasks {
		delete(s.tasks.byID, s.tasks.order[0])
		s.tasks.order = s.tasks.order[1:]
	}
	return t, nil
}

// Task finds a task of a repository.
func (s *Store) Task(repo, id string) (Task, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, err := s.repo(repo); err != nil {
		return Task{}, err
	}
	t, ok := s.tasks.byID[repo+"/"+id]
	if !ok {
		return Task{}, notFound("not found")
	}
	return t, nil
}
