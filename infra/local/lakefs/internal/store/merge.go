package store

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// Merging says how to merge.
type Merging struct {
	Message
	Strategy string // "", source-wins, dest-wins
	Squash   bool   // the commit has one parent, the destination's
}

// strategyKey is the metadata in which a merge commit says its strategy.
const strategyKey = ".lakefs.merge.strategy"

// Merge merges a ref into a branch. What is staged on the source is not
// merged. Both sides changed a path: ErrConflict.
func (s *Store) Merge(ctx context.Context, repo, source, name string, m Merging) (*Commit, error) {
	resolve, err := strategy(m.Strategy)
	if err != nil {
		return nil, err
	}
	r, b, err := s.hold(repo, name, notFound("branch not found"))
	if err != nil {
		return nil, err
	}
	defer b.moving.Unlock()
	s.mu.RLock()
	from, err := r.resolve(source)
	head, dirty := r.commits[b.head], len(b.staged) > 0
	var base string
	if err == nil {
		base = r.baseTree(from, head)
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, notFound("update branch %s: get commit by ref %s: not found", name, source)
	}
	if dirty {
		return nil, errDirty
	}
	if from.Tree == base && !m.AllowEmpty {
		return nil, fail(http.StatusBadRequest, "update branch %s: no changes", name)
	}
	id, conflict, err := r.trees.Merge(ctx, base, from.Tree, head.Tree, resolve)
	if err != nil {
		return nil, err
	}
	if conflict {
		return nil, ErrConflict
	}
	if m.Text == "" {
		m.Text = fmt.Sprintf("Merge '%s' into '%s'", source, name)
	}
	m.Metadata = maps.Clone(m.Metadata)
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	m.Metadata[strategyKey] = "default"
	if m.Strategy != "" {
		m.Metadata[strategyKey] = m.Strategy
	}
	c := &Commit{Parents: []string{head.ID, from.ID}}
	if m.Squash {
		c.Parents = c.Parents[:1]
	}
	// A squash is later than its source too, though that is no parent.
	return s.advance(r, b, name, c, m.Message, id, 0, head, from)
}

var errDirty = fail(http.StatusBadRequest, "uncommitted changes (dirty branch)")

func strategy(name string) (tree.Resolve, error) {
	switch name {
	case "":
		return tree.Refuse, nil
	case "source-wins":
		return tree.TakeSource, nil
	case "dest-wins":
		return tree.TakeDestination, nil
	}
	return 0, fail(http.StatusBadRequest, "argument strategy: invalid value: validation error")
}

// baseTree is the tree of the merge base; the caller holds the lock.
func (r *repository) baseTree(a, b *Commit) string {
	if base := r.mergeBase(a, b); base != nil {
		return base.Tree
	}
	return tree.Empty
}
