package graphprojection

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/terminus"
	"spiceharvester/shared/writes"
)

// Item is what the checker compares: a class or an instance, with its digest.
type Item struct {
	Kind   string // instances or ontologies
	Class  string
	ID     string
	Digest [sha256.Size]byte
}

// The kinds of items.
const (
	Instances  = "instances"
	Ontologies = "ontologies"
)

// ItemOf gives the item that a fact leaves in the graph. ok is false for facts
// that leave none; data is the event's data.
func ItemOf(e *event.Event, data []byte) (i Item, ok bool, err error) {
	if !concerns(e) {
		return i, false, nil
	}
	switch e.Aggregate.Type {
	case classes.Type:
		d, _, err := ofClass(e, data)
		return d.item(), err == nil, err
	case writes.Instances:
		d, err := OfInstance(e, data)
		return d.item(), err == nil, err
	}
	return i, false, nil
}

func (d Document) item() Item {
	return Item{Kind: Instances, Class: d.Class, ID: d.Class + "/" + d.ID, Digest: d.Digest()}
}

func (d definition) item() Item {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // texts and a number
	}
	return Item{Kind: Ontologies, Class: d.Class, ID: d.Class, Digest: sha256.Sum256(text)}
}

// scanPage is how many documents a scan reads at once.
const scanPage = 2000

// Graph reads the projection. It is safe for concurrent use.
type Graph struct {
	Log    *eventlog.Log
	Client *terminus.Client
}

// Scan gives all that the graph of a database holds. Writes meanwhile may be seen
// in part.
func (g *Graph) Scan(ctx context.Context, database string, f func(Item)) error {
	life, exists, err := life(ctx, g.Log, database)
	if err != nil || !exists {
		return err
	}
	name := DatabaseName(database, life)
	docs, _, err := g.Client.All(ctx, name, terminus.DefaultBranch, terminus.Schema)
	if terminus.IsMissing(err) {
		return nil // not projected yet: all of it is missing
	}
	if err != nil {
		return fmt.Errorf("graphprojection: %w", err)
	}
	schema, _ := readSchema(docs)
	for _, c := range schema.classes {
		if c.definition.Sequence > 0 {
			f(c.definition.item())
		}
	}
	for skip := 0; ; skip += scanPage {
		n := 0
		err := g.Client.OfType(ctx, name, terminus.DefaultBranch, nodeClass, skip, scanPage, func(raw terminus.Document) error {
			n++
			if d, ok := readDocument(raw); ok {
				f(d.item())
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("graphprojection: %w", err)
		}
		if n < scanPage {
			return nil
		}
	}
}
