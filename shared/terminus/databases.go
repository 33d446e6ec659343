package terminus

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// DefaultBranch is the branch that every database has.
const DefaultBranch = "main"

func (c *Client) database(kind, database string) string {
	return "/api/" + kind + "/" + url.PathEscape(c.Account) + "/" + url.PathEscape(database)
}

// CreateDatabase makes an empty database. One that exists is a conflict.
func (c *Client) CreateDatabase(ctx context.Context, database, label, comment string) error {
	body := map[string]any{"label": label, "comment": comment, "schema": true}
	return c.do(ctx, call{what: "create database " + database, method: http.MethodPost, path: c.database("db", database), body: body}, nil)
}

// DeleteDatabase removes a database with all in it. One that is not there is no
// error.
func (c *Client) DeleteDatabase(ctx context.Context, database string) error {
	err := c.do(ctx, call{what: "delete database " + database, method: http.MethodDelete, path: c.database("db", database)}, nil)
	if IsMissing(err) {
		return nil
	}
	return err
}

// Databases lists the account's databases.
func (c *Client) Databases(ctx context.Context) ([]string, error) {
	var list []struct {
		Path string `json:"path"`
	}
	err := c.do(ctx, call{what: "list databases", method: http.MethodGet, path: "/api/db/" + url.PathEscape(c.Account)}, into(&list))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range list {
		if name, ours := strings.CutPrefix(d.Path, c.Account+"/"); ours {
			names = append(names, name)
		}
	}
	return names, nil
}

// Optimize joins the layers of a database's main branch and of what the server
// keeps about it. Each commit makes a layer, and many of them make the next slower.
func (c *Client) Optimize(ctx context.Context, database string) error {
	for _, graph := range []string{"/local/branch/" + DefaultBranch, "/local/_commits", "/_meta"} {
		k := call{what: "optimize " + database, method: http.MethodPost, path: c.database("optimize", database) + graph, body: struct{}{}, slow: true}
		if err := c.do(ctx, k, nil); err != nil {
			return err
		}
	}
	return nil
}
