package store

import (
	"context"
	"maps"
	"net/http"
)

// Message is what a client says of a commit.
type Message struct {
	Text     string
	Metadata map[string]string
	// Date replaces the time of the commit, in Unix seconds; 0 is now.
	Date int64
	// AllowEmpty accepts a commit that changes nothing.
	AllowEmpty bool
}

// CreateCommit commits what is staged on a branch. Uploads that arrive while
// it runs stay staged.
func (s *Store) CreateCommit(ctx context.Context, repo, name string, m Message) (*Commit, error) {
	r, b, err := s.hold(repo, name, notFound("prepare-commit hook aborted, run id '%s': list actions from commit: listing actions: not found", newID()))
	if err != nil {
		return nil, err
	}
	defer b.moving.Unlock()
	s.mu.RLock()
	head, changes, upTo := r.commits[b.head], maps.Clone(b.staged), s.seq
	protected := r.protects(name)
	s.mu.RUnlock()
	if protected {
		return nil, fail(http.StatusForbidden, "cannot commit to protected branch")
	}
	list, err := treeChanges(changes)
	if err != nil {
		return nil, err
	}
	id, err := r.trees.Apply(ctx, head.Tree, list)
	if err != nil {
		return nil, err
	}
	if id == head.Tree && !m.AllowEmpty {
		return nil, fail(http.StatusBadRequest, "commit: no changes")
	}
	return s.advance(r, b, name, &Commit{Parents: []string{head.ID}}, m, id, upTo, head)
}

// hold finds a branch and keeps others from moving it until the caller
// unlocks b.moving.
func (s *Store) hold(repo, name string, missing *Error) (*repository, *branch, error) {
	s.mu.RLock()
	r, err := s.writable(repo)
	var b *branch
	if err == nil {
		b = r.branches[name]
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	if b == nil {
		return nil, nil, missing
	}
	b.moving.Lock()
	return r, b, nil
}

// advance moves a branch that the caller holds to a new commit, whose parents
// are given, with a tree; it covers what was staged up to a number. The
// generation is later than each of before.
func (s *Store) advance(r *repository, b *branch, name string, c *Commit, m Message, id string, upTo uint64, before ...*Commit) (*Commit, error) {
	c.Committer, c.Message, c.Tree, c.Metadata, c.Created = User, m.Text, id, m.Metadata, m.Date
	if c.Created == 0 {
		c.Created = s.now()
	}
	for _, p := range before {
		c.Generation = max(c.Generation, p.Generation+1)
	}
	c.name()
	return c, s.update(func() ([]*record, error) {
		// The branch may have been deleted while the tree was written.
		if s.repos[r.ID] != r || r.branches[name] != b {
			return nil, notFound("branch not found")
		}
		return one(&record{Op: opCommit, Repo: r.ID, Branch: name, Commit: c, Seq: upTo})
	})
}
