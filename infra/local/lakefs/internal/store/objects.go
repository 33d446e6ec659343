package store

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// Entry is an object at a path.
type Entry struct {
	Path   string
	Object *Object
}

// errMoved says that a branch moved while its tree was read.
var errMoved = fail(http.StatusLocked, "too many attempts: the branch moved")

// moveTries bounds how often an operation looks again at a branch that moves.
const moveTries = 100

// view is what a ref shows: a commit, and changes over it if the ref is a branch.
type view struct {
	repo   *repository
	commit *Commit
	branch *branch
}

// look resolves a ref; the caller holds the lock.
func (s *Store) look(repo, ref string) (view, error) {
	r, err := s.repo(repo)
	if err != nil {
		return view{}, err
	}
	c, err := r.resolve(ref)
	if err != nil {
		return view{}, err
	}
	return view{r, c, r.branches[ref]}, nil
}

// Object finds what a path means at a ref.
func (s *Store) Object(ctx context.Context, repo, ref, path string) (*Object, Repository, error) {
	s.mu.RLock()
	v, err := s.look(repo, ref)
	var change staged
	covered := false
	if err == nil && v.branch != nil {
		change, covered = v.branch.staged[path]
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, Repository{}, err
	}
	if covered {
		if change.object == nil {
			return nil, Repository{}, notFound("not found")
		}
		return change.object, v.repo.Repository, nil
	}
	r, err := v.repo.trees.Get(ctx, v.commit.Tree, path)
	if err != nil {
		return nil, Repository{}, err
	}
	if r == nil {
		return nil, Repository{}, notFound("not found")
	}
	o, err := decodeObject(*r)
	return o, v.repo.Repository, err
}

// Objects yields the objects of a ref whose path has the prefix and is not
// before `from`, in order of paths. An error ends the sequence.
func (s *Store) Objects(ctx context.Context, repo, ref, prefix, from string) (iter.Seq2[Entry, error], error) {
	from = max(from, prefix)
	s.mu.RLock()
	v, err := s.look(repo, ref)
	var changes map[string]staged
	if err == nil && v.branch != nil {
		changes = v.branch.from(prefix, from)
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	paths := slices.Sorted(maps.Keys(changes))
	return func(yield func(Entry, error) bool) {
		// upTo yields what is staged before a path.
		upTo := func(path string, all bool) bool {
			for len(paths) > 0 && (all || paths[0] < path) {
				o := changes[paths[0]].object
				if o != nil && !yield(Entry{paths[0], o}, nil) {
					return false
				}
				paths = paths[1:]
			}
			return true
		}
		for r, err := range v.repo.trees.All(ctx, v.commit.Tree, from) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !strings.HasPrefix(r.Key, prefix) {
				break
			}
			if !upTo(r.Key, false) {
				return
			}
			if _, covered := changes[r.Key]; covered {
				continue
			}
			o, err := decodeObject(r)
			if !yield(Entry{r.Key, o}, err) || err != nil {
				return
			}
		}
		upTo("", true)
	}, nil
}

// from copies the changes with a prefix from a path on.
func (b *branch) from(prefix, from string) map[string]staged {
	changes := map[string]staged{}
	for path, c := range b.staged {
		if strings.HasPrefix(path, prefix) && path >= from {
			changes[path] = c
		}
	}
	return changes
}

// Writable tells why a branch takes no object, or nil.
func (s *Store) Writable(repo, name string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, _, err := s.stageable(repo, name, "branch '"+name+"' not found")
	return err
}

// Stage puts an object at a path of a branch. With ifAbsent it must not
// replace another.
func (s *Store) Stage(ctx context.Context, repo, name, path string, o *Object, ifAbsent bool) error {
	if !ifAbsent {
		return s.update(func() ([]*record, error) {
			if _, _, err := s.stageable(repo, name, "branch '"+name+"' not found"); err != nil {
				return nil, err
			}
			return s.stage(repo, name, path, o)
		})
	}
	return s.stageKnowing(ctx, repo, name, path, func(exists, _, _ bool) ([]*record, error) {
		if exists {
			return nil, fail(http.StatusPreconditionFailed, "path already exists")
		}
		return s.stage(repo, name, path, o)
	})
}

// DeleteObject removes a path of a branch, which need not exist.
func (s *Store) DeleteObject(ctx context.Context, repo, name, path string) error {
	return s.stageKnowing(ctx, repo, name, path, func(_, committed, changed bool) ([]*record, error) {
		switch {
		case committed:
			return s.stage(repo, name, path, nil)
		case changed:
			return one(&record{Op: opUnstage, Repo: repo, Branch: name, Paths: []string{path}})
		}
		return nil, nil
	})
}

func (s *Store) stage(repo, name, path string, o *Object) ([]*record, error) {
	return one(&record{Op: opStage, Repo: repo, Branch: name, Path: path, Object: o, Seq: s.seq + 1})
}

// stageKnowing is an update that depends on the path: does it exist, is it in
// the head's commit, is there a change of it. The tree is read without the
// lock, so a branch that moved meanwhile is looked at again.
func (s *Store) stageKnowing(ctx context.Context, repo, name, path string, f func(exists, committed, changed bool) ([]*record, error)) error {
	for range moveTries {
		if err := s.Writable(repo, name); err != nil {
			return err
		}
		s.mu.RLock()
		v, err := s.look(repo, name)
		s.mu.RUnlock()
		if err != nil {
			return err
		}
		found, err := v.repo.trees.Get(ctx, v.commit.Tree, path)
		if err != nil {
			return err
		}
		err = s.update(func() ([]*record, error) {
			now, err := s.look(repo, name)
			if err != nil {
				return nil, err
			}
			if now != v {
				return nil, errMoved
			}
			change, changed := v.branch.staged[path]
			return f((found != nil && !changed) || change.object != nil, found != nil, changed)
		})
		if err != errMoved {
			return err
		}
	}
	return errMoved
}

// treeChanges are staged changes as changes of a tree.
func treeChanges(changes map[string]staged) ([]tree.Change, error) {
	list := make([]tree.Change, 0, len(changes))
	for path, c := range changes {
		change := tree.Change{Key: path}
		if c.object != nil {
			r, err := c.object.record(path)
			if err != nil {
				return nil, err
			}
			change.Record = r
		}
		list = append(list, change)
	}
	return list, nil
}
