package terminus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Graph is the part of a database that documents are in.
type Graph string

// The graphs of a database.
const (
	Schema    Graph = "schema"
	Instances Graph = "instance"
)

// Document is a document as the server has it. Numbers keep their text.
type Document map[string]any

// Commit says who writes, and why. Both texts must not be empty.
type Commit struct {
	Author  string `json:"author"`
	Message string `json:"message"`
}

func (c *Client) documents(database, branch string) string {
	path := c.database("document", database)
	if branch != DefaultBranch {
		path += "/local/branch/" + url.PathEscape(branch)
	}
	return path
}

func (g Graph) query(commit Commit) url.Values {
	return url.Values{"graph_type": {string(g)}, "author": {commit.Author}, "message": {commit.Message}}
}

// Put writes documents, replacing those of the same ids, all or none. With a
// version the server refuses at once, as a conflict, if the branch has another
// one; that is a first check, no lock.
func (c *Client) Put(ctx context.Context, database, branch string, g Graph, commit Commit, version string, docs []Document) error {
	q := g.query(commit)
	q.Set("create", "true")
	k := call{what: "put documents", method: http.MethodPut, path: c.documents(database, branch), query: q, body: docs, version: version, slow: g == Schema}
	return c.do(ctx, k, nil)
}

// Insert writes new documents, all or none. An id that is taken is a conflict.
func (c *Client) Insert(ctx context.Context, database, branch string, g Graph, commit Commit, docs []Document) error {
	return c.do(ctx, call{what: "insert documents", method: http.MethodPost, path: c.documents(database, branch), query: g.query(commit), body: docs}, nil)
}

// All reads all documents of a graph, and the version of the branch.
func (c *Client) All(ctx context.Context, database, branch string, g Graph) (docs []Document, version string, err error) {
	version, err = c.stream(ctx, database, branch, url.Values{"graph_type": {string(g)}}, func(d Document) error {
		docs = append(docs, d)
		return nil
	})
	return docs, version, err
}

// ByIDs reads the documents that are there among some ids.
func (c *Client) ByIDs(ctx context.Context, database, branch string, ids ...string) (docs []Document, version string, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, "", fmt.Errorf("terminus: ids: %w", err)
	}
	version, err = c.stream(ctx, database, branch, url.Values{"ids": {string(list)}}, func(d Document) error {
		docs = append(docs, d)
		return nil
	})
	return docs, version, err
}

// OfType reads some of the documents of a class and of those that inherit from it.
func (c *Client) OfType(ctx context.Context, database, branch, class string, skip, count int, f func(Document) error) error {
	_, err := c.stream(ctx, database, branch, url.Values{"type": {class}, "skip": {fmt.Sprint(skip)}, "count": {fmt.Sprint(count)}}, f)
	return err
}

// stream reads documents, which the server sends one after the other.
func (c *Client) stream(ctx context.Context, database, branch string, q url.Values, f func(Document) error) (version string, err error) {
	k := call{what: "read documents", method: http.MethodGet, path: c.documents(database, branch), query: q}
	err = c.do(ctx, k, func(h http.Header, r io.Reader) error {
		version = h.Get(versionHeader)
		dec := json.NewDecoder(&io.LimitedReader{R: r, N: maxAnswer})
		dec.UseNumber()
		for {
			var d Document
			err := dec.Decode(&d)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				rest, _ := io.ReadAll(io.LimitReader(dec.Buffered(), maxMessage))
				return fmt.Errorf("answer: %w at %q", err, bytes.TrimSpace(rest))
			}
			if err := f(d); err != nil {
				return err
			}
		}
	})
	return version, err
}
