package graph

import (
	"context"
	"slices"
	"strings"

	"spiceharvester/shared/search"
)

// reverseTerms bounds the nodes of one query for the links that point at them.
// Elasticsearch refuses more than 65,536 terms.
const reverseTerms = 10_000

// mgetIDs bounds the documents of one look-up.
const mgetIDs = 1000

// elastic follows links in the read model: forward by a look-up of the sources,
// backward by one terms query over the keywords "predicate>class/id". A look-up
// sees a write at once, a query after the next refresh. As all reads of the read
// model it has one index a database.
type elastic struct{ client *search.Client }

// NewElasticsearch makes the engine over the read model.
func NewElasticsearch(c *search.Client) Engine { return elastic{c} }

func (g elastic) Expand(ctx context.Context, database, _ string, from []Node, hop Hop, limit int) ([]Edge, bool, error) {
	from = slices.Clone(from)
	slices.SortFunc(from, Node.Compare)
	from = slices.Compact(from)
	alias := search.InstancesAlias(database)
	if hop.Reverse {
		return g.backward(ctx, alias, from, hop, limit)
	}
	return g.forward(ctx, alias, from, hop, limit)
}

// forward reads the sources in their order and stops when there is enough.
func (g elastic) forward(ctx context.Context, alias string, from []Node, hop Hop, limit int) ([]Edge, bool, error) {
	var edges []Edge
	for chunk := range slices.Chunk(from, mgetIDs) {
		ids := make([]string, len(chunk))
		for i, n := range chunk {
			ids[i] = search.InstanceID(n.Class, n.ID)
		}
		sources, err := g.client.LinksOf(ctx, alias, ids)
		if err != nil {
			return nil, false, err
		}
		for i, n := range chunk {
			for _, link := range sources[i] {
				predicate, ref, _ := strings.Cut(link, ">")
				to := ParseRef(ref)
				if predicate == hop.Predicate && (hop.Target == "" || to.Class == hop.Target) {
					edges = append(edges, Edge{From: n, Predicate: predicate, To: to})
				}
			}
		}
		if len(edges) > limit {
			break
		}
	}
	edges, more := Page(edges, limit)
	return edges, more, nil
}

// backward asks for the documents that hold the links. They come sorted by class
// and id, which is the order of edges, so the first limit+1 of each chunk hold
// the first limit+1 of all.
func (g elastic) backward(ctx context.Context, alias string, to []Node, hop Hop, limit int) ([]Edge, bool, error) {
	var edges []Edge
	for chunk := range slices.Chunk(to, reverseTerms) {
		wanted := make(map[string]Node, len(chunk))
		links := make([]string, len(chunk))
		for i, n := range chunk {
			links[i] = hop.Predicate + ">" + n.Ref()
			wanted[links[i]] = n
		}
		found := 0
		err := g.client.LinkedBy(ctx, alias, links, hop.Target, limit+1, func(l search.Linking) bool {
			for _, link := range l.Links {
				if n, ok := wanted[link]; ok {
					edges = append(edges, Edge{From: Node{l.Class, l.Instance}, Predicate: hop.Predicate, To: n})
					found++
				}
			}
			return found <= limit
		})
		if err != nil {
			return nil, false, err
		}
	}
	edges, more := Page(edges, limit)
	return edges, more, nil
}
