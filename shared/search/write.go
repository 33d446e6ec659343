package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"spiceharvester/shared/consume"
)

// Limits of one _bulk.
const (
	bulkDocuments = 1000
	bulkBytes     = 5 << 20
)

// action is one line pair of a _bulk.
type action struct {
	Index struct {
		Index        string `json:"_index"`
		ID           string `json:"_id"`
		Version      uint64 `json:"version"`
		VersionType  string `json:"version_type"`
		RequireAlias bool   `json:"require_alias"`
	} `json:"index"`
}

// Write stores documents and returns one error per document, nil if the read
// model has it or a newer one. Missing indices are made. Errors marked
// consume.Permanent are refusals of the document itself.
func (c *Client) Write(ctx context.Context, docs []Document) []error {
	errs := make([]error, len(docs))
	var missing []int
	for start := 0; start < len(docs); {
		end, err := c.bulk(ctx, docs, start, errs, "")
		if err != nil {
			for i := start; i < len(docs); i++ {
				errs[i] = err
			}
			return errs
		}
		for i := start; i < end; i++ {
			if isMissingIndex(errs[i]) {
				missing = append(missing, i)
			}
		}
		start = end
	}
	if len(missing) == 0 {
		return errs
	}
	c.writeToNewIndices(ctx, docs, missing, errs)
	return errs
}

// writeToNewIndices makes the indices that documents lacked and writes these
// again.
func (c *Client) writeToNewIndices(ctx context.Context, docs []Document, missing []int, errs []error) {
	var aliases []string
	again := make([]Document, len(missing))
	for k, i := range missing {
		again[k] = docs[i]
		if !slices.Contains(aliases, docs[i].Alias) {
			aliases = append(aliases, docs[i].Alias)
		}
	}
	for _, alias := range aliases {
		if err := c.Ensure(ctx, alias); err != nil {
			for _, i := range missing {
				errs[i] = err
			}
			return
		}
	}
	results := make([]error, len(again))
	for start := 0; start < len(again); {
		end, err := c.bulk(ctx, again, start, results, "")
		if err != nil {
			for k := start; k < len(again); k++ {
				results[k] = err
			}
			break
		}
		start = end
	}
	for k, i := range missing {
		errs[i] = results[k]
	}
}

// bulk sends documents from start, as many as one request takes, and fills in
// their errors. staged, if not "", is the index to write into instead of the
// documents' aliases. It returns where the next request begins.
func (c *Client) bulk(ctx context.Context, docs []Document, start int, errs []error, staged string) (int, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	end := start
	for ; end < len(docs) && end-start < bulkDocuments && body.Len() < bulkBytes; end++ {
		var a action
		a.Index.Index, a.Index.ID, a.Index.Version = docs[end].Alias, docs[end].ID, docs[end].Version
		a.Index.VersionType, a.Index.RequireAlias = "external_gte", true
		if staged != "" {
			a.Index.Index, a.Index.RequireAlias = staged, false
		}
		if err := errors.Join(encoder.Encode(a), encoder.Encode(docs[end].Body)); err != nil {
			return end, fmt.Errorf("search: encode %s: %w", docs[end].ID, err)
		}
	}
	var answer struct {
		Items []map[string]struct {
			Status int
			Error  struct{ Type, Reason string }
		}
	}
	if err := c.do(ctx, "bulk", esapi.BulkRequest{Body: &body}, &answer); err != nil {
		return end, err
	}
	if len(answer.Items) != end-start {
		return end, fmt.Errorf("search: bulk: sent %d documents, answered were %d", end-start, len(answer.Items))
	}
	for i, item := range answer.Items {
		for _, a := range item {
			errs[start+i] = verdict(&Error{a.Status, a.Error.Type, a.Error.Reason})
		}
	}
	return end, nil
}

// verdict says what an item's answer means for the delivery.
func verdict(e *Error) error {
	switch {
	case e.Status < 300, e.Status == http.StatusConflict: // it has this one or a newer
		return nil
	case e.Status == http.StatusBadRequest:
		return consume.Permanent(e)
	}
	return e
}
