package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/standin/journal"
	"spiceharvester/infra/local/terminusdb/internal/graph"
)

// Options of a store.
type Options struct {
	Dir    string // "" keeps everything in memory
	Clock  func() time.Time
	Logger *slog.Logger
}

// Store keeps databases.
type Store struct {
	o    Options
	lock *folderlock.Lock

	mu  sync.RWMutex
	dbs []*Database // as they were made
}

const suffix = ".journal"

// format is that of the journals; the digit is its version.
var format = journal.Format{
	Header: "spice-terminusdb-journal 1\n",
	Advice: "move it away, the graph is rebuilt from the log",
}

// Open opens the databases of a folder.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	s := &Store{o: o}
	if o.Dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if s.lock, err = folderlock.Acquire(ctx, o.Dir, 5*time.Second); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	files, err := filepath.Glob(filepath.Join(o.Dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		d := s.newDatabase()
		var torn bool
		if d.journal, torn, err = journal.Open(path, format, d.replay); err != nil {
			return nil, err
		}
		if d.info.ID == "" || d.branches["main"] == nil {
			// The process died while it made the database.
			if err := errors.Join(d.journal.Close(), os.Remove(path)); err != nil {
				return nil, err
			}
			continue
		}
		if torn {
			o.Logger.Warn("the journal of a database ended in half a record, which was cut off", "database", d.info.Name)
		}
		s.dbs = append(s.dbs, d)
	}
	slices.SortFunc(s.dbs, func(a, b *Database) int { return a.info.Created.Compare(b.info.Created) })
	return s, nil
}

// replay applies a record of the journal.
func (d *Database) replay(r *record) error {
	before := d.Terms.Len()
	if d.Terms.Intern(r.Terms); d.Terms.Len() != before+len(r.Terms) {
		return errors.New("the record makes terms that exist")
	}
	return d.apply(r)
}

func (s *Store) newDatabase() *Database {
	return &Database{Terms: graph.NewDictionary(), store: s, branches: map[string]*Commit{}, commits: map[string]*Commit{}}
}

func (s *Store) now() float64 { return float64(s.o.Clock().UnixMicro()) / 1e6 }

// Database answers a database, nil if there is none.
func (s *Store) Database(organization, name string) *Database {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.find(organization, name)
}

func (s *Store) find(organization, name string) *Database {
	for _, d := range s.dbs {
		if i := d.Info(); i.Organization == organization && i.Name == name {
			return d
		}
	}
	return nil
}

// Databases are all databases, as they were made.
func (s *Store) Databases() []*Database {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.dbs)
}

// Create makes a database with the branch main; nil if the name is taken.
func (s *Store) Create(i Info, context map[string]any) (*Database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(i.Organization, i.Name) != nil {
		return nil, nil
	}
	i.ID, i.Created = RandomID(), s.o.Clock()
	records := []*record{
		{Kind: "info", Info: &i},
		{Kind: "branch", Branch: "main", Commit: newCommitID(), Time: s.now(), Context: context},
	}
	d := s.newDatabase()
	for _, r := range records {
		if err := d.apply(r); err != nil {
			return nil, err
		}
	}
	if s.o.Dir != "" {
		var err error
		if d.journal, _, err = journal.Open(s.file(i.ID), format, d.replay); err != nil {
			return nil, err
		}
		if err := d.journal.Append(records...); err != nil {
			return nil, errors.Join(err, d.journal.Close())
		}
	}
	s.dbs = append(s.dbs, d)
	return d, nil
}

func (s *Store) file(id string) string { return filepath.Join(s.o.Dir, id+suffix) }

// Delete forgets a database; false if there is none.
func (s *Store) Delete(organization, name string) (bool, error) {
	s.mu.Lock()
	d := s.find(organization, name)
	s.dbs = slices.DeleteFunc(s.dbs, func(o *Database) bool { return o == d })
	s.mu.Unlock()
	if d == nil {
		return false, nil
	}
	return true, d.Write(func() error {
		if err := d.journal.Close(); err != nil || d.journal == nil {
			return err
		}
		return os.Remove(s.file(d.Info().ID))
	})
}

// Close closes the files. Writes after it fail.
func (s *Store) Close() error {
	var errs []error
	for _, d := range s.Databases() {
		errs = append(errs, d.Write(d.journal.Close))
	}
	s.lock.Release()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// RandomID is 16 characters of an id that the server makes.
func RandomID() string {
	return random("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", 16)
}

func newCommitID() string { return random("abcdefghijklmnopqrstuvwxyz0123456789", 31) }

func random(alphabet string, n int) string {
	bytes := make([]byte, n)
	rand.Read(bytes)
	var b strings.Builder
	for _, x := range bytes {
		b.WriteByte(alphabet[int(x)%len(alphabet)])
	}
	return b.String()
}
