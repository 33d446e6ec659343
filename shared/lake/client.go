package lake

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
)

// maxAnswer bounds answers that are held in memory.
const maxAnswer = 64 << 20

// Config says which lakeFS to use.
type Config struct {
	Endpoint             string // http://host:port, without /api/v1
	AccessKey, SecretKey string
	// Credentials gives the keys of each request in their place; nil does not.
	Credentials Credentials
	// HTTP sends the requests; nil is http.DefaultClient. It should bound the
	// time to the first byte of an answer; contexts bound the rest.
	HTTP *http.Client
}

// Credentials gives the keys that a request is sent with. Its error is that of the
// request.
type Credentials func(ctx context.Context) (accessKey, secret string, err error)

// Client is a Lake on lakeFS's HTTP API. It repeats nothing by itself.
type Client struct {
	base        string
	credentials Credentials
	http        *http.Client
}

var _ Lake = (*Client)(nil)

// New makes a client. It does no I/O.
func New(c Config) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(c.Endpoint, "/"))
	if err != nil || u.Host == "" {
		return nil, errors.New("lakefs: LAKEFS_ENDPOINT is no address, for example http://127.0.0.1:8001") // it may hold a password
	}
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Credentials == nil {
		c.Credentials = func(context.Context) (string, string, error) { return c.AccessKey, c.SecretKey, nil }
	}
	return &Client{base: u.String() + "/api/v1", credentials: c.Credentials, http: c.HTTP}, nil
}

// Ready checks that the server answers.
func (c *Client) Ready(ctx context.Context) error {
	return c.call(ctx, request{op: "healthcheck", method: http.MethodGet, path: []string{"healthcheck"}}, nil)
}

// request is a call of the API.
type request struct {
	op     string // for errors
	method string
	path   []string // below /api/v1, not escaped
	query  url.Values
	header http.Header
	json   any       // the body, or
	body   io.Reader // the body
}

// send answers a successful response; the caller closes its body.
func (c *Client) send(ctx context.Context, q request) (*http.Response, error) {
	target := c.base
	for _, segment := range q.path {
		target += "/" + url.PathEscape(segment)
	}
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	if q.json != nil {
		b, err := json.Marshal(q.json)
		if err != nil {
			return nil, fmt.Errorf("lakefs: %s: %w: %w", q.op, errRequest, err)
		}
		q.body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, target, q.body)
	if err != nil {
		return nil, fmt.Errorf("lakefs: %s: %w: %w", q.op, errRequest, err)
	}
	for k, v := range q.header {
		r.Header[k] = v
	}
	if q.json != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	key, secret, err := c.credentials(ctx)
	if err != nil {
		return nil, fmt.Errorf("lakefs: %s: %w", q.op, err)
	}
	r.SetBasicAuth(key, secret)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("lakefs: %s: %w", q.op, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, failure(q.op, resp)
}

// failure reads an answer that is no success.
func failure(op string, resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("lakefs: %s: %d: %w", op, resp.StatusCode, err)
	}
	var body struct{ Message string }
	if json.Unmarshal(b, &body) != nil {
		body.Message = string(b[:min(len(b), 300)])
	}
	return &Error{Op: op, Status: resp.StatusCode, Message: body.Message, kind: reason(resp.StatusCode, body.Message)}
}

// call sends a request and decodes the answer into out: JSON, or text if out
// is a *string, or nothing if it is nil.
func (c *Client) call(ctx context.Context, q request, out any) error {
	resp, err := c.send(ctx, q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("lakefs: %s: %w", q.op, err)
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *string:
		*out = strings.TrimSpace(string(b))
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("lakefs: %s: answer: %w", q.op, err)
	}
	return nil
}

// ignore drops an error for one of the reasons.
func ignore(err error, reasons ...error) error {
	for _, r := range reasons {
		if errors.Is(err, r) {
			return nil
		}
	}
	return err
}
