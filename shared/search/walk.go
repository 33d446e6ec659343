package search

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Equal is a filter: documents whose indexed field has this term. See [PropertyIs] and
// [LinkIs].
type Equal struct{ Field, Term string }

// PropertyIs selects documents of which a property, or an item of it if it is a list,
// has a value.
func PropertyIs(name string, v any) Equal { return Equal{"idx." + fieldName(name), Key(v)} }

// LinkIs selects documents with a link: predicate to Class/id.
func LinkIs(predicate, target string) Equal { return Equal{"links", predicate + ">" + target} }

// Order is a field to sort by. Documents without it come last.
type Order struct {
	Field string
	Desc  bool
}

// ByProperty sorts by a property, whose keys sort as its values do.
func ByProperty(name string, desc bool) Order { return Order{"idx." + fieldName(name), desc} }

// newestFirst is the order of lists.
var newestFirst = []Order{{"event_timestamp", true}}

// sorting makes an order total: class and id of a document are those of no other.
func sorting(orders []Order) []object {
	if len(orders) == 0 {
		orders = newestFirst
	}
	seen := map[string]bool{}
	var list []object
	for _, o := range append(orders[:len(orders):len(orders)], Order{Field: "class_id"}, Order{Field: "instance_id"}) {
		if seen[o.Field] {
			continue
		}
		seen[o.Field] = true
		direction := "asc"
		if o.Desc {
			direction = "desc"
		}
		list = append(list, object{o.Field: object{"order": direction, "missing": "_last"}})
	}
	return list
}

// SortValues is how many values a place in a query's order has.
func (q *Query) SortValues() int { return len(sorting(q.Sort)) }

// walkPage is how many documents a walk holds at a time; keepAlive how long the server
// keeps the view between two pages.
const (
	walkPage  = 500
	keepAlive = "5m"
)

// Walk reads all documents of a query as they were when it began, in pages: what is
// written meanwhile is not seen, nothing is seen twice or missed.
type Walk struct {
	client *Client
	body   object
	pit    string
	done   bool
}

// Begin opens a walk; Close it. A read model that does not exist yet is empty.
func (c *Client) Begin(ctx context.Context, q Query) (*Walk, error) {
	var answer struct{ ID string }
	err := started(ctx, func() error {
		return c.do(ctx, "open view of "+q.Alias, esapi.OpenPointInTimeRequest{Index: []string{q.Alias}, KeepAlive: keepAlive}, &answer)
	})
	if isMissingIndex(err) {
		return &Walk{done: true}, nil
	}
	if err != nil {
		return nil, err
	}
	q.Offset, q.Limit = 0, walkPage
	w := &Walk{client: c, pit: answer.ID, body: q.body()}
	w.body["track_total_hits"] = false
	delete(w.body, "from")
	return w, nil
}

// Next reads a page; an empty one is the end.
func (w *Walk) Next(ctx context.Context) ([]json.RawMessage, error) {
	if w.done {
		return nil, nil
	}
	w.body["pit"] = object{"id": w.pit, "keep_alive": keepAlive}
	encoded, err := json.Marshal(w.body)
	if err != nil {
		return nil, fmt.Errorf("search: walk: %w", err)
	}
	var answer struct {
		searchAnswer
		PIT string `json:"pit_id"`
	}
	if err := w.client.do(ctx, "walk", esapi.SearchRequest{Body: bytes.NewReader(encoded)}, &answer); err != nil {
		return nil, err
	}
	if answer.TimedOut || answer.Shards.Failed > 0 {
		return nil, fmt.Errorf("search: walk: only some shards answered")
	}
	if answer.PIT != "" {
		w.pit = answer.PIT
	}
	hits := answer.Hits.Hits
	page := make([]json.RawMessage, len(hits))
	for i, hit := range hits {
		page[i] = hit.Source
	}
	if w.done = len(hits) < walkPage; !w.done {
		w.body["search_after"] = hits[len(hits)-1].Sort
	}
	return page, nil
}

// Close gives the view up. What is not given up ends by itself.
func (w *Walk) Close(ctx context.Context) error {
	if w.pit == "" {
		return nil
	}
	body, err := json.Marshal(object{"id": w.pit})
	if err != nil {
		return fmt.Errorf("search: walk: %w", err)
	}
	return w.client.do(context.WithoutCancel(ctx), "close view", esapi.ClosePointInTimeRequest{Body: bytes.NewReader(body)}, nil)
}
