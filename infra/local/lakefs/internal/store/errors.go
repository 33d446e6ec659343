package store

import (
	"fmt"
	"net/http"
)

// Error is an answer other than success, in the words of the real server.
type Error struct {
	Status  int // of HTTP
	Message string
}

func (e *Error) Error() string { return e.Message }

// ErrConflict is the outcome of a merge whose sides changed the same path; its
// body is a merge result with an empty reference.
var ErrConflict = fail(http.StatusConflict, "conflict found")

func fail(status int, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Error {
	return fail(http.StatusNotFound, format, args...)
}
