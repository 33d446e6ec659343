package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Client speaks to one Elasticsearch. It is safe for concurrent use.
type Client struct {
	transport        esapi.Transport
	shards, replicas int
}

// New makes a client. It does no I/O. A trailing slash of the address is
// dropped: the transport would make every path begin with two.
func New(address string, roundTripper http.RoundTripper, shards, replicas int) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil {
		return nil, errors.New("search: ELASTICSEARCH_URL is no address, for example http://127.0.0.1:9200") // it may hold a password
	}
	t, err := elastictransport.NewClient(elastictransport.WithURLs(u), elastictransport.WithTransport(roundTripper), elastictransport.WithDisableRetry())
	if err != nil {
		return nil, fmt.Errorf("search: client: %w", err)
	}
	return &Client{transport: t, shards: shards, replicas: replicas}, nil
}

// Error is what Elasticsearch answers instead of a result.
type Error struct {
	Status int
	Type   string
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("elasticsearch: %d %s: %s", e.Status, e.Type, e.Reason)
}

// isMissingIndex reports whether an index or alias is not there.
func isMissingIndex(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Type == "index_not_found_exception"
}

// request is what every esapi request is.
type request interface {
	Do(ctx context.Context, transport esapi.Transport) (*esapi.Response, error)
}

// do sends a request and decodes its answer into out, with numbers as text.
func (c *Client) do(ctx context.Context, what string, r request, out any) error {
	resp, err := r.Do(ctx, c.transport)
	if err != nil {
		return fmt.Errorf("search: %s: %w", what, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("search: %s: %w", what, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("search: %s: %w", what, decodeError(resp.StatusCode, body))
	}
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return fmt.Errorf("search: %s: answer: %w", what, err)
	}
	return nil
}

// decodeError reads the shapes that errors have: an object, or plain text.
func decodeError(status int, body []byte) *Error {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	e := &Error{Status: status}
	if json.Unmarshal(body, &answer) != nil || len(answer.Error) == 0 {
		e.Reason = string(body[:min(len(body), 300)])
		return e
	}
	var cause struct{ Type, Reason string }
	if json.Unmarshal(answer.Error, &cause) != nil {
		e.Reason = string(answer.Error)
		return e
	}
	e.Type, e.Reason = cause.Type, cause.Reason
	return e
}

// Ensure makes an alias and its first index, if the alias is not there. Of two
// that do so at once, one makes the index and both succeed.
func (c *Client) Ensure(ctx context.Context, alias string) error {
	found, err := c.indices(ctx, alias)
	if err != nil || len(found) > 0 {
		return err
	}
	body, err := json.Marshal(mapping(alias, c.shards, c.replicas))
	if err != nil {
		return fmt.Errorf("search: mapping: %w", err)
	}
	err = c.do(ctx, "create index "+alias, esapi.IndicesCreateRequest{Index: alias + firstVersion, Body: bytes.NewReader(body)}, nil)
	var e *Error
	if errors.As(err, &e) && e.Type == "resource_already_exists_exception" {
		return nil
	}
	return err
}

// Drop removes an alias's indices, by their exact names.
func (c *Client) Drop(ctx context.Context, alias string) error {
	indices, err := c.indices(ctx, alias)
	if err != nil {
		return err
	}
	for _, name := range indices {
		if err := c.Discard(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Refresh makes everything written before visible to searches.
func (c *Client) Refresh(ctx context.Context, alias string) error {
	err := c.do(ctx, "refresh "+alias, esapi.IndicesRefreshRequest{Index: []string{alias}}, nil)
	if isMissingIndex(err) {
		return nil
	}
	return err
}

// Health gives the colour of the cluster's health: green, yellow or red.
func (c *Client) Health(ctx context.Context) (string, error) {
	var answer struct {
		Status string `json:"status"`
	}
	err := c.do(ctx, "cluster health", esapi.ClusterHealthRequest{}, &answer)
	return answer.Status, err
}

// Ready checks that the cluster answers and can take writes.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, "cluster health", esapi.ClusterHealthRequest{}, nil)
}
