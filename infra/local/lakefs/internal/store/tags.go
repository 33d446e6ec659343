package store

import (
	"maps"
	"net/http"
	"slices"
)

// Tag finds a tag.
func (s *Store) Tag(repo, id string) (Ref, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return Ref{}, err
	}
	commit, ok := r.tags[id]
	if !ok {
		return Ref{}, notFound("tag not found")
	}
	return Ref{id, commit}, nil
}

// Tags lists all tags, by name.
func (s *Store) Tags(repo string) ([]Ref, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.repo(repo)
	if err != nil {
		return nil, err
	}
	var list []Ref
	for _, id := range slices.Sorted(maps.Keys(r.tags)) {
		list = append(list, Ref{id, r.tags[id]})
	}
	return list, nil
}

// CreateTag names the commit of a ref.
func (s *Store) CreateTag(repo, id, ref string) (tag Ref, err error) {
	err = s.update(func() ([]*record, error) {
		r, err := s.writable(repo)
		if err != nil {
			return nil, err
		}
		if _, ok := r.tags[id]; ok {
			return nil, fail(http.StatusConflict, "tag already exists: not unique")
		}
		c, err := r.resolve(ref)
		if err != nil {
			return nil, err
		}
		tag = Ref{id, c.ID}
		return one(&record{Op: opTag, Repo: repo, Tag: id, Head: c.ID})
	})
	return tag, err
}

// DeleteTag removes a tag.
func (s *Store) DeleteTag(repo, id string) error {
	return s.update(func() ([]*record, error) {
		r, err := s.writable(repo)
		if err != nil {
			return nil, err
		}
		if _, ok := r.tags[id]; !ok {
			return nil, notFound("tag not found")
		}
		return one(&record{Op: opDropTag, Repo: repo, Tag: id})
	})
}
