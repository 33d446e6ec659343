package terminus

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is what the server answers instead of a result. Errors of other types
// come from the way there: the call may have had its effect or not.
type Error struct {
	Status  int
	Kind    string // without the "api:", for example DocumentIdAlreadyExists; "" if the server names none
	Message string
	Witness string // why a schema refuses something, as JSON; "" if the server tells none
}

func (e *Error) Error() string {
	text := fmt.Sprintf("terminusdb: %d %s: %s", e.Status, e.Kind, e.Message)
	if e.Witness != "" {
		text += " " + e.Witness
	}
	return text
}

func decodeError(status int, body []byte) *Error {
	var answer struct {
		Error struct {
			Type      string          `json:"@type"`
			Witnesses json.RawMessage `json:"api:witnesses"`
		} `json:"api:error"`
		Message   string          `json:"api:message"`
		Witnesses json.RawMessage `json:"system:witnesses"`
	}
	e := &Error{Status: status}
	if json.Unmarshal(body, &answer) != nil {
		e.Message = shorten(string(body))
		return e
	}
	e.Kind, e.Message = strings.TrimPrefix(answer.Error.Type, "api:"), shorten(answer.Message)
	for _, w := range []json.RawMessage{answer.Error.Witnesses, answer.Witnesses} {
		if len(w) > 0 {
			e.Witness = shorten(string(w))
		}
	}
	return e
}

func shorten(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxMessage)], "")
}

// IsMissing reports whether a database or a branch is not there.
func IsMissing(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == "UnknownDatabase" || e.Kind == "UnresolvableAbsoluteDescriptor")
}

// IsConflict reports whether somebody else was faster: the id is taken, or the
// branch is not at the version that was named. Nothing was written.
func IsConflict(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case "DatabaseAlreadyExists", "BranchExistsError", "DocumentIdAlreadyExists", "DataVersionMismatch":
		return true
	}
	return false
}

// IsRefused reports whether the server refuses what it was sent, and will
// again. Nothing was written. What may pass is no refusal: a server that is
// away, busy or gave up its own retries, and credentials that do not fit.
func IsRefused(err error) bool {
	var e *Error
	if !errors.As(err, &e) || IsMissing(err) {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict:
		// An answer without a reason is of something on the way there.
		return e.Kind != "" || e.Witness != ""
	}
	return false
}

// IsFailure reports whether the server answers with a failure of its own. For
// some input it does so every time, for other only now.
func IsFailure(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusInternalServerError && !strings.Contains(e.Message, "retry count exceeded")
}
