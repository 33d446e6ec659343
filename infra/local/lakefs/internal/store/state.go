package store

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// repository is the state of a repository.
type repository struct {
	Repository
	trees    *tree.Trees
	branches map[string]*branch
	tags     map[string]string // commit
	commits  map[string]*Commit
	rules    []string // patterns of protected branches

	dumping sync.Mutex
	dumped  string    // the last dump's tree of commits; guarded by dumping
	fresh   []*Commit // not dumped yet
}

// branch is the state of a branch.
type branch struct {
	head   string
	staged map[string]staged
	// moving serialises what moves the head: it is held while trees are
	// written, the state's lock is not.
	moving sync.Mutex
}

// staged is an uncommitted change of a path.
type staged struct {
	object *Object // nil: deleted
	seq    uint64
}

// state is everything that the journal keeps.
type state struct {
	repos map[string]*repository
	seq   uint64 // of the last staged change
	live  int    // records that a compacted journal would have, about
}

// apply changes the state by a record. It fails only if the journal is not one
// that this program wrote.
func (s *Store) apply(r *record) error {
	repo := s.repos[r.Repo]
	if r.Op == opRepository {
		repo = s.newRepository(*r.Repository)
		s.repos[r.Repo] = repo
		s.live++
		if r.Commit != nil {
			repo.add(r.Commit)
			repo.branches[r.Branch] = newBranch(r.Commit.ID)
			s.live += 2
		}
		return nil
	}
	if repo == nil {
		return fmt.Errorf("%s in a repository %q that does not exist", r.Op, r.Repo)
	}
	if r.Branch != "" && repo.branches[r.Branch] == nil {
		return fmt.Errorf("%s on a branch %q that does not exist", r.Op, r.Branch)
	}
	switch r.Op {
	case opDropRepo:
		delete(s.repos, r.Repo)
		s.live -= repo.records()
	case opBranches:
		for name, head := range r.Heads {
			repo.branches[name] = newBranch(head)
		}
		s.live += len(r.Heads)
	case opDropBranch:
		s.live -= 1 + len(repo.branches[r.Branch].staged)
		delete(repo.branches, r.Branch)
	case opStage:
		b := repo.branches[r.Branch]
		before := len(b.staged)
		b.staged[r.Path] = staged{r.Object, r.Seq}
		s.seq = max(s.seq, r.Seq)
		s.live += len(b.staged) - before
	case opUnstage:
		b := repo.branches[r.Branch]
		before := len(b.staged)
		for _, path := range r.Paths {
			delete(b.staged, path)
		}
		s.live += len(b.staged) - before
	case opCommit:
		s.live += repo.add(r.Commit)
		if r.Branch == "" {
			break
		}
		b := repo.branches[r.Branch]
		b.head = r.Commit.ID
		before := len(b.staged)
		maps.DeleteFunc(b.staged, func(_ string, c staged) bool { return c.seq <= r.Seq })
		s.live += len(b.staged) - before
	case opTag:
		repo.tags[r.Tag] = r.Head
		s.live++
	case opDropTag:
		delete(repo.tags, r.Tag)
		s.live--
	case opRules:
		repo.rules = r.Rules
	default:
		return fmt.Errorf("unknown kind of record %q: use a newer version of this program", r.Op)
	}
	return nil
}

func newBranch(head string) *branch { return &branch{head: head, staged: map[string]staged{}} }

// add keeps a commit and answers how many are new.
func (r *repository) add(c *Commit) int {
	if r.commits[c.ID] != nil {
		return 0
	}
	r.commits[c.ID] = c
	r.fresh = append(r.fresh, c)
	return 1
}

// records is how many records snapshot yields for the repository, about.
func (r *repository) records() int {
	n := 1 + len(r.commits) + len(r.tags) + len(r.branches)
	for _, b := range r.branches {
		n += len(b.staged)
	}
	return n
}

// snapshot yields records that make the state anew.
func (s *Store) snapshot() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, id := range slices.Sorted(maps.Keys(s.repos)) {
			for r := range s.repos[id].snapshot() {
				r.Repo = id
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (r *repository) snapshot() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		if !yield(&record{Op: opRepository, Repository: &r.Repository}) {
			return
		}
		for _, c := range r.commits {
			if !yield(&record{Op: opCommit, Commit: c}) {
				return
			}
		}
		for tag, commit := range r.tags {
			if !yield(&record{Op: opTag, Tag: tag, Head: commit}) {
				return
			}
		}
		if len(r.rules) > 0 && !yield(&record{Op: opRules, Rules: r.rules}) {
			return
		}
		for name, b := range r.branches {
			if !yield(&record{Op: opBranches, Heads: map[string]string{name: b.head}}) {
				return
			}
			for path, c := range b.staged {
				if !yield(&record{Op: opStage, Branch: name, Path: path, Object: c.object, Seq: c.seq}) {
					return
				}
			}
		}
	}
}
