package graphprojection

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/terminus"
)

// Document is an instance as TerminusDB holds it. It is a function of the log.
type Document struct {
	Class    string              `json:"class"`
	ID       string              `json:"id"`
	Sequence int64               `json:"sequence"`
	Deleted  bool                `json:"deleted"`
	Values   map[string]string   `json:"values"` // by property, escaped: texts as they are, all else as JSON
	Links    map[string][]string `json:"links"`  // by predicate, escaped: ids of documents, sorted
}

// OfInstance makes the document of an instance's fact; data is the event's data.
func OfInstance(e *event.Event, data []byte) (Document, error) {
	fact, err := instance.DecodeFact(data)
	if err != nil {
		return Document{}, fmt.Errorf("graphprojection: fact %s: %w", e.ID, err)
	}
	d := Document{
		Class: fact.Class, ID: fact.ID, Sequence: int64(e.Sequence), Deleted: e.Lifecycle == event.Deletes,
		Values: map[string]string{}, Links: map[string][]string{},
	}
	if d.Deleted {
		return d, nil
	}
	for _, l := range fact.Links {
		name := escape(l.Predicate)
		d.Links[name] = append(d.Links[name], NodeID(l.Class, l.ID))
	}
	for name, targets := range d.Links {
		slices.Sort(targets)
		d.Links[name] = slices.Compact(targets)
	}
	for name, v := range fact.Data {
		if name = escape(name); v == nil || d.Links[name] != nil {
			continue
		}
		if text, ok := v.(string); ok {
			d.Values[name] = text
		} else {
			d.Values[name] = string(strictjson.Canonical(v))
		}
	}
	return d, nil
}

// Digest is the same for equal documents only.
func (d Document) Digest() [sha256.Size]byte {
	text, err := json.Marshal(d) // sorts the keys of maps
	if err != nil {
		panic(err) // texts, numbers and maps of them
	}
	return sha256.Sum256(text)
}

// NodeID is the document's id.
func (d Document) NodeID() string { return NodeID(d.Class, d.ID) }

// fields is the document as a request has it: every scalar as text, which the
// schema casts.
func (d Document) fields() []terminus.Field {
	fields := []terminus.Field{
		{Name: "@type", Value: terminus.Text(escape(d.Class))}, {Name: "@id", Value: terminus.Text(d.NodeID())},
		{Name: "instance_id", Value: terminus.Text(d.ID)}, {Name: "sequence", Value: terminus.Text(fmt.Sprint(d.Sequence))},
		{Name: "deleted", Value: terminus.Text(fmt.Sprint(d.Deleted))},
	}
	for _, name := range slices.Sorted(maps.Keys(d.Values)) {
		fields = append(fields, terminus.Field{Name: valuePrefix + name, Value: terminus.Text(d.Values[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Links)) {
		fields = append(fields, terminus.Field{Name: linkPrefix + name, Value: terminus.Links(d.Links[name])})
	}
	return fields
}

// stub stands for a link's target that the graph does not hold (yet).
func stub(node string) (Document, bool) {
	class, id, ok := ParseNodeID(node)
	return Document{Class: class, ID: id, Deleted: true}, ok
}

// readDocument reads what TerminusDB answers. ok is false for stubs and for what
// is no instance.
func readDocument(raw terminus.Document) (d Document, ok bool) {
	id, _ := raw["@id"].(string)
	d = Document{Values: map[string]string{}, Links: map[string][]string{}}
	if d.Class, d.ID, ok = ParseNodeID(id); !ok {
		return d, false
	}
	d.Sequence, _ = terminus.Number(raw["sequence"])
	d.Deleted, _ = raw["deleted"].(bool)
	for name, v := range raw {
		if property, is := strings.CutPrefix(name, valuePrefix); is {
			d.Values[property], _ = v.(string)
		}
		predicate, is := strings.CutPrefix(name, linkPrefix)
		if !is {
			continue
		}
		list, many := v.([]any)
		if !many {
			list = []any{v}
		}
		for _, target := range list {
			if text, ok := target.(string); ok {
				d.Links[predicate] = append(d.Links[predicate], text)
			}
		}
		slices.Sort(d.Links[predicate])
	}
	return d, d.Sequence > 0
}
