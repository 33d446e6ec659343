package rest

import (
	"errors"
	"net/http"

	"spiceharvester/infra/local/terminusdb/internal/document"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
	"spiceharvester/infra/local/terminusdb/internal/woql"
)

// woql runs a query: all of it or nothing, as one commit.
func (c *call) woql() error {
	c.class = "api:WoqlErrorResponse"
	return asQueryError(c.query())
}

// asQueryError renames a refusal by the schema as queries have it.
func asQueryError(err error) error {
	var t *terr.Error
	if errors.As(err, &t) && t.Kind == "SchemaCheckFailure" {
		t.Kind, t.Message = "WOQLSchemaCheckFailure", "There was an error when schema checking"
	}
	return err
}

func (c *call) query() error {
	r, err := c.resource()
	if err != nil {
		return terr.Unexpected("query_default_collection_failed_unexpectedly: name the database in the path")
	}
	if c.params, err = c.object(); err != nil {
		return err
	}
	d := c.h.store.Database(r.organization, r.database)
	if d == nil {
		return unresolvable(http.StatusNotFound, r.organization+"/"+r.database+"/local/branch/main")
	}
	if err := c.allow(d, "instance_read_access"); err != nil {
		return err
	}
	at, err := head(d, r)
	if err != nil {
		return err
	}
	if err := c.compareVersion(version(r, at)); err != nil {
		return err
	}
	v, ok := c.params["query"]
	if !ok {
		return missing("query")
	}
	if _, ok := v.(map[string]any); !ok {
		e := badType("query", "object", v).(*terr.Error)
		if text, ok := v.(string); ok {
			e.Message = "Expected parameter 'query' of type 'object` but found: \"" + text + "\""
		}
		return e
	}
	q, err := woql.Compile(v, at.Schema.Context)
	if err != nil {
		return err
	}
	streaming, err := c.flag("streaming", false)
	if err != nil {
		return err
	}
	if !q.Writes {
		result, err := q.Run(c.r.Context(), store.NewTx(d.View(at)))
		if err != nil {
			return err
		}
		return c.bindings(q, result, version(r, at), 0, 0, streaming)
	}
	author, message, err := c.commitInfo()
	if err != nil {
		return err
	}
	if err := c.allow(d, "instance_write_access"); err != nil {
		return err
	}
	if r.branch == "" {
		return terr.New("DocumentAccessImpossible", map[string]any{"access_type": "write", "graph_type": "instance", "resource_path": r.path},
			"action 'write' on graph type instance is impossible on resource '%s'", r.path)
	}
	var result *woql.Result
	change := store.Change{Author: author, Message: message}
	err = d.Write(func() error {
		at = d.Head(r.branch)
		if at == nil {
			return unresolvable(http.StatusBadRequest, r.path)
		}
		tx := store.NewTx(d.View(at))
		var err error
		if result, err = q.Run(c.r.Context(), tx); err != nil || len(result.Bindings) == 0 {
			return err
		}
		check := func(tx *store.Tx) error { return document.CheckDocuments(tx, true) }
		if result.Triples {
			check = document.CheckTriples
		}
		if err := check(tx); err != nil {
			return err
		}
		change.Removed, change.Added = tx.Diff()
		change.Deleted = tx.Deleted
		at, err = d.Append(r.branch, change)
		return err
	})
	if err != nil {
		return err
	}
	return c.bindings(q, result, version(r, at), len(change.Added), len(change.Removed), streaming)
}

func (c *call) commitInfo() (author, message string, err error) {
	info, _ := c.params["commit_info"].(map[string]any)
	inner := *c
	inner.params = info
	if author, err = inner.required("author"); err != nil {
		return "", "", err
	}
	message, err = inner.required("message")
	return author, message, err
}

// bindings answers the solutions.
func (c *call) bindings(q *woql.Query, result *woql.Result, version string, inserts, deletes int, streaming bool) error {
	names := q.Names
	if names == nil {
		names = []string{}
	}
	if !streaming {
		c.w.Header().Set(versionHeader, version)
		writeJSON(c.w, http.StatusOK, success("api:WoqlResponse", map[string]any{
			"api:variable_names": names, "bindings": result.Bindings, "inserts": inserts, "deletes": deletes, "transaction_retry_count": 0,
		}))
		return nil
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusOK)
	lines := []map[string]any{{"@type": "PrefaceRecord", "names": names}}
	for _, b := range result.Bindings {
		b["@type"] = "Binding"
		lines = append(lines, b)
	}
	lines = append(lines, map[string]any{
		"@type": "PostscriptRecord", "status": "success", "version": version, "deletes": deletes, "inserts": inserts, "transaction_retry_count": 0,
	})
	for _, line := range lines {
		b, err := marshal(line)
		if err != nil {
			return err
		}
		if _, err := c.w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}
