package terminus

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of one call.
const (
	defaultTimeout = 30 * time.Second
	slowTimeout    = 5 * time.Minute // of what reads all data there is: a change of the schema
	maxAnswer      = 64 << 20        // bytes of an answer that is read at once
	maxMessage     = 1000            // bytes of an error's text that are kept
)

// Config says where the server is and who calls.
type Config struct {
	Address   string // for example http://127.0.0.1:6363
	Account   string // the organisation that owns the databases; default admin
	User      string // default admin
	Key       string // the user's password
	Transport http.RoundTripper
	Timeout   time.Duration // of one call, default 30 s
}

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	Config
	http *http.Client
}

// New makes a client. It does no I/O.
func New(c Config) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(c.Address, "/"))
	if err != nil || u.Host == "" {
		return nil, errors.New("terminus: TERMINUS_SERVER_URL is no address, for example http://127.0.0.1:6363") // it may hold a password
	}
	c.Address = u.String()
	c.Account, c.User = cmp.Or(c.Account, "admin"), cmp.Or(c.User, "admin")
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	return &Client{Config: c, http: &http.Client{Transport: c.Transport}}, nil
}

// FromEnv makes a client from TERMINUS_SERVER_URL (default
// http://127.0.0.1:6363), TERMINUS_USER, TERMINUS_KEY and TERMINUS_ACCOUNT.
func FromEnv(getenv func(string) string, transport http.RoundTripper) (*Client, error) {
	value := func(name string) string { return strings.TrimSpace(getenv(name)) }
	return New(Config{
		Address: cmp.Or(value("TERMINUS_SERVER_URL"), "http://127.0.0.1:6363"),
		Account: value("TERMINUS_ACCOUNT"), User: value("TERMINUS_USER"), Key: value("TERMINUS_KEY"), Transport: transport,
	})
}

// Ready checks that the server answers.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, call{what: "ready", method: http.MethodGet, path: "/api/ok"}, nil)
}

// call is one request.
type call struct {
	what    string // for errors
	method  string
	path    string // below the address, escaped
	query   url.Values
	body    any // nil: none
	version string
	slow    bool
}

// do sends a call and gives its answer to read.
func (c *Client) do(ctx context.Context, k call, read func(http.Header, io.Reader) error) error {
	limit := c.Timeout
	if k.slow {
		limit = max(limit, slowTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := c.request(ctx, k)
	if err != nil {
		return fmt.Errorf("terminus: %s: %w", k.what, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("terminus: %s: %w", k.what, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer/64))
		return fmt.Errorf("terminus: %s: %w", k.what, decodeError(resp.StatusCode, text))
	}
	if read == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	} else {
		err = read(resp.Header, resp.Body)
	}
	if err != nil {
		return fmt.Errorf("terminus: %s: %w", k.what, err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	var body io.Reader
	if k.body != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(k.body); err != nil {
			return nil, err
		}
		body = &b
	}
	address := c.Address + k.path
	if len(k.query) > 0 {
		address += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, address, body)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.User, c.Key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.version != "" {
		req.Header.Set(versionHeader, k.version)
	}
	// A connection is used once: after a refusal the server may leave the rest of
	// the body on it, where the next request would trip, and documents are read
	// 40 ms faster on a new one.
	req.Close = true
	return req, nil
}

// versionHeader carries the version of a branch that a call is about.
const versionHeader = "TerminusDB-Data-Version"

var errTooLarge = errors.New("the answer is too large")

// decodeJSON reads a whole answer as one JSON value, with numbers as text.
func decodeJSON(r io.Reader, out any) error {
	limited := &io.LimitedReader{R: r, N: maxAnswer}
	dec := json.NewDecoder(limited)
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		if limited.N <= 0 {
			return errTooLarge
		}
		return fmt.Errorf("answer: %w", err)
	}
	_, err := io.Copy(io.Discard, limited)
	return err
}

// into reads an answer into out.
func into(out any) func(http.Header, io.Reader) error {
	return func(_ http.Header, r io.Reader) error { return decodeJSON(r, out) }
}
