package graphprojection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/terminus"
)

// nodesPerQuery bounds the nodes of one query.
const nodesPerQuery = 200

// engine follows links in TerminusDB.
type engine struct {
	log    *eventlog.Log
	client *terminus.Client
}

// NewEngine makes the engine over the projection. It sees what the projection has
// reached.
func NewEngine(log *eventlog.Log, client *terminus.Client) graph.Engine { return &engine{log, client} }

// Ready checks that TerminusDB answers.
func (g *engine) Ready(ctx context.Context) error { return g.client.Ready(ctx) }

// Expand implements [graph.Engine].
func (g *engine) Expand(ctx context.Context, database, _ string, from []graph.Node, hop graph.Hop, limit int) ([]graph.Edge, bool, error) {
	life, exists, err := life(ctx, g.log, database)
	if err != nil || !exists || len(from) == 0 {
		return nil, false, err
	}
	name := DatabaseName(database, life)
	from = slices.Clone(from)
	slices.SortFunc(from, graph.Node.Compare)
	from = slices.Compact(from)
	var edges []graph.Edge
	for chunk := range slices.Chunk(from, nodesPerQuery) {
		bindings, err := g.client.Query(ctx, name, terminus.DefaultBranch, terminus.Commit{}, expand(chunk, hop))
		if err != nil {
			return nil, false, fmt.Errorf("graphprojection: links of %s: %w", database, err)
		}
		for _, b := range bindings {
			e, err := edgeOf(b, hop)
			if err != nil {
				return nil, false, err
			}
			if hop.Target == "" || hop.Far(e).Class == hop.Target {
				edges = append(edges, e)
			}
		}
		if !hop.Reverse && len(edges) > limit {
			break // those of later nodes come after them
		}
	}
	edges, more := graph.Page(edges, limit)
	return edges, more, nil
}

// The variables of a query.
const source, target = "s", "t"

// expand asks for the links of one predicate that nodes have, or that point at
// them.
func expand(nodes []graph.Node, hop graph.Hop) terminus.Term {
	any := make([]terminus.Term, len(nodes))
	for i, n := range nodes {
		id, predicate := NodeID(n.Class, n.ID), terminus.Node(linkPrefix+escape(hop.Predicate))
		if hop.Reverse {
			any[i] = terminus.And(terminus.Equals(terminus.ValueVariable(target), terminus.ValueNode(id)),
				terminus.Triple(terminus.NodeVariable(source), predicate, terminus.ValueNode(id)))
		} else {
			any[i] = terminus.And(terminus.Equals(terminus.ValueVariable(source), terminus.ValueNode(id)),
				terminus.Triple(terminus.Node(id), predicate, terminus.ValueVariable(target)))
		}
	}
	return terminus.Select([]string{source, target}, terminus.Or(any...))
}

var errNoNode = errors.New("graphprojection: the answer names no instance")

func edgeOf(b terminus.Binding, hop graph.Hop) (e graph.Edge, err error) {
	e.Predicate = hop.Predicate
	for variable, to := range map[string]*graph.Node{source: &e.From, target: &e.To} {
		text, _ := b[variable].(string)
		var ok bool
		if to.Class, to.ID, ok = ParseNodeID(text); !ok {
			return e, fmt.Errorf("%w: %v", errNoNode, b[variable])
		}
	}
	return e, nil
}
