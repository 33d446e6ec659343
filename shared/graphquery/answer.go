package graphquery

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"spiceharvester/shared/graph"
	"spiceharvester/shared/search"
)

// Answer is what a query found.
type Answer struct {
	Nodes        []Node        `json:"nodes"`
	Edges        []Edge        `json:"edges"`
	Query        *Query        `json:"query"`
	Count        int           `json:"count"`
	Warnings     []string      `json:"warnings"`
	Page         Page          `json:"page"`
	Paths        []Path        `json:"paths"` // null unless asked for
	IndexSummary *IndexSummary `json:"index_summary"`
}

// Node is an instance that was reached. Data is null unless documents were asked
// for and it exists.
type Node struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	ESDocID     string          `json:"es_doc_id"`
	Database    string          `json:"db_name"`
	ESRef       ESRef           `json:"es_ref"`
	DataStatus  string          `json:"data_status"`
	Display     Display         `json:"display"`
	Data        *Document       `json:"data"`
	IndexStatus *IndexStatus    `json:"index_status"`
	Provenance  *NodeProvenance `json:"provenance"`
	Audit       []AuditEvent    `json:"audit,omitempty"`
}

// ESRef is where the node's document stands.
type ESRef struct {
	Index string `json:"index"`
	ID    string `json:"id"`
}

// What is known of a node's document.
const (
	full    = "FULL"    // attached
	missing = "MISSING" // asked for, but there is none
	partial = "PARTIAL" // not asked for
)

// Display is what a person calls the node.
type Display struct {
	PrimaryKey string  `json:"primary_key"`
	Name       *string `json:"name"`
	Summary    string  `json:"summary"`
}

// Document is a document of the read model as clients get it. Its data is the JSON
// that was written.
type Document struct {
	Instance  string          `json:"instance_id"`
	Class     string          `json:"class_id"`
	Database  string          `json:"db_name"`
	Branch    string          `json:"branch"`
	EventID   string          `json:"event_id"`
	Sequence  uint64          `json:"event_sequence"`
	Version   uint64          `json:"version"`
	Timestamp string          `json:"event_timestamp"`
	CreatedAt string          `json:"created_at"`
	UpdatedAt string          `json:"updated_at"`
	Data      json.RawMessage `json:"data"`
}

// IndexStatus tells how old a document is. The three last are there when
// provenance was asked for.
type IndexStatus struct {
	LastIndexedAt string   `json:"last_indexed_at,omitempty"`
	Age           *float64 `json:"index_age_seconds,omitempty"`
	Sequence      uint64   `json:"event_sequence,omitempty"`
	Tombstoned    bool     `json:"tombstoned,omitempty"`
	GraphUpdated  string   `json:"graph_last_updated_at,omitempty"`
	Projected     string   `json:"projection_last_indexed_at,omitempty"`
	Lag           *float64 `json:"projection_lag_seconds,omitempty"`
}

// Fact is the event of the log that something was made by.
type Fact struct {
	EventID    string `json:"event_id"`
	Sequence   uint64 `json:"sequence"`
	Position   string `json:"position"`
	OccurredAt string `json:"occurred_at"`
}

// NodeProvenance names the facts behind a node: in the graph and in the index.
type NodeProvenance struct {
	Terminus *Fact `json:"terminus"`
	ES       *Fact `json:"es"`
}

// EdgeProvenance names the fact that the link is part of.
type EdgeProvenance struct {
	Terminus *Fact `json:"terminus"`
}

// Edge is a link between two nodes, in its own direction.
type Edge struct {
	From       string          `json:"from_node"`
	To         string          `json:"to_node"`
	Predicate  string          `json:"predicate"`
	Provenance *EdgeProvenance `json:"provenance"`
}

// Page tells where the next bindings are; null if this page was not full.
type Page struct {
	Limit      int  `json:"limit"`
	Offset     int  `json:"offset"`
	NextOffset *int `json:"next_offset"`
}

// IndexSummary sums up the documents of an answer.
type IndexSummary struct {
	Found   int      `json:"documents_found"`
	Missing int      `json:"documents_missing"`
	MaxAge  *float64 `json:"max_index_age_seconds"`
	AvgAge  *float64 `json:"avg_index_age_seconds"`
}

// stored is a document with what only the index needs to know left out.
type stored struct {
	Document
	Position string `json:"position"`
	Deleted  bool   `json:"deleted"`
}

// bareFields are what is read of a document whose data is not wanted.
var bareFields = []string{"event_id", "event_sequence", "event_timestamp", "position", "deleted"}

// lookUpPage bounds the documents of one look-up.
const lookUpPage = 1000

func (s *Service) answer(ctx context.Context, database, branch string, q *Query, c *collector) (*Answer, error) {
	a := &Answer{Nodes: make([]Node, len(c.nodes)), Edges: make([]Edge, len(c.edges)), Query: q, Page: Page{Limit: q.Limit, Offset: q.Offset}}
	if c.bindings == q.Limit {
		next := q.Offset + q.Limit
		a.Page.NextOffset = &next
	}
	if q.IncludePaths {
		a.Paths = append([]Path{}, c.paths...)
	}
	docs, deleted, err := s.documents(ctx, database, q, c.nodes)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	for i, n := range c.nodes {
		a.Nodes[i] = node(database, q, n, docs[n], deleted[n], now)
	}
	for i, e := range c.edges {
		a.Edges[i] = Edge{From: e.From.Ref(), To: e.To.Ref(), Predicate: e.Predicate}
		if d := docs[e.From]; d != nil && q.IncludeProvenance {
			a.Edges[i].Provenance = &EdgeProvenance{Terminus: d.fact()}
		}
	}
	if q.IncludeDocuments {
		a.IndexSummary = summary(a.Nodes)
	}
	if q.IncludeAudit {
		if err := s.audit(ctx, database, branch, c, a.Nodes); err != nil {
			return nil, err
		}
	}
	a.Count, a.Warnings = len(a.Nodes), c.warnings
	return a, nil
}

// documents reads what the answer tells of its nodes.
func (s *Service) documents(ctx context.Context, database string, q *Query, nodes []graph.Node) (docs map[graph.Node]*stored, deleted map[graph.Node]bool, err error) {
	docs, deleted = make(map[graph.Node]*stored, len(nodes)), map[graph.Node]bool{}
	var fields []string // all: a part of the data would not have the texts of its numbers
	if !q.IncludeDocuments {
		if fields = bareFields; !q.IncludeProvenance {
			return docs, deleted, nil
		}
	}
	for chunk := range slices.Chunk(nodes, lookUpPage) {
		ids := make([]string, len(chunk))
		for i, n := range chunk {
			ids[i] = search.InstanceID(n.Class, n.ID)
		}
		found, err := search.Documents[stored](ctx, s.Search, search.InstancesAlias(database), ids, fields...)
		if err != nil {
			return nil, nil, unavailable(err)
		}
		for i, d := range found {
			switch {
			case d == nil:
			case d.Deleted:
				deleted[chunk[i]] = true
			default:
				docs[chunk[i]] = d
			}
		}
	}
	return docs, deleted, nil
}

func (d *stored) fact() *Fact {
	return &Fact{EventID: d.EventID, Sequence: d.Sequence, Position: d.Position, OccurredAt: d.Timestamp}
}

// node tells what is known of an instance.
func node(database string, q *Query, n graph.Node, d *stored, deleted bool, now time.Time) Node {
	out := Node{
		ID: n.Ref(), Type: n.Class, ESDocID: n.ID, Database: database, DataStatus: partial, Display: Display{PrimaryKey: n.ID, Summary: n.ID},
		ESRef: ESRef{Index: search.InstancesAlias(database), ID: search.InstanceID(n.Class, n.ID)},
	}
	if q.IncludeDocuments {
		out.DataStatus = missing
	}
	if deleted {
		out.IndexStatus = &IndexStatus{Tombstoned: true}
	}
	if d == nil {
		return out
	}
	out.IndexStatus = &IndexStatus{LastIndexedAt: d.Timestamp, Age: age(d.Timestamp, now), Sequence: d.Sequence}
	if q.IncludeDocuments {
		out.DataStatus, out.Data, out.Display = full, &d.Document, display(n, d.Data)
	}
	if q.IncludeProvenance {
		out.Provenance = &NodeProvenance{Terminus: d.fact(), ES: d.fact()}
		// The links of a node and its document are made of the same fact.
		out.IndexStatus.GraphUpdated, out.IndexStatus.Projected, out.IndexStatus.Lag = d.Timestamp, d.Timestamp, new(float64)
	}
	return out
}

// age is how many seconds a time lies back, to the millisecond.
func age(timestamp string, now time.Time) *float64 {
	t, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return nil
	}
	seconds := float64(max(0, now.Sub(t)).Milliseconds()) / 1000
	return &seconds
}

// display finds what a person calls an instance: its key, and what is called name,
// label or title.
func display(n graph.Node, data json.RawMessage) Display {
	d := Display{PrimaryKey: n.ID, Summary: n.ID}
	if implicit := strings.ToLower(n.Class) + "_id"; bytes.Contains(data, []byte(implicit)) {
		var values map[string]json.RawMessage
		if json.Unmarshal(data, &values) != nil {
			return d
		}
		if key, ok := plain(values[implicit]); ok {
			d.PrimaryKey, d.Summary = key, key
		}
	}
	var named struct{ Name, Label, Title json.RawMessage }
	if json.Unmarshal(data, &named) != nil {
		return d
	}
	for _, value := range []json.RawMessage{named.Name, named.Label, named.Title} {
		if text, ok := plain(value); ok {
			d.Name, d.Summary = &text, text
			break
		}
	}
	return d
}

// plain gives a text or a number as a text.
func plain(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
	case raw[0] == '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err == nil && text != ""
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw), true
	}
	return "", false
}

func summary(nodes []Node) *IndexSummary {
	s := &IndexSummary{}
	var sum float64
	ages := 0
	for i := range nodes {
		if nodes[i].DataStatus == missing {
			s.Missing++
			continue
		}
		s.Found++
		if a := nodes[i].IndexStatus.Age; a != nil {
			sum += *a
			ages++
			if s.MaxAge == nil || *a > *s.MaxAge {
				s.MaxAge = a
			}
		}
	}
	if ages > 0 {
		average := float64(int64(1000*sum/float64(ages))) / 1000
		s.AvgAge = &average
	}
	return s
}
