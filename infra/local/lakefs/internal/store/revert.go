package store

import (
	"context"
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// Revert commits the opposite of a commit on a branch. parent, from 1, says
// against which parent a merge is reverted.
func (s *Store) Revert(ctx context.Context, repo, name, ref string, parent int, m Message) error {
	r, b, err := s.hold(repo, name, notFound("branch not found"))
	if err != nil {
		return err
	}
	defer b.moving.Unlock()
	s.mu.RLock()
	c, err := r.resolve(ref)
	head, dirty, protected := r.commits[b.head], len(b.staged) > 0, r.protects(name)
	before := tree.Empty
	if err == nil && parent <= len(c.Parents) && len(c.Parents) > 0 {
		before = r.parent(c, max(parent, 1)).Tree
	}
	s.mu.RUnlock()
	switch {
	case err != nil:
		return notFound("get commit from ref %s: not found", ref)
	case protected:
		return fail(http.StatusForbidden, "cannot commit to protected branch")
	case len(c.Parents) > 1 && parent == 0:
		return fail(http.StatusConflict, "must specify 1-based parent number for reverting merge commit")
	case parent < 0 || parent > max(len(c.Parents), 1):
		return fail(http.StatusBadRequest, "invalid parent number")
	case dirty:
		return errDirty
	}
	id, conflict, err := r.trees.Merge(ctx, c.Tree, before, head.Tree, tree.Refuse)
	if err != nil {
		return err
	}
	if conflict {
		return fail(http.StatusConflict, "update branch: conflict found")
	}
	if id == head.Tree && !m.AllowEmpty {
		return fail(http.StatusBadRequest, "update branch: no changes")
	}
	if m.Text == "" {
		m.Text = "Revert " + c.ID
	}
	_, err = s.advance(r, b, name, &Commit{Parents: []string{head.ID}}, m, id, 0, head)
	return err
}
