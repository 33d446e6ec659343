package store

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spiceharvester/infra/local/standin/journal"
	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
)

// Info describes a database.
type Info struct {
	ID, Organization, Name, Label, Comment string
	Public                                 bool
	Created                                time.Time
}

// Database is a database of an organization.
type Database struct {
	Terms *graph.Dictionary

	store *Store
	write sync.Mutex // one commit at a time

	mu       sync.RWMutex
	info     Info
	branches map[string]*Commit
	commits  map[string]*Commit

	journal *journal.Journal[record]
	old     atomic.Pointer[old]
}

// Info describes the database.
func (d *Database) Info() Info {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.info
}

// Head is the newest commit of a branch, nil if there is no such branch.
func (d *Database) Head(branch string) *Commit {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.branches[branch]
}

// Commit is the commit of an id, nil if there is none.
func (d *Database) Commit(id string) *Commit {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.commits[id]
}

// Branches are the names of the branches, sorted.
func (d *Database) Branches() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	names := make([]string, 0, len(d.branches))
	for name := range d.branches {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Commits are all commits, the oldest first.
func (d *Database) Commits() []*Commit {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]*Commit, 0, len(d.commits))
	for _, c := range d.commits {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Commit) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Write runs do while no other write of the database runs. An error that the
// function answers is answered.
func (d *Database) Write(do func() error) error {
	d.write.Lock()
	defer d.write.Unlock()
	return do()
}

// Branch makes a branch at a commit, or an empty one at nil. It is called
// within Write.
func (d *Database) Branch(name string, at *Commit) error {
	r := &record{Kind: "branch", Branch: name}
	if at != nil {
		r.Commit = at.ID
	} else {
		r.Commit, r.Time = newCommitID(), d.store.now()
	}
	return d.do(r)
}

// DeleteBranch forgets a branch. It is called within Write.
func (d *Database) DeleteBranch(name string) error {
	return d.do(&record{Kind: "unbranch", Branch: name})
}

// Reset moves a branch to a commit. It is called within Write.
func (d *Database) Reset(name string, at *Commit) error {
	return d.do(&record{Kind: "reset", Branch: name, Commit: at.ID})
}

// Describe changes label and comment. It is called within Write.
func (d *Database) Describe(label, comment string, public bool) error {
	info := d.Info()
	info.Label, info.Comment, info.Public = label, comment, public
	return d.do(&record{Kind: "info", Info: &info})
}

// Change is what a commit does.
type Change struct {
	Author, Message string
	Removed, Added  []Statement
	Schema          *schema.Schema // nil: unchanged
	// Deleted are the documents that the commit deletes.
	Deleted []graph.Term
}

// Commit puts a change on top of a branch. A change of nothing makes no commit:
// the head is answered. It is called within Write.
func (d *Database) Append(branch string, c Change) (*Commit, error) {
	head := d.Head(branch)
	if len(c.Removed)+len(c.Added) == 0 && c.Schema == nil {
		return head, nil
	}
	terms := make([]graph.Term, 0, 3*len(c.Added))
	for _, s := range c.Added {
		terms = append(terms, s.S, s.P, s.O)
	}
	r := &record{
		Kind: "commit", Branch: branch, Commit: newCommitID(), Author: c.Author, Message: c.Message, Time: d.store.now(),
		Terms: d.Terms.Intern(terms),
	}
	r.Removed, r.Added = d.numbers(c.Removed), d.numbers(c.Added)
	for _, t := range c.Deleted {
		r.Deleted = append(r.Deleted, d.Terms.Lookup(t))
	}
	if c.Schema != nil {
		r.Context, r.Classes, r.built = c.Schema.Context.Raw, c.Schema.Documents(), c.Schema
	}
	if err := d.do(r); err != nil {
		return nil, err
	}
	return d.Head(branch), nil
}

func (d *Database) numbers(list []Statement) []graph.ID {
	ids := make([]graph.ID, 0, 3*len(list))
	for _, s := range list {
		ids = append(ids, d.Terms.Lookup(s.S), d.Terms.Lookup(s.P), d.Terms.Lookup(s.O))
	}
	return ids
}

// do writes a record and applies it.
func (d *Database) do(r *record) error {
	if err := d.journal.Append(r); err != nil {
		return err
	}
	return d.apply(r)
}
