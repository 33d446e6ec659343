package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Window is the most hits that paging by offset can reach.
const Window = 10_000

// Query asks for documents of one class, or of all.
type Query struct {
	Alias   string
	Class   string // "" for all
	Search  string // words that all must occur; "" for none
	Targets string // only documents that link to this class/id
	Filter  []Equal
	Sort    []Order         // nil: newest first
	After   json.RawMessage // where a page begins: Last of the one before
	Offset  int             // not with After
	Limit   int
}

// Hits are documents, as stored, and how many there are in all.
type Hits struct {
	Total     int
	Documents []json.RawMessage
	Last      json.RawMessage // the place of the last document in the order
}

// answerOf is the answer of a search whose documents are read into T, numbers as
// text.
type answerOf[T any] struct {
	TimedOut bool `json:"timed_out"`
	Shards   struct{ Failed int }
	Hits     struct {
		Total struct{ Value int }
		Hits  []struct {
			ID     string          `json:"_id"`
			Source T               `json:"_source"`
			Sort   json.RawMessage `json:"sort"`
		}
	}
}

type searchAnswer = answerOf[json.RawMessage]

func (q *Query) body() object {
	filter := []object{{"term": object{"deleted": false}}}
	if q.Class != "" {
		filter = append(filter, object{"term": object{"class_id": q.Class}})
	}
	if q.Targets != "" {
		filter = append(filter, object{"term": object{"targets": q.Targets}})
	}
	for _, e := range q.Filter {
		filter = append(filter, object{"term": object{e.Field: e.Term}})
	}
	b := object{"filter": filter}
	if q.Search != "" {
		b["must"] = []object{{"simple_query_string": object{"query": escape(q.Search), "fields": []string{"text", "text.cjk"}, "default_operator": "and"}}}
	}
	body := object{"query": object{"bool": b}, "size": q.Limit, "track_total_hits": true, "sort": sorting(q.Sort)}
	if q.After != nil {
		body["search_after"] = q.After
	} else {
		body["from"] = q.Offset
	}
	return body
}

// escape takes the operators of the query language out of a text, so that
// every character only stands for itself.
func escape(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`+|-"*()~\`, r) {
			return ' '
		}
		return r
	}, text)
}

// Find runs a query. A read model that does not exist yet is
// empty.
func (c *Client) Find(ctx context.Context, q Query) (Hits, error) {
	var answer searchAnswer
	if err := c.search(ctx, q.Alias, q.body(), &answer); err != nil {
		if isMissingIndex(err) {
			return Hits{}, nil
		}
		return Hits{}, err
	}
	h := Hits{Total: answer.Hits.Total.Value}
	for _, hit := range answer.Hits.Hits {
		h.Documents, h.Last = append(h.Documents, hit.Source), hit.Sort
	}
	return h, nil
}

func (c *Client) search(ctx context.Context, alias string, body object, answer *searchAnswer) error {
	return runSearch(ctx, c, alias, body, answer)
}

func runSearch[T any](ctx context.Context, c *Client, alias string, body object, answer *answerOf[T]) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("search: query: %w", err)
	}
	if err := started(ctx, func() error {
		return c.do(ctx, "search "+alias, esapi.SearchRequest{Index: []string{alias}, Body: bytes.NewReader(encoded)}, answer)
	}); err != nil {
		return err
	}
	if answer.TimedOut || answer.Shards.Failed > 0 {
		return fmt.Errorf("search: %s: only some shards answered", alias)
	}
	return nil
}

// Get reads one document as it was written last, whether or not a refresh has
// made it searchable. ok is false if there is none, or it is a tombstone.
func (c *Client) Get(ctx context.Context, alias, id string) (source json.RawMessage, ok bool, err error) {
	var answer struct {
		Found  bool
		Source json.RawMessage `json:"_source"`
	}
	err = started(ctx, func() error {
		return c.do(ctx, "get "+alias, esapi.GetRequest{Index: alias, DocumentID: url.PathEscape(id)}, &answer)
	})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var state struct{ Deleted bool }
	if err := json.Unmarshal(answer.Source, &state); err != nil {
		return nil, false, fmt.Errorf("search: get %s: %w", alias, err)
	}
	return answer.Source, answer.Found && !state.Deleted, nil
}

// Scan walks every document of an alias, tombstones too, by id.
func (c *Client) Scan(ctx context.Context, alias string, visit func(id string, source json.RawMessage) error) error {
	return c.scan(ctx, alias, object{"match_all": object{}}, visit)
}

// ScanClass walks the documents of a class, by id.
func (c *Client) ScanClass(ctx context.Context, alias, class string, visit func(id string, source json.RawMessage) error) error {
	filter := []object{{"term": object{"deleted": false}}, {"term": object{"class_id": class}}}
	return c.scan(ctx, alias, object{"bool": object{"filter": filter}}, visit)
}

func (c *Client) scan(ctx context.Context, alias string, query object, visit func(id string, source json.RawMessage) error) error {
	body := object{
		"query": query, "size": 1000, "track_total_hits": false,
		"sort": []object{{"class_id": "asc"}, {"instance_id": "asc"}},
	}
	for {
		var answer searchAnswer
		if err := c.search(ctx, alias, body, &answer); err != nil {
			if isMissingIndex(err) {
				return nil
			}
			return err
		}
		hits := answer.Hits.Hits
		for _, hit := range hits {
			if err := visit(hit.ID, hit.Source); err != nil {
				return err
			}
		}
		if len(hits) < 1000 {
			return nil
		}
		body["search_after"] = hits[len(hits)-1].Sort
	}
}

// Exist tells which documents exist, tombstones not counted.
func (c *Client) Exist(ctx context.Context, alias string, ids []string) (map[string]bool, error) {
	exist := make(map[string]bool, len(ids))
	if len(ids) == 0 {
		return exist, nil
	}
	body, err := json.Marshal(object{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("search: mget: %w", err)
	}
	var answer struct {
		Docs []struct {
			ID     string `json:"_id"`
			Found  bool
			Source struct{ Deleted bool } `json:"_source"`
			Error  *struct{ Type, Reason string }
		}
	}
	request := esapi.MgetRequest{Index: alias, Body: bytes.NewReader(body), SourceIncludes: []string{"deleted"}}
	if err := c.do(ctx, "mget "+alias, request, &answer); err != nil {
		return nil, err
	}
	for _, d := range answer.Docs {
		if d.Error != nil && d.Error.Type != "index_not_found_exception" {
			return nil, fmt.Errorf("search: mget %s: %s: %s", alias, d.Error.Type, d.Error.Reason)
		}
		exist[d.ID] = d.Found && !d.Source.Deleted
	}
	return exist, nil
}
