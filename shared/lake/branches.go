package lake

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// EnsureRepository implements Lake.
func (c *Client) EnsureRepository(ctx context.Context, repo, namespace string) error {
	err := c.call(ctx, request{op: "get repository " + repo, method: http.MethodGet, path: []string{"repositories", repo}}, nil)
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return ignore(c.createRepository(ctx, repo, namespace, nil), ErrExists)
}

func (c *Client) createRepository(ctx context.Context, repo, namespace string, query url.Values) error {
	return c.call(ctx, request{
		op: "create repository " + repo, method: http.MethodPost, path: []string{"repositories"}, query: query,
		json: map[string]string{"name": repo, "storage_namespace": namespace, "default_branch": MainBranch},
	}, nil)
}

// CreateBranch implements Lake.
func (c *Client) CreateBranch(ctx context.Context, repo, branch, source string) (commit string, err error) {
	err = c.call(ctx, request{
		op: "create branch " + repo + "/" + branch, method: http.MethodPost, path: []string{"repositories", repo, "branches"},
		json: map[string]string{"name": branch, "source": source},
	}, &commit)
	return commit, err
}

// DeleteBranch implements Lake.
func (c *Client) DeleteBranch(ctx context.Context, repo, branch string) error {
	return ignore(c.call(ctx, request{
		op: "delete branch " + repo + "/" + branch, method: http.MethodDelete, path: []string{"repositories", repo, "branches", branch},
	}, nil), ErrNotFound)
}

// Commit implements Lake.
func (c *Client) Commit(ctx context.Context, repo, branch, message string, metadata map[string]string) (commit string, err error) {
	var answer struct{ ID string }
	err = c.call(ctx, request{
		op: "commit " + repo + "/" + branch, method: http.MethodPost, path: []string{"repositories", repo, "branches", branch, "commits"},
		json: map[string]any{"message": message, "metadata": metadata},
	}, &answer)
	return answer.ID, err
}

// Merge implements Lake.
func (c *Client) Merge(ctx context.Context, repo, source, branch, message string, metadata map[string]string) (commit string, err error) {
	var answer struct{ Reference string }
	err = c.call(ctx, request{
		op: "merge " + repo + "/" + source + " into " + branch, method: http.MethodPost, path: []string{"repositories", repo, "refs", source, "merge", branch},
		json: map[string]any{"message": message, "metadata": metadata},
	}, &answer)
	return answer.Reference, err
}

// Head implements Lake.
func (c *Client) Head(ctx context.Context, repo, ref string) (Commit, error) {
	var answer struct {
		Results []struct {
			ID       string
			Message  string
			Metadata map[string]string
			Parents  []string
			Created  int64 `json:"creation_date"`
		}
	}
	op := "log " + repo + "/" + ref
	err := c.call(ctx, request{
		op: op, method: http.MethodGet, path: []string{"repositories", repo, "refs", ref, "commits"}, query: url.Values{"amount": {"1"}},
	}, &answer)
	if err != nil {
		return Commit{}, err
	}
	if len(answer.Results) == 0 {
		return Commit{}, &Error{Op: op, Status: http.StatusOK, Message: "no commit", kind: ErrNotFound}
	}
	head := answer.Results[0]
	return Commit{ID: head.ID, Message: head.Message, Metadata: head.Metadata, Parents: head.Parents, Created: time.Unix(head.Created, 0).UTC()}, nil
}
