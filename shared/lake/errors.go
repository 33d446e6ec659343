package lake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// What a server refuses for a reason that callers act on.
var (
	ErrNotFound       = errors.New("not found")
	ErrExists         = errors.New("exists already")
	ErrNoChanges      = errors.New("no changes")
	ErrFull           = errors.New("no space left")
	ErrConflict       = errors.New("both sides changed the same path")
	ErrNamespaceInUse = errors.New("the storage namespace holds another repository's objects: restore that repository from its refs dump, or choose another namespace")
)

// Error is an answer of the server other than success.
type Error struct {
	Op      string // what was asked, with names
	Status  int    // of HTTP
	Message string // of the server

	kind error // one of the above, or nil
}

func (e *Error) Error() string {
	message := e.Message
	if e.kind != nil && message == "" {
		message = e.kind.Error()
	}
	return fmt.Sprintf("lakefs: %s: %d %s", e.Op, e.Status, message)
}

// Unwrap is the reason, for errors.Is.
func (e *Error) Unwrap() error { return e.kind }

// reason reads the reason from status and message; lakeFS has no codes.
func reason(status int, message string) error {
	switch {
	case status == http.StatusInsufficientStorage, status >= 500 && isFull(message):
		return ErrFull
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict && strings.Contains(message, "not unique"):
		return ErrExists
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusBadRequest && strings.HasSuffix(message, "no changes"):
		return ErrNoChanges
	case status == http.StatusBadRequest && strings.Contains(message, "storage namespace already in use"):
		return ErrNamespaceInUse
	}
	return nil
}

// isFull finds, in the words of the server's object store, a disk or a quota that
// is used up: ENOSPC of a file system, XMinioStorageFull, QuotaExceeded.
func isFull(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{"no space left", "storagefull", "insufficientstorage", "quotaexceeded", "disk quota exceeded"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// Retryable reports whether the same call may succeed later: the server could
// not be reached, gave no answer, failed, or was too busy. Whether the call had
// its effect is then unknown. What the server refused is not retryable.
func Retryable(err error) bool {
	var e *Error
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return false
	case !errors.As(err, &e):
		return !errors.Is(err, errRequest)
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooManyRequests:
		return true
	case http.StatusPreconditionFailed:
		// Another writer moved the branch. A hook's refusal is final.
		return strings.Contains(e.Message, "predicate failed")
	}
	return e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// errRequest marks a request that could not even be made.
var errRequest = errors.New("bad request")
