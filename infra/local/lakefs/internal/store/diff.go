package store

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// Kinds of differences.
const (
	Added    = "added"
	Removed  = "removed"
	Changed  = "changed"
	Conflict = "conflict"
)

// Difference is a path that differs.
type Difference struct {
	Path string
	Type string
	Size int64 // bytes of the new object, or of the removed one
}

// Diff yields what a merge of right into left would change (what right
// changed since the two parted) or, with twoDot, all that differs. Paths have
// the prefix and are not before `from`.
func (s *Store) Diff(ctx context.Context, repo, left, right string, twoDot bool, prefix, from string) (iter.Seq2[Difference, error], error) {
	s.mu.RLock()
	l, err := s.look(repo, left)
	r, rightErr := s.look(repo, right)
	var base string
	switch {
	case err != nil || rightErr != nil:
	case twoDot:
		base = l.commit.Tree
	default:
		base = l.repo.baseTree(l.commit, r.commit)
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	if rightErr != nil {
		return nil, rightErr
	}
	trees := l.repo.trees
	return func(yield func(Difference, error) bool) {
		for d, err := range trees.Diff(ctx, base, r.commit.Tree, max(prefix, from)) {
			if err != nil {
				yield(Difference{}, err)
				return
			}
			if !strings.HasPrefix(d.Key, prefix) {
				return
			}
			ours, err := trees.Get(ctx, l.commit.Tree, d.Key)
			if err != nil {
				yield(Difference{}, err)
				return
			}
			if tree.Equal(ours, d.Right) {
				continue
			}
			out, err := difference(d.Key, d.Left, d.Right)
			if !tree.Equal(ours, d.Left) {
				out.Type = Conflict
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}, nil
}

// Uncommitted yields what is staged on a branch and differs from its commit.
func (s *Store) Uncommitted(ctx context.Context, repo, name, prefix, from string) (iter.Seq2[Difference, error], error) {
	if _, err := s.Branch(repo, name); err != nil {
		return nil, err
	}
	s.mu.RLock()
	v, err := s.look(repo, name)
	var changes map[string]staged
	if v.branch != nil {
		changes = v.branch.from(prefix, from)
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	return func(yield func(Difference, error) bool) {
		for _, path := range slices.Sorted(maps.Keys(changes)) {
			before, err := v.repo.trees.Get(ctx, v.commit.Tree, path)
			var after *tree.Record
			if o := changes[path].object; err == nil && o != nil {
				after, err = o.record(path)
			}
			if err != nil {
				yield(Difference{}, err)
				return
			}
			if tree.Equal(before, after) {
				continue
			}
			d, err := difference(path, before, after)
			if !yield(d, err) || err != nil {
				return
			}
		}
	}, nil
}

func difference(path string, before, after *tree.Record) (Difference, error) {
	d := Difference{Path: path, Type: Changed}
	shown := after
	switch {
	case before == nil:
		d.Type = Added
	case after == nil:
		d.Type, shown = Removed, before
	}
	o, err := decodeObject(*shown)
	if err != nil {
		return d, err
	}
	d.Size = o.Size
	return d, nil
}
