package lineage

import (
	"context"
	"fmt"
	"strings"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// The directions of a walk. Both gives what the root came of and what came of it,
// not what else came of the same.
const (
	Upstream   = "upstream"
	Downstream = "downstream"
	Both       = "both"
)

// Query asks for the graph around a node.
type Query struct {
	Root      string // a node's id, or an event's
	Database  string // "" for any
	Direction string
	Depth     int
	Nodes     int // at most
	Edges     int // at most
}

// Graph is the answer.
type Graph struct {
	Root      string   `json:"root"`
	Direction string   `json:"direction"`
	Depth     int      `json:"max_depth"`
	Nodes     []*Node  `json:"nodes"`
	Edges     []*Edge  `json:"edges"`
	Warnings  []string `json:"warnings"`
}

// minToken is the least length of a bare text that stands for an event.
const minToken = 32

// rootID completes a root: a long token alone is an event's id.
func rootID(root string) string {
	root = datasets.Storable(strings.TrimSpace(root))
	for _, prefix := range []string{"event:", "agg:", "artifact:"} {
		if strings.HasPrefix(root, prefix) {
			return root
		}
	}
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
	}
	if len(root) >= minToken && strings.IndexFunc(root, other) < 0 {
		return "event:" + root
	}
	return root
}

// direction of one step.
type direction bool

const (
	down direction = true
	up   direction = false
)

// walk is a breadth-first walk under way.
type walk struct {
	*Reader
	Query
	root    string
	graph   *Graph
	nodes   map[string]*Node
	edges   map[string]bool
	records map[string]*Record // of event nodes
	next    map[direction][]string
	seen    map[direction]map[string]bool
	warned  map[string]bool
	left    int // how many levels follow the present one
}

// Graph walks from a node. A root that nobody knows gives an empty graph. Errors
// are problems.
func (r *Reader) Graph(ctx context.Context, q Query) (*Graph, error) {
	w := &walk{
		Reader: r, Query: q, root: rootID(q.Root), nodes: map[string]*Node{}, edges: map[string]bool{}, records: map[string]*Record{},
		next: map[direction][]string{}, seen: map[direction]map[string]bool{up: {}, down: {}}, warned: map[string]bool{},
		graph: &Graph{Root: rootID(q.Root), Direction: q.Direction, Depth: q.Depth, Nodes: []*Node{}, Edges: []*Edge{}, Warnings: []string{}},
	}
	if err := w.run(ctx); err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "lineage store", err)
	}
	return w.graph, nil
}

func (w *walk) run(ctx context.Context) error {
	known, err := w.begin(ctx)
	if err != nil || !known {
		return err
	}
	for _, d := range []direction{up, down} {
		if w.Direction == Both || (w.Direction == Downstream) == bool(d) {
			w.seen[d][w.root] = true
			w.next[d] = []string{w.root}
		}
	}
	for w.left = w.Depth - 1; w.left >= 0; w.left-- {
		now := w.next
		w.next = map[direction][]string{}
		for _, d := range []direction{up, down} {
			if len(now[d]) == 0 {
				continue
			}
			if err := w.expand(ctx, d, now[d]); err != nil {
				return err
			}
		}
	}
	return w.finish(ctx)
}

// node adds a node, unless there are too many.
func (w *walk) node(id, nodeType, label string, metadata map[string]any) bool {
	if w.nodes[id] != nil {
		return true
	}
	if len(w.nodes) >= w.Nodes {
		w.warn("node", w.Nodes)
		return false
	}
	n := &Node{ID: id, Type: nodeType, Label: label, Metadata: metadata}
	w.nodes[id] = n
	w.graph.Nodes = append(w.graph.Nodes, n)
	return true
}

// event adds the node of an event.
func (w *walk) event(r *Record) bool {
	id := EventID(r.ID)
	metadata := map[string]any{
		"event_id": r.ID, "event_type": r.Type, "kind": r.Kind, "aggregate_type": r.Aggregate.Type, "aggregate_id": r.Aggregate.ID,
		"db_name": r.Database, "branch": r.Branch, "actor": r.Actor, "position": r.Position.String(),
	}
	if r.IsFact() {
		metadata["sequence"], metadata["lifecycle"] = r.Sequence, r.Lifecycle
	}
	if r.Outcome != "" {
		metadata["outcome"] = r.Outcome
	}
	if r.Command != "" {
		metadata["command_id"] = r.Command
	}
	if r.Version != "" {
		metadata["dataset_version_id"], metadata["row"], metadata["line"] = r.Version, r.Row, r.Line
	}
	if !w.node(id, EventNode, r.Type, metadata) {
		return false
	}
	w.nodes[id].at(r.Time)
	w.records[id] = r
	return true
}

// link adds an edge whose far node is there, and goes on from that node.
func (w *walk) link(d direction, from, to, edgeType string, occurred string, metadata map[string]any) {
	id := edgeID(from, to, edgeType)
	if !w.edges[id] {
		if len(w.edges) >= w.Edges {
			w.warn("edge", w.Edges)
			return
		}
		w.edges[id] = true
		w.graph.Edges = append(w.graph.Edges, &Edge{ID: id, From: from, To: to, Type: edgeType, OccurredAt: occurred, RecordedAt: occurred, Metadata: metadata})
	}
	far := from
	if d == down {
		far = to
	}
	if !w.seen[d][far] {
		w.seen[d][far] = true
		w.next[d] = append(w.next[d], far)
	}
}

func (w *walk) warn(what string, limit int) {
	if !w.warned[what] {
		w.warned[what] = true
		w.graph.Warnings = append(w.graph.Warnings, fmt.Sprintf("%s_limit_reached(max_%ss=%d)", what, what, limit))
	}
}

// full reports whether nothing can be added any more.
func (w *walk) full() bool { return w.warned["edge"] }

// aggregate adds the node of an aggregate.
func (w *walk) aggregate(a event.Aggregate) bool {
	label := a.ID
	if ref, err := instance.ParseAggregateID(a.ID); err == nil && a.Type == writes.Instances {
		label = ref.Class + "/" + ref.ID
	}
	return w.node(AggregateID(a), AggregateNode, label, map[string]any{"aggregate_type": a.Type, "aggregate_id": a.ID})
}

// artifact adds the node of an artifact.
func (w *walk) artifact(id, kind, label string, metadata map[string]any) bool {
	metadata["kind"] = kind
	return w.node(id, ArtifactNode, label, metadata)
}

// BlankRoot reports whether a root names nothing.
func BlankRoot(root string) bool { return strings.TrimSpace(root) == "" }
