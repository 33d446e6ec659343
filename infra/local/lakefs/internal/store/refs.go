package store

import (
	"cmp"
	"container/heap"
	"iter"
	"regexp"
	"strconv"
	"strings"
)

// step is a part of a ref expression: ~n goes n first parents back, ^n to the
// n-th parent, @ is the commit of a branch without what is staged.
var step = regexp.MustCompile(`[~^]\d*|@`)

// resolve finds the commit of a branch, a tag, a commit id, the beginning of
// one, each with steps; the caller holds the lock.
func (r *repository) resolve(ref string) (*Commit, error) {
	base := ref
	if i := strings.IndexAny(ref, "~^@"); i >= 0 {
		base = ref[:i]
	}
	c := r.named(base)
	rest := ref[len(base):]
	steps := step.FindAllString(rest, -1)
	if strings.Join(steps, "") != rest {
		return nil, notFound("not found")
	}
	for _, s := range steps {
		if c != nil {
			c = r.step(c, s)
		}
	}
	if c == nil {
		return nil, notFound("not found")
	}
	return c, nil
}

func (r *repository) named(name string) *Commit {
	if b := r.branches[name]; b != nil {
		return r.commits[b.head]
	}
	if id, ok := r.tags[name]; ok {
		return r.commits[id]
	}
	if c := r.commits[name]; c != nil {
		return c
	}
	var found *Commit
	if len(name) < 4 || strings.Trim(name, "0123456789abcdef") != "" {
		return nil
	}
	for id, c := range r.commits {
		if strings.HasPrefix(id, name) {
			if found != nil {
				return nil // ambiguous
			}
			found = c
		}
	}
	return found
}

func (r *repository) step(c *Commit, step string) *Commit {
	n := 1
	if len(step) > 1 {
		n, _ = strconv.Atoi(step[1:])
	}
	switch step[0] {
	case '~':
		for ; n > 0 && c != nil; n-- {
			c = r.parent(c, 1)
		}
	case '^':
		if n > 0 {
			return r.parent(c, n)
		}
	}
	return c
}

// parent is the n-th parent, from 1; nil if there is none.
func (r *repository) parent(c *Commit, n int) *Commit {
	if n > len(c.Parents) {
		return nil
	}
	return r.commits[c.Parents[n-1]]
}

// Commit finds a commit by its id or the beginning of it.
func (s *Store) Commit(repo, id string) (*Commit, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return nil, err
	}
	c := r.named(id)
	if c == nil {
		return nil, notFound("commit not found")
	}
	return c, nil
}

// Log lists the commits that a ref reaches, later generations first: at most
// amount of them after the commit `after`, and whether there are more.
func (s *Store) Log(repo, ref, after string, amount int, firstParent bool) (list []*Commit, more bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return nil, false, err
	}
	c, err := r.resolve(ref)
	if err != nil {
		return nil, false, err
	}
	skipping := after != ""
	for c := range r.history(c, firstParent) {
		switch {
		case skipping:
			skipping = c.ID != after
		case len(list) == amount:
			return list, true, nil
		default:
			list = append(list, c)
		}
	}
	return list, false, nil
}

// history yields a commit and its ancestors, later generations first.
func (r *repository) history(from *Commit, firstParent bool) iter.Seq[*Commit] {
	return func(yield func(*Commit) bool) {
		queue, seen := &commits{from}, map[string]bool{from.ID: true}
		for queue.Len() > 0 {
			c := heap.Pop(queue).(*Commit)
			if !yield(c) {
				return
			}
			for i, id := range c.Parents {
				if seen[id] || (firstParent && i > 0) {
					continue
				}
				seen[id] = true
				heap.Push(queue, r.commits[id])
			}
		}
	}
}

// mergeBase finds the latest common ancestor; nil if there is none.
func (r *repository) mergeBase(a, b *Commit) *Commit {
	const left, right = 1, 2
	sides := map[string]int{a.ID: left}
	sides[b.ID] |= right
	queue := &commits{a}
	if a != b {
		queue = &commits{}
		heap.Push(queue, a)
		heap.Push(queue, b)
	}
	for queue.Len() > 0 {
		c := heap.Pop(queue).(*Commit)
		if sides[c.ID] == left|right {
			return c
		}
		for _, id := range c.Parents {
			if sides[id] == 0 {
				heap.Push(queue, r.commits[id])
			}
			sides[id] |= sides[c.ID]
		}
	}
	return nil
}

// commits is a heap: later generations first, then later times, then ids, so
// that the order is always the same.
type commits []*Commit

func (q commits) Len() int      { return len(q) }
func (q commits) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q commits) Less(i, j int) bool {
	return cmp.Or(
		cmp.Compare(q[j].Generation, q[i].Generation),
		cmp.Compare(q[j].Created, q[i].Created),
		cmp.Compare(q[i].ID, q[j].ID),
	) < 0
}
func (q *commits) Push(x any) { *q = append(*q, x.(*Commit)) }
func (q *commits) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
