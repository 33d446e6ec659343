package search

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Documents reads documents by id as they were written last, in the order of the
// ids; nil is one that does not exist, tombstones are read. fields names what of
// the source is wanted; none for all. Numbers keep their text in an any, but only if
// all is wanted: Elasticsearch writes a part of a document anew.
func Documents[T any](ctx context.Context, c *Client, alias string, ids []string, fields ...string) ([]*T, error) {
	found := make([]*T, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	body, err := json.Marshal(object{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("search: mget: %w", err)
	}
	var answer struct {
		Docs []struct {
			Found  bool
			Source *T `json:"_source"`
			Error  *struct{ Type, Reason string }
		}
	}
	request := esapi.MgetRequest{Index: alias, Body: bytes.NewReader(body), SourceIncludes: fields}
	if err := c.do(ctx, "mget "+alias, request, &answer); err != nil {
		return nil, err
	}
	if len(answer.Docs) != len(ids) {
		return nil, fmt.Errorf("search: mget %s: asked for %d documents, answered were %d", alias, len(ids), len(answer.Docs))
	}
	for i, d := range answer.Docs {
		if d.Error != nil && d.Error.Type != "index_not_found_exception" {
			return nil, fmt.Errorf("search: mget %s: %s: %s", alias, d.Error.Type, d.Error.Reason)
		}
		if d.Found {
			found[i] = d.Source
		}
	}
	return found, nil
}

// LinksOf reads the links of documents, "predicate>class/id", in the order of the
// ids. What does not exist has none, and neither has a tombstone.
func (c *Client) LinksOf(ctx context.Context, alias string, ids []string) ([][]string, error) {
	found, err := Documents[struct{ Links []string }](ctx, c, alias, ids, "links")
	if err != nil {
		return nil, err
	}
	links := make([][]string, len(ids))
	for i, d := range found {
		if d != nil {
			links[i] = d.Links
		}
	}
	return links, nil
}

// Linking is a document that has links.
type Linking struct {
	Class    string `json:"class_id"`
	Instance string `json:"instance_id"`
	Links    []string
}

// LinkedBy visits the documents that hold any of the links, by class and id,
// until visit returns false or limit documents were seen. class, if set, is
// theirs.
func (c *Client) LinkedBy(ctx context.Context, alias string, links []string, class string, limit int, visit func(Linking) bool) error {
	filter := []object{{"terms": object{"links": links}}} // a tombstone has no links
	if class != "" {
		filter = append(filter, object{"term": object{"class_id": class}})
	}
	return visitAll(ctx, c, alias, object{
		"query": object{"bool": object{"filter": filter}}, "_source": []string{"class_id", "instance_id", "links"}, "track_total_hits": false,
		"sort": []object{{"class_id": "asc"}, {"instance_id": "asc"}},
	}, limit, visitPage, func(l *Linking) (bool, error) { return visit(*l), nil })
}

// visitPage bounds one answer of a visit.
const visitPage = 1000

// visitAll runs a query page by page until visit returns false or limit documents
// were seen. The body must have a sort without ties. An index that does not exist
// is empty.
func visitAll[T any](ctx context.Context, c *Client, alias string, body object, limit, page int, visit func(*T) (bool, error)) error {
	for limit > 0 {
		size := min(limit, page)
		body["size"] = size
		var answer answerOf[T]
		if err := runSearch(ctx, c, alias, body, &answer); err != nil {
			if isMissingIndex(err) {
				return nil
			}
			return err
		}
		hits := answer.Hits.Hits
		for i := range hits {
			if goOn, err := visit(&hits[i].Source); err != nil || !goOn {
				return err
			}
		}
		if len(hits) < size {
			return nil
		}
		limit -= len(hits)
		body["search_after"] = hits[len(hits)-1].Sort
	}
	return nil
}
