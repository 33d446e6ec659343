package search

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology/value"
)

// maxID is Elasticsearch's limit for ids, in bytes.
const maxID = 512

// Document is one document of the read model, with the version that keeps an
// older one from replacing it.
type Document struct {
	Alias   string
	ID      string
	Version uint64 // the fact's sequence
	Body    Body
}

// Body is a document's source. It is a function of the log: no clock and no
// other projection takes part.
type Body struct {
	Instance    string         `json:"instance_id,omitempty"`
	Class       string         `json:"class_id"`
	Database    string         `json:"db_name"`
	Branch      string         `json:"branch"`
	EventID     event.ID       `json:"event_id"`
	Sequence    uint64         `json:"event_sequence"`
	Position    string         `json:"position"`
	Version     uint64         `json:"version"`
	Timestamp   string         `json:"event_timestamp"`
	CreatedAt   string         `json:"created_at"`
	UpdatedAt   string         `json:"updated_at"`
	Deleted     bool           `json:"deleted"`
	Data        any            `json:"data,omitempty"`
	Index       map[string]any `json:"idx,omitempty"`
	Text        []string       `json:"text,omitempty"`
	Links       []string       `json:"links,omitempty"`
	Targets     []string       `json:"targets,omitempty"`
	Label       []string       `json:"label,omitempty"`
	ParentClass string         `json:"parent_class,omitempty"`
}

// InstanceID is the document id of an instance: class/instance, or its SHA-256
// if that is too long. A class id has no slash, so it is not ambiguous.
func InstanceID(class, id string) string {
	key := class + "/" + id
	if len(key) <= maxID {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func header(e *event.Event) Body {
	return Body{
		Database: e.Database, Branch: e.Branch, EventID: e.ID, Sequence: e.Sequence, Version: e.Sequence, Position: e.Position.String(),
		Timestamp: stamp(e.Time), CreatedAt: stamp(e.Created), UpdatedAt: stamp(e.Time), Deleted: e.Lifecycle == event.Deletes,
	}
}

// OfInstance makes the document of an instance's fact; data is the event's data.
func OfInstance(e *event.Event, data []byte) (Document, error) {
	fact, err := instance.DecodeFact(data)
	if err != nil {
		return Document{}, fmt.Errorf("search: fact %s: %w", e.ID, err)
	}
	b := header(e)
	b.Class, b.Instance = fact.Class, fact.ID
	if !b.Deleted {
		b.Data = fact.Data
		b.Index = index(fact.Data)
		b.Text = words(fact.Data, nil)
		for _, l := range fact.Links {
			b.Links = append(b.Links, l.Predicate+">"+l.Ref())
			b.Targets = append(b.Targets, l.Ref())
		}
		slices.Sort(b.Targets)
		b.Targets = slices.Compact(b.Targets)
	}
	return Document{Alias: InstancesAlias(e.Database), ID: InstanceID(fact.Class, fact.ID), Version: e.Sequence, Body: b}, nil
}

// OfClass makes the document of a class's fact.
func OfClass(e *event.Event, data []byte) (Document, error) {
	fact, err := classes.Decode(data)
	if err != nil {
		return Document{}, fmt.Errorf("search: fact %s: %w", e.ID, err)
	}
	b := header(e)
	b.Class = fact.Class
	if c := fact.Body; c != nil && !b.Deleted {
		b.Data = c
		for _, language := range []string{"ko", "en"} {
			if text := c.Label[language]; text != "" {
				b.Label = append(b.Label, text)
			}
		}
		b.Text = append(append(b.Text, c.ID), b.Label...)
		for _, p := range c.Properties {
			b.Text = append(b.Text, p.Name)
		}
		for _, l := range c.Relationships {
			b.Links = append(b.Links, l.Predicate+">"+l.Target)
			b.Targets = append(b.Targets, l.Target)
		}
		slices.Sort(b.Targets)
		b.Targets = slices.Compact(b.Targets)
		if c.ParentClass != nil {
			b.ParentClass = *c.ParentClass
		}
	}
	return Document{Alias: ClassesAlias(e.Database), ID: fact.Class, Version: e.Sequence, Body: b}, nil
}

var (
	number, _   = value.ParseType("xsd:decimal")
	boolean, _  = value.ParseType("xsd:boolean")
	dateTime, _ = value.ParseType("xsd:dateTime")
	text, _     = value.ParseType("xsd:string")
)

// Key gives the text under which a value is indexed. It depends on the value
// alone, not on the class: a class may change, a document may not.
func Key(v any) string {
	switch v := v.(type) {
	case json.Number:
		return value.SortKey(number, v)
	case bool:
		return value.SortKey(boolean, v)
	case string:
		if len(v) >= len("2006-01-02T15:04:05Z") && v[10] == 'T' {
			if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return value.SortKey(dateTime, v)
			}
		}
		return value.SortKey(text, v)
	}
	return ""
}

// index gives the flattened field: each property, nested ones by their path.
func index(data map[string]any) map[string]any {
	out := make(map[string]any, len(data))
	for name, v := range data {
		if indexed := indexValue(v); indexed != nil {
			out[fieldName(name)] = indexed
		}
	}
	return out
}

func indexValue(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return index(v)
	case []any:
		var list []any
		for _, item := range v {
			if indexed := indexValue(item); indexed != nil {
				list = append(list, indexed)
			}
		}
		if list == nil {
			return nil
		}
		return list
	}
	return Key(v)
}

// fieldName keeps a property's name one level of the flattened field: a dot
// would make two, and an empty name is refused.
func fieldName(name string) string {
	name = strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), ".", "%2E")
	if name == "" || strings.ContainsRune(name, 0) {
		return "%00"
	}
	return name
}

// words collects every text and number of a value, in a fixed order.
func words(v any, list []string) []string {
	switch v := v.(type) {
	case string:
		return append(list, v)
	case json.Number:
		return append(list, v.String())
	case []any:
		for _, item := range v {
			list = words(item, list)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list = words(v[name], list)
		}
	}
	return list
}
