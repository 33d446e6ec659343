package demo

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"
)

// lineageGraph is the part of an answer of /lineage/graph that the demo shows.
type lineageGraph struct {
	Data struct {
		Graph struct {
			Nodes []lineageNode `json:"nodes"`
			Edges []lineageEdge `json:"edges"`
		} `json:"graph"`
	} `json:"data"`
}

type lineageNode struct {
	ID       string         `json:"node_id"`
	Label    string         `json:"label"`
	Metadata map[string]any `json:"metadata"`
}

type lineageEdge struct {
	From string `json:"from_node_id"`
	To   string `json:"to_node_id"`
	Type string `json:"edge_type"`
}

// lineage walks back from a document of the read model to the file, and shows the
// way: every step is an edge of the lineage graph.
func (w *walk) lineage(ctx context.Context) error {
	const id = "ORD:SFO"
	w.title("Lineage: from the file to the document of route " + id)
	document := "artifact:es:" + Database + "_instances:" + route.ID + "/" + id
	query := url.Values{"root": {document}, "db_name": {Database}, "direction": {"upstream"}, "max_depth": {"10"}}
	for {
		var g lineageGraph
		if err := w.get(ctx, "/lineage/graph?"+query.Encode(), &g); err != nil {
			return err
		}
		if len(g.Data.Graph.Nodes) > 0 { // lineage follows the log a moment later
			return w.ways(&g, document)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step is one line of the way: what it is, and the edge that leads to the next.
type step struct{ what, edge string }

// ways prints the way over the job and the way over the row.
func (w *walk) ways(g *lineageGraph, document string) error {
	nodes := map[string]lineageNode{}
	for _, n := range g.Data.Graph.Nodes {
		nodes[n.ID] = n
	}
	// cause finds, of a node, the nearest cause by the type of its edge.
	cause := func(id, edge string) string {
		for _, e := range g.Data.Graph.Edges {
			if e.To == id && e.Type == edge {
				return e.From
			}
		}
		return ""
	}
	at, found := document, []string{}
	for _, s := range []step{
		{"document", "aggregate_shown_in_document"}, {"instance", ""}, {"fact", "command_caused_domain_event"}, {"command", "objectify_job_submitted_command"},
		{"job", "dataset_version_objectify_job"}, {"version", "file_became_dataset_version"}, {"file", ""},
	} {
		if at == "" {
			return errors.New("the lineage of the document is broken off before its " + s.what)
		}
		label := nodes[at].Label
		if s.what == "fact" || s.what == "command" {
			label += " " + strings.TrimPrefix(at, "event:")
		}
		found = append(found, s.what+"\t"+label)
		if s.what == "fact" {
			if row, ok := nodes[cause(at, "dataset_row_became_event")]; ok {
				found = append(found, "row\t"+row.Label+" of dataset version "+nodes[cause(row.ID, "dataset_version_contains_row")].Label)
			}
		}
		if s.what == "instance" { // its fact is the document's: a document shows one
			at = cause(document, "event_materialized_es_document")
			continue
		}
		at = cause(at, s.edge)
	}
	for i := len(found) - 1; i >= 0; i-- {
		what, label, _ := strings.Cut(found[i], "\t")
		w.line("%-9s %s", what, label)
	}
	return nil
}
