package store

import (
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Ref is a branch or tag and its commit.
type Ref struct {
	ID     string `json:"id"`
	Commit string `json:"commit_id"`
}

var branchName = regexp.MustCompile(`^\w[-\w]*$`)

// CheckBranchName answers what the real server says of a bad name.
func CheckBranchName(name string) error {
	if branchName.MatchString(name) {
		return nil
	}
	return fail(http.StatusBadRequest, "argument branch: branch id: invalid value: validation error: branch id must consist of letters, digits, underscores and dashes, and cannot start with a dash")
}

// Branch finds a branch.
func (s *Store) Branch(repo, name string) (Ref, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return Ref{}, err
	}
	b := r.branches[name]
	if b == nil {
		return Ref{}, notFound("branch not found")
	}
	return Ref{name, b.head}, nil
}

// Branches lists all branches, by name.
func (s *Store) Branches(repo string) ([]Ref, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return nil, err
	}
	var list []Ref
	for _, name := range slices.Sorted(maps.Keys(r.branches)) {
		list = append(list, Ref{name, r.branches[name].head})
	}
	return list, nil
}

// CreateBranch makes a branch at a ref and answers its commit.
func (s *Store) CreateBranch(repo, name, source string) (head string, err error) {
	if err := CheckBranchName(name); err != nil {
		return "", err
	}
	err = s.update(func() ([]*record, error) {
		r, err := s.writable(repo)
		if err != nil {
			return nil, err
		}
		if r.branches[name] != nil {
			return nil, fail(http.StatusConflict, "branch already exists: not unique")
		}
		c, err := r.resolve(source)
		if err != nil {
			return nil, notFound("source reference '%s': not found", source)
		}
		head = c.ID
		return one(&record{Op: opBranches, Repo: repo, Heads: map[string]string{name: head}})
	})
	return head, err
}

// DeleteBranch removes a branch with what is staged on it; commits stay.
func (s *Store) DeleteBranch(repo, name string) error {
	return s.update(func() ([]*record, error) {
		r, err := s.writable(repo)
		if err != nil {
			return nil, err
		}
		if r.branches[name] == nil {
			return nil, notFound("branch not found")
		}
		if name == r.DefaultBranch {
			return nil, fail(http.StatusForbidden, "cannot delete repository default branch")
		}
		return one(&record{Op: opDropBranch, Repo: repo, Branch: name})
	})
}

// ResetBranch drops staged changes whose path is chosen.
func (s *Store) ResetBranch(repo, name string, chosen func(path string) bool) error {
	return s.update(func() ([]*record, error) {
		_, b, err := s.stageable(repo, name, "branch not found")
		if err != nil {
			return nil, err
		}
		var paths []string
		for path := range b.staged {
			if chosen(path) {
				paths = append(paths, path)
			}
		}
		if len(paths) == 0 {
			return nil, nil
		}
		return one(&record{Op: opUnstage, Repo: repo, Branch: name, Paths: paths})
	})
}

// stageable finds a branch that takes uncommitted changes; the caller holds
// the lock.
func (s *Store) stageable(repo, name, missing string) (*repository, *branch, error) {
	r, err := s.writable(repo)
	if err != nil {
		return nil, nil, err
	}
	b := r.branches[name]
	if b == nil {
		return nil, nil, notFound("%s", missing)
	}
	if r.protects(name) {
		return nil, nil, fail(http.StatusForbidden, "cannot write to protected branch")
	}
	return r, b, nil
}

// Rules are the patterns of protected branches.
func (s *Store) Rules(repo string) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return nil, err
	}
	return r.rules, nil
}

// SetRules replaces the patterns if check agrees with the current ones. They
// count at once; the real server takes some seconds.
func (s *Store) SetRules(repo string, rules []string, check func(current []string) error) error {
	return s.update(func() ([]*record, error) {
		r, err := s.repo(repo)
		if err != nil {
			return nil, err
		}
		if err := check(r.rules); err != nil {
			return nil, err
		}
		return one(&record{Op: opRules, Repo: repo, Rules: rules})
	})
}

// protects reports whether a pattern, where * stands for any text, matches.
func (r *repository) protects(name string) bool {
	return slices.ContainsFunc(r.rules, func(pattern string) bool {
		ok, err := path.Match(strings.ReplaceAll(pattern, "\\", "\\\\"), name)
		return err == nil && ok
	})
}
