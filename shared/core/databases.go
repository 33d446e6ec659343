package core

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// Database is an entry of the list of databases (DatabaseEntry, bff-api 2.2).
type Database struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Comment    string   `json:"comment"`
	Created    string   `json:"created"`
	Path       string   `json:"path"`
	OwnerID    string   `json:"owner_id"`
	OwnerName  string   `json:"owner_name"`
	Role       string   `json:"role"`
	Shared     bool     `json:"shared"`
	SharedWith []string `json:"shared_with"`

	Creator writes.Principal `json:"-"` // who owns it as long as no grant says otherwise
}

// Databases lists the databases that the index knows.
type Databases struct {
	log   *eventlog.Log
	index eventlog.Index

	mu    *sync.Mutex
	cache map[event.Position]Database // a fact never changes
}

func newDatabases(log *eventlog.Log, index eventlog.Index) Databases {
	return Databases{log: log, index: index, mu: &sync.Mutex{}, cache: map[event.Position]Database{}}
}

// ListDatabases gives the existing databases, by name.
func (d *Databases) ListDatabases(ctx context.Context) ([]Database, error) {
	rows, err := d.index.Databases(ctx)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	list := make([]Database, len(rows))
	for i, row := range rows {
		if list[i], err = d.read(ctx, row); err != nil {
			return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
	}
	return list, nil
}

func (d *Databases) read(ctx context.Context, row eventlog.AggregateRow) (Database, error) {
	d.mu.Lock()
	entry, known := d.cache[row.Position]
	d.mu.Unlock()
	if known {
		return entry, nil
	}
	e, err := d.log.Event(ctx, row.Position)
	if err != nil {
		return entry, err
	}
	var fact writes.DatabaseFact
	if err := json.Unmarshal(e.Data, &fact); err != nil {
		return entry, fmt.Errorf("core: database fact %s: %w", e.ID, err)
	}
	creator := fact.OwnerOf(e.Actor)
	entry = Database{
		Name: fact.Database, Label: fact.Database, Comment: fact.Description, Created: problem.Timestamp(e.Time),
		Path: "/" + fact.Database, OwnerID: creator.ID, OwnerName: creator.Name, Role: "Owner", SharedWith: []string{}, Creator: creator,
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cache[row.Position] = entry
	return entry, nil
}

// DatabaseExists reports whether a database exists, and the sequence of its
// last fact.
func (c *Core) DatabaseExists(ctx context.Context, name string) (exists bool, sequence uint64, err error) {
	sequence, exists, err = c.Writes.Sequence(ctx, name, event.DatabaseAggregate(name))
	return exists, sequence, err
}
