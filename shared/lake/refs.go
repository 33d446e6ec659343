package lake

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Waiting for a dump or restore: the pause doubles from the first to the last.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// Dump implements Lake.
func (c *Client) Dump(ctx context.Context, repo string) (Refs, error) {
	answer, err := c.task(ctx, "dump", repo, nil)
	if err == nil && answer.Refs == nil {
		err = fmt.Errorf("lakefs: dump %s: done without refs", repo)
	}
	if err != nil {
		return Refs{}, err
	}
	return *answer.Refs, nil
}

// Restore implements Lake.
func (c *Client) Restore(ctx context.Context, repo, namespace string, refs Refs) error {
	// An earlier attempt may have made the repository and died.
	if err := ignore(c.createRepository(ctx, repo, namespace, url.Values{"bare": {"true"}}), ErrExists); err != nil {
		return err
	}
	_, err := c.task(ctx, "restore", repo, refs)
	return err
}

// taskStatus is what the API says of a task.
type taskStatus struct {
	ID    string
	Done  bool
	Error string
	Refs  *Refs
}

// task starts a dump or restore and waits for its end.
func (c *Client) task(ctx context.Context, kind, repo string, body any) (taskStatus, error) {
	op := kind + " " + repo
	path := []string{"repositories", repo, kind}
	var status taskStatus
	if err := c.call(ctx, request{op: op, method: http.MethodPost, path: path, json: body}, &status); err != nil {
		return status, err
	}
	query := url.Values{"task_id": {status.ID}}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		status = taskStatus{}
		if err := c.call(ctx, request{op: op, method: http.MethodGet, path: path, query: query}, &status); err != nil {
			return status, err
		}
		switch {
		case status.Error != "":
			return status, fmt.Errorf("lakefs: %s: the task failed: %s", op, status.Error)
		case status.Done:
			return status, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return status, fmt.Errorf("lakefs: %s: %w", op, ctx.Err())
		}
	}
}
