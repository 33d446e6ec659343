// Package client is the small HTTP client of the end-to-end tests. It knows the
// conventions of both APIs (token, Prefer, Idempotency-Key, command ids) and no
// endpoint.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// timeout bounds one request, the longest Prefer: wait included.
const timeout = 90 * time.Second

// Client speaks to one API.
type Client struct {
	Base  string // for example http://127.0.0.1:8002
	Token string // sent as X-Admin-Token unless empty
	HTTP  *http.Client
}

// New makes a client with connections of its own.
func New(base, token string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	return &Client{Base: base, Token: token, HTTP: &http.Client{Transport: transport, Timeout: timeout}}
}

// Close ends idle connections.
func (c *Client) Close() { c.HTTP.CloseIdleConnections() }

// Option changes a request before it is sent.
type Option func(*http.Request)

// Header sets a header.
func Header(name, value string) Option { return func(r *http.Request) { r.Header.Set(name, value) } }

// Key sends an Idempotency-Key.
func Key(key string) Option { return Header("Idempotency-Key", key) }

// Wait sends Prefer: wait, in seconds.
func Wait(seconds int) Option { return Header("Prefer", "wait="+strconv.Itoa(seconds)) }

// Lang asks for texts in a language.
func Lang(lang string) Option { return Header("Accept-Language", lang) }

// Anonymous leaves the token away.
func Anonymous(r *http.Request) { r.Header.Del("X-Admin-Token") }

// Do sends a request. The path is taken as it is, so what it names must be
// escaped. A body of type string or []byte is sent as it is, any other as JSON;
// nil is none.
func (c *Client) Do(ctx context.Context, method, path string, body any, options ...Option) (*Response, error) {
	raw, err := encode(body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("X-Admin-Token", c.Token)
	}
	for _, option := range options {
		option(r)
	}
	answer, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: answer: %w", method, path, err)
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: content}, nil
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(b), nil
	case []byte:
		return b, nil
	}
	return json.Marshal(body)
}
