package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Stage makes an index that no alias names yet, to be filled with WriteStaged
// beside the one in use. suffix tells it from other indices of the alias.
func (c *Client) Stage(ctx context.Context, alias, suffix string) (index string, err error) {
	settings := mapping(alias, c.shards, c.replicas)
	delete(settings, "aliases")
	body, err := json.Marshal(settings)
	if err != nil {
		return "", fmt.Errorf("search: mapping: %w", err)
	}
	index = alias + "_" + suffix
	return index, c.do(ctx, "create index "+index, esapi.IndicesCreateRequest{Index: index, Body: bytes.NewReader(body)}, nil)
}

// WriteStaged is Write for an index that Stage has made.
func (c *Client) WriteStaged(ctx context.Context, index string, docs []Document) []error {
	errs := make([]error, len(docs))
	for start := 0; start < len(docs); {
		end, err := c.bulk(ctx, docs, start, errs, index)
		if err != nil {
			for i := start; i < len(docs); i++ {
				errs[i] = err
			}
			return errs
		}
		start = end
	}
	return errs
}

// Promote lets an alias name a staged index and nothing else, in one step, and
// removes the indices that it named before.
func (c *Client) Promote(ctx context.Context, alias, index string) error {
	if err := c.do(ctx, "refresh "+index, esapi.IndicesRefreshRequest{Index: []string{index}}, nil); err != nil {
		return err
	}
	before, err := c.indices(ctx, alias)
	if err != nil {
		return err
	}
	actions := []object{{"add": object{"index": index, "alias": alias}}}
	for _, name := range before {
		if name != index {
			actions = append(actions, object{"remove_index": object{"index": name}})
		}
	}
	body, err := json.Marshal(object{"actions": actions})
	if err != nil {
		return fmt.Errorf("search: promote: %w", err)
	}
	return c.do(ctx, "promote "+index, esapi.IndicesUpdateAliasesRequest{Body: bytes.NewReader(body)}, nil)
}

// Discard removes a staged index that is not wanted any more.
func (c *Client) Discard(ctx context.Context, index string) error {
	err := c.do(ctx, "delete index "+index, esapi.IndicesDeleteRequest{Index: []string{index}}, nil)
	if isMissingIndex(err) {
		return nil
	}
	return err
}

// indices gives the indices that an alias names; none if it does not exist.
func (c *Client) indices(ctx context.Context, alias string) ([]string, error) {
	var found map[string]json.RawMessage
	err := c.do(ctx, "look up "+alias, esapi.IndicesGetAliasRequest{Name: []string{alias}}, &found)
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	return names, nil
}
