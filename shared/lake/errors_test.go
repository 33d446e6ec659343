package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		status    int
		message   string
		reason    error
		retryable bool
	}{
		{404, "branch not found", ErrNotFound, false},
		{404, "prepare-commit hook aborted, run id '4ooge': list actions from commit: listing actions: not found", ErrNotFound, false},
		{409, "branch already exists: not unique", ErrExists, false},
		{409, "error creating repository: not unique", ErrExists, false},
		{409, "", ErrConflict, false},
		{409, "update branch: conflict found", ErrConflict, false},
		{400, "commit: no changes", ErrNoChanges, false},
		{400, "update branch main: no changes", ErrNoChanges, false},
		{400, "uncommitted changes (dirty branch)", nil, false},
		{400, "failed to create repository: found lakeFS objects in the storage (:s3://b) key(_lakefs/dummy): storage namespace already in use", ErrNamespaceInUse, false},
		{401, "error authenticating request", nil, false},
		{403, "cannot write to protected branch", nil, false},
		{412, "update branch main: pre-merge hook aborted", nil, false},
		{412, "update branch main: predicate failed", nil, true},
		{423, "", nil, true},
		{429, "", nil, true},
		{500, "", nil, true},
		{500, "receive an upload: write upload-1: no space left on device", ErrFull, true},
		{500, "api error InsufficientStorage: No space left on device.", ErrFull, true},
		{500, "api error XMinioStorageFull: Storage backend has reached its minimum free drive threshold", ErrFull, true},
		{507, "", ErrFull, true},
		{501, "Not Implemented", nil, false},
		{503, "", nil, true},
	} {
		kind := reason(c.status, c.message)
		err := fmt.Errorf("wrapped: %w", &Error{Op: "op", Status: c.status, Message: c.message, kind: kind})
		if !errors.Is(kind, c.reason) || Retryable(err) != c.retryable {
			t.Errorf("%d %q: reason %v, retryable %v", c.status, c.message, kind, Retryable(err))
		}
	}
	for err, want := range map[error]bool{
		nil:                          false,
		io.ErrUnexpectedEOF:          true,
		context.DeadlineExceeded:     true,
		context.Canceled:             false,
		fmt.Errorf("%w", errRequest): false,
	} {
		if Retryable(err) != want {
			t.Errorf("%v: want retryable %v", err, want)
		}
	}
	if got := (&Error{Op: "merge", Status: 409, kind: ErrConflict}).Error(); got != "lakefs: merge: 409 both sides changed the same path" {
		t.Error(got)
	}
}
